"""How the box fares, on the page: quiet while it is well, and said where people look when it is not."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.test_live import no_complaints, open_page, wait_for
from tests.browser.test_quality import open_settings, texts
from tests.support.boxes import BoxProcess
from tests.support.sysfs import Sysfs


@pytest.fixture
def pi(tmp_path: Path) -> Sysfs:
    return Sysfs(tmp_path / "pi")


@pytest.fixture
def pi_box(pi: Sysfs, tmp_path: Path) -> Iterator[BoxProcess]:
    with BoxProcess(tmp_path, env={"PI_ROOT": str(pi.root)}, module="tests.support.pi_box") as box:
        box.wait_until_live()
        yield box


def test_heat_is_said_where_people_look(pi_box: BoxProcess, pi: Sysfs, browser: webdriver.Chrome) -> None:
    pi.celsius(84)
    wait_for(browser, lambda _: httpx.get(f"{pi_box.url}/api/status").json()["reduction"]["level"] == 3)
    open_page(browser, pi_box)
    open_settings(browser)
    slow = browser.find_element(By.CSS_SELECTOR, "article.tile .slow")
    wait_for(browser, lambda _: slow.text == "Reduced: the board is 84 °C hot")
    assert texts(browser, "#box-concerns li")[0] == "Reduced: the board is 84 °C hot."
    assert texts(browser, ".notice p") == ["The board is too hot: give it air or a heat sink."]
    browser.find_element(By.CSS_SELECTOR, "#box summary").click()
    assert "Set by a time server" in texts(browser, "#box-facts dd")
    pi.celsius(50)
    wait_for(browser, lambda _: slow.text == "")
    wait_for(browser, lambda _: httpx.get(f"{pi_box.url}/api/status").json()["reduction"]["level"] == 0)
    open_page(browser, pi_box)
    wait_for(browser, lambda b: b.find_element(By.ID, "box-line").get_attribute("textContent").startswith("50 °C · "))
    assert texts(browser, "#box-concerns li") == texts(browser, ".notice p") == []
    no_complaints(browser)
