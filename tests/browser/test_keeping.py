"""What people change on the page outlives a restart: by itself where the box runs as a service, else when they say so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from appliance.config import load
from tests.browser.test_live import no_complaints, open_page, wait_for
from tests.browser.test_quality import open_settings
from tests.support.boxes import BoxProcess
from tests.support.sysfs import Sysfs

MOVE = "const it = document.querySelector('#quality'); it.value = arguments[0]; it.dispatchEvent(new Event('change'));"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "appliance.toml"


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[BoxProcess]:
    """As somebody starts it from a checkout."""
    env = {"PI_ROOT": str(Sysfs(tmp_path / "pi").root)}
    with BoxProcess(tmp_path, env=env, module="tests.support.pi_box") as box:
        box.wait_until_live()
        yield box


def kept(file: Path) -> dict[str, int]:
    return {camera.id: camera.viewer_jpeg_quality for camera in load(file).cameras}


def add_the_pattern(browser: webdriver.Chrome) -> None:
    browser.find_element(By.ID, "add").click()
    wait_for(browser, lambda b: b.find_element(By.ID, "add-dialog").is_displayed())
    browser.find_element(By.CSS_SELECTOR, "#add-dialog [type=submit]").click()
    wait_for(browser, lambda b: not b.find_element(By.ID, "add-dialog").is_displayed())
    wait_for(browser, lambda b: b.current_url.endswith("#stream-1"))


def remove_it(browser: webdriver.Chrome) -> None:
    for _ in ("asked", "sure"):
        wait_for(browser, lambda b: b.find_element(By.ID, "remove").is_displayed())
        browser.execute_script("document.querySelector('#remove').click()")


def test_by_hand_nothing_is_written_until_somebody_says_keep(
    by_hand: BoxProcess, browser: webdriver.Chrome, file: Path
) -> None:
    before = file.read_text()
    open_page(browser, by_hand)
    open_settings(browser)
    lasting = browser.find_element(By.ID, "lasting")
    assert not lasting.is_displayed()
    browser.execute_script(MOVE, 60)
    wait_for(browser, lambda _: lasting.is_displayed())
    assert file.read_text() == before
    browser.find_element(By.ID, "keep").click()
    wait_for(browser, lambda _: not lasting.is_displayed())
    assert kept(file) == {"front": 60}
    add_the_pattern(browser)
    wait_for(browser, lambda _: lasting.is_displayed())
    assert kept(file) == {"front": 60}
    browser.execute_script("document.querySelector('#keep').click()")
    wait_for(browser, lambda _: kept(file) == {"front": 60, "stream-1": 0})
    wait_for(browser, lambda b: b.find_element(By.ID, "remove").text == "Remove this camera")
    remove_it(browser)
    wait_for(browser, lambda _: kept(file) == {"front": 60})
    no_complaints(browser)


def test_a_service_keeps_by_itself(live_box: BoxProcess, browser: webdriver.Chrome, file: Path) -> None:
    open_page(browser, live_box)
    open_settings(browser)
    browser.execute_script(MOVE, 70)
    wait_for(browser, lambda _: kept(file) == {"front": 70})
    add_the_pattern(browser)
    wait_for(browser, lambda _: kept(file) == {"front": 70, "stream-1": 0})
    assert not browser.find_element(By.ID, "lasting").is_displayed()
    no_complaints(browser)
