"""Pictures of the page to look at: light and dark, wide and phone-sized.

python -m tests.browser.shots URL FOLDER [CSS selectors to click first, one after the other]
"""

import shutil
import sys
import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.conftest import FLAGS

SIZES = {"wide": (1280, 900, False), "phone": (390, 844, True)}
LIVE = 'article.tile[data-state="LIVE"]'


def take(
    browser: webdriver.Chrome, url: str, path: Path, scheme: str, size: tuple[int, int, bool], clicks: tuple[str, ...]
) -> None:
    """One picture, once something is live on it."""
    width, height, mobile = size
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(url)
    WebDriverWait(browser, 10).until(lambda page: page.find_elements(By.CSS_SELECTOR, LIVE))
    for click in clicks:
        browser.find_element(By.CSS_SELECTOR, click).click()
    browser.save_screenshot(str(path))


def main(url: str, folder: Path, *clicks: str) -> None:
    """All four."""
    folder.mkdir(parents=True, exist_ok=True)
    options = Options()
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS.split(), f"--user-data-dir={profile}"):
            options.add_argument(flag)
        browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            for name, size in SIZES.items():
                for scheme in ("light", "dark"):
                    take(browser, url, folder / f"{name}-{scheme}.png", scheme, size, clicks)
        finally:
            browser.quit()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
