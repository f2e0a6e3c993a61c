"""The camera's own controls on the page: seen, moved, put back, while it streams."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.test_live import no_complaints, open_page, state, wait_for
from tests.browser.test_quality import open_settings
from tests.cameras.conftest import FakeCamera, fake_camera, photos, stand_in  # noqa: F401 - fixtures
from tests.support.boxes import BoxProcess

ASKED = "return performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/controls'))"


@pytest.fixture
def box(fake_camera: FakeCamera, tmp_path: Path) -> Iterator[BoxProcess]:  # noqa: F811
    text = f'[server]\nbind = ["127.0.0.1:0"]\n[[cameras]]\nid = "front"\nsource = "usb:{fake_camera.path}"\n'
    with BoxProcess(tmp_path, text, env=fake_camera.env) as box:
        box.wait_until_live()
        yield box


def row(browser: webdriver.Chrome, control_id: str) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, f'.control[data-id="{control_id}"]')


def drag(browser: webdriver.Chrome, control_id: str, *positions: int) -> None:
    """What a finger does: the slider says where it is at each step."""
    script = """
    const slider = arguments[0];
    for (const position of arguments[1]) { slider.value = position; slider.dispatchEvent(new Event('input')); }
    """
    browser.execute_script(script, browser.find_element(By.ID, f"control-{control_id}"), positions)


def text(browser: webdriver.Chrome, control_id: str, part: str) -> str:
    return row(browser, control_id).find_element(By.CSS_SELECTOR, part).text


def test_controls_move_the_camera_live(
    box: BoxProcess,
    browser: webdriver.Chrome,
    fake_camera: FakeCamera,  # noqa: F811
) -> None:
    open_page(browser, box)
    open_settings(browser)
    wait_for(browser, lambda b: b.find_element(By.ID, "camera").is_displayed())
    assert not browser.find_element(By.ID, "controls-reset").is_enabled()

    drag(browser, "brightness", *range(64), 33)
    assert text(browser, "brightness", "output") == "33"
    wait_for(browser, lambda _: fake_camera.controls.get("brightness") == 33)

    slider = browser.find_element(By.ID, "control-brightness")
    slider.send_keys(Keys.ARROW_RIGHT)  # and no other stream is shown
    wait_for(browser, lambda _: fake_camera.controls["brightness"] == 34)

    exposure = browser.find_element(By.ID, "control-exposure_time_absolute")
    assert not exposure.is_enabled()
    assert text(browser, "exposure_time_absolute", ".why") == "Auto Exposure decides this now."
    browser.find_element(By.CSS_SELECTOR, '#control-auto_exposure option[value="1"]').click()
    wait_for(browser, lambda _: exposure.is_enabled())
    drag(browser, "exposure_time_absolute", 200)
    wait_for(browser, lambda _: fake_camera.controls.get("exposure_time_absolute") == 2047)
    assert exposure.get_attribute("aria-valuetext") == "205 ms"

    browser.find_element(By.ID, "control-focus_automatic_continuous").click()
    wait_for(browser, lambda _: fake_camera.controls.get("focus_automatic_continuous") == 0)

    row(browser, "brightness").find_element(By.CSS_SELECTOR, ".reset").click()
    wait_for(browser, lambda _: fake_camera.controls["brightness"] == 0)
    assert browser.switch_to.active_element == slider, "the keyboard has not lost its place"

    browser.find_element(By.ID, "controls-reset").click()
    wait_for(browser, lambda b: not b.find_element(By.ID, "controls-reset").is_enabled())
    assert fake_camera.controls.items() >= {("auto_exposure", 3), ("focus_automatic_continuous", 1)}

    httpx.patch(f"{box.url}/api/streams/front/controls", json={"brightness": -7})  # somebody else
    wait_for(browser, lambda b: text(b, "brightness", "output") == "-7")
    assert state(browser) == "LIVE"
    no_complaints(browser)

    fake_camera.note("refuse brightness", 5)
    drag(browser, "brightness", 50)
    wait_for(browser, lambda b: "the camera refuses it" in b.find_element(By.ID, "errors").text)
    wait_for(browser, lambda b: text(b, "brightness", "output") == "-7")


def test_a_camera_without_controls_shows_none(live_box: BoxProcess, browser: webdriver.Chrome) -> None:
    open_page(browser, live_box)
    open_settings(browser)
    wait_for(browser, lambda b: b.execute_script(ASKED))
    assert not browser.find_element(By.ID, "camera").is_displayed()
    no_complaints(browser)
