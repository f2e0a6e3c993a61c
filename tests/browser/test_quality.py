"""Quality by connection, and the figures of it, on the page."""

import math
import time
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.slow_link import SlowLink
from tests.browser.test_live import CANVAS, no_complaints, open_page, state, wait_for, watch
from tests.support.boxes import PATTERN, BoxProcess

UNKNOWN = "\N{EN DASH}"
STAGES = ("camera_ms", "worker_ms", "server_ms", "wire_ms", "drawn_ms")
CHANGES = """
window.changes = [];
const changed = ({ target }) => (target.closest ? target : target.parentElement).closest('[id]').id;
new MutationObserver((records) => changes.push(...records.map(changed)))
  .observe(document.querySelector(arguments[0]), { subtree: true, childList: true, attributes: true, characterData: true });
"""


def open_settings(browser: webdriver.Chrome) -> None:
    browser.find_element(By.CSS_SELECTOR, 'article.tile [data-action="settings"]').click()
    wait_for(browser, lambda b: b.find_element(By.ID, "panel").is_displayed())


def texts(browser: webdriver.Chrome, selector: str) -> list[str]:
    return [each.text for each in browser.find_elements(By.CSS_SELECTOR, selector)]


def chosen(browser: webdriver.Chrome) -> str:
    value = browser.execute_script("return document.querySelector('#presets input:checked').value")
    assert isinstance(value, str)
    return value


def choose(browser: webdriver.Chrome, preset: str) -> None:
    option = browser.find_element(By.CSS_SELECTOR, f'#presets input[value="{preset}"]')
    browser.execute_script("arguments[0].click()", option)


def test_who_chooses_nothing_gets_auto_and_a_choice_holds(live_box: BoxProcess, browser: webdriver.Chrome) -> None:
    open_page(browser, live_box)
    open_settings(browser)
    assert chosen(browser) == "auto"
    wait_for(browser, lambda b: texts(b, "#presets label")[0].startswith("Auto (720p, "))
    choose(browser, "low")
    wait_for(browser, lambda b: any(each["height"] == 320 for each in watch(b, CANVAS, 0.3)))
    assert texts(browser, "#presets label")[0] == "Auto"
    open_page(browser, live_box)
    open_settings(browser)
    assert chosen(browser) == "low"
    assert {each["height"] for each in watch(browser, CANVAS, 2)} == {320}
    choose(browser, "auto")
    wait_for(browser, lambda b: any(each["height"] == 720 for each in watch(b, CANVAS, 0.3)))
    wait_for(browser, lambda b: texts(b, ".slow") == [""])
    no_complaints(browser)


def test_the_panel_says_where_the_time_goes(live_box: BoxProcess, browser: webdriver.Chrome) -> None:
    """All five stages of a live stream, in milliseconds, and their sum."""
    open_page(browser, live_box)
    open_settings(browser)
    browser.find_element(By.CSS_SELECTOR, "#details summary").click()
    rows = [f'#split [data-stage="{stage}"] dd' for stage in STAGES]
    wait_for(browser, lambda b: all(texts(b, row)[0].endswith(" ms") for row in rows))
    print(*(f"{stage} {texts(browser, row)[0]}" for stage, row in zip(STAGES, rows, strict=True)))
    known = [float(texts(browser, row)[0].removeprefix("< ").removesuffix(" ms")) for row in rows]
    assert 0 < sum(known) < 250
    assert texts(browser, '#split [data-stage="sum"] dd')[0].endswith(" ms")
    assert len(browser.find_elements(By.CSS_SELECTOR, "#split-bar span:not([hidden])")) == len(STAGES)
    assert UNKNOWN not in texts(browser, "#numbers dd")
    no_complaints(browser)


def test_numbers_every_second_disturb_nobody(live_box: BoxProcess, browser: webdriver.Chrome) -> None:
    """While they come, only numbers change: no control is drawn anew, nothing is said aloud, the keyboard stays where it is."""
    open_page(browser, live_box)
    open_settings(browser)
    browser.find_element(By.CSS_SELECTOR, "#details summary").click()
    browser.execute_script(
        "document.querySelector('#presets input[value=high]').click()"
    )  # on auto, a busy machine changes it
    wait_for(browser, lambda b: texts(b, '#split [data-stage="drawn_ms"] dd')[0] != UNKNOWN)
    browser.execute_script("document.querySelector('#presets input[value=auto]').focus()")
    browser.execute_script(CHANGES, "#panel")
    time.sleep(4)  # what must not happen can only be waited for
    changed = set(browser.execute_script("return window.changes"))
    assert changed <= {"now-fps", "now-age", "split", "split-bar", "numbers"}
    assert {"split", "split-bar"} & changed, "numbers did come"
    assert browser.execute_script("return document.activeElement.value") == "auto"
    assert texts(browser, "#aloud") == [""]
    no_complaints(browser)


@pytest.mark.parametrize("transport", ["mjpeg", "snapshot"])
def test_without_websocket_what_is_not_known_is_a_dash(
    live_box: BoxProcess, browser: webdriver.Chrome, transport: str
) -> None:
    open_page(browser, live_box, f"/?transport={transport}")
    open_settings(browser)
    browser.find_element(By.CSS_SELECTOR, "#details summary").click()
    wait_for(browser, lambda b: texts(b, "#now-quality") == ["720p"])
    assert set(texts(browser, "#split dd")) == {UNKNOWN}
    assert "WebSocket" in texts(browser, "#split-hint")[0]
    assert state(browser) == "LIVE"
    no_complaints(browser)


def test_auto_goes_no_higher_than_the_stream_is_for_everyone(browser: webdriver.Chrome, tmp_path: Path) -> None:
    with BoxProcess(tmp_path, PATTERN + 'preset = "medium"\n') as box:
        box.wait_until_live()
        open_page(browser, box)
        open_settings(browser)
        wait_for(browser, lambda b: texts(b, "#presets label")[0].startswith("Auto (480p, "))
        assert texts(browser, "#auto-hint") == ["Auto follows your connection, at most Medium."]
        assert max(each["height"] for each in watch(browser, CANVAS, 3)) == 480
        wait_for(browser, lambda b: texts(b, ".slow") == [""])
        no_complaints(browser)


@pytest.mark.slow
def test_a_slow_connection_is_said_and_unsaid(live_box: BoxProcess, browser: webdriver.Chrome) -> None:
    """The link gets narrow: less is sent, the tile says so, the picture stays fresh. It gets wide again: all of it goes by itself."""
    with SlowLink(live_box.port) as link:
        browser.get(link.url)
        wait_for(browser, lambda b: b.find_elements(By.CSS_SELECTOR, "article.tile") and state(b) == "LIVE")
        wait_for(
            browser, lambda b: any(each["height"] == 720 for each in watch(b, CANVAS, 1)) and texts(b, ".slow") == [""]
        )
        link.bytes_per_s = 400e3
        wait_for(browser, lambda b: texts(b, ".slow")[0].startswith("Slow connection: "), within_s=10)
        slow = texts(browser, ".slow")
        ages_ms = sorted(each["ageMs"] for each in watch(browser, CANVAS, 4))
        print(f"{slow}, age p50 {ages_ms[len(ages_ms) // 2]:.0f} ms, {len(ages_ms) / 4:.1f} fps")
        assert ages_ms[len(ages_ms) // 2] < 1000
        link.bytes_per_s = math.inf
        wait_for(browser, lambda b: texts(b, ".slow") == [""], within_s=40)
        assert max(each["height"] for each in watch(browser, CANVAS, 1)) == 720
