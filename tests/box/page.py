"""The box's page in a real browser on the host, as someone on its network sees it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from selenium import webdriver
from selenium.common.exceptions import WebDriverException

from tests.box.machine import Box
from tests.box.places import BoxError
from tests.lab.page import browser, glances, state, text

CAMERA = "camera"  # of the configuration as shipped
ATTEMPT_S = 1.0
RELOAD_AFTER_S = 15.0
MOVES = 2  # different pictures in a while


@contextmanager
def page(box: Box, within_s: float) -> Iterator[webdriver.Chrome]:
    """The page, open as soon as it can be had. Raises BoxError."""
    with browser() as chromium:
        chromium.set_page_load_timeout(RELOAD_AFTER_S)
        end_s = time.monotonic() + within_s
        while not _opened(chromium, box.url):
            if time.monotonic() > end_s:
                raise BoxError(f"no page within {within_s:g} s. The console ends with\n{box.console()}")
            time.sleep(ATTEMPT_S)
        yield chromium


def live_after_s(chromium: webdriver.Chrome, since_s: float, within_s: float, camera: str = CAMERA) -> float:
    """Seconds from `since_s` until the camera's tile is live and its picture moves; `within_s` when it does not."""
    while time.monotonic() - since_s < within_s:
        if state(chromium, camera) == "LIVE":
            live_s = time.monotonic() - since_s
            if len(glances(chromium, camera)) >= MOVES:
                return live_s
        time.sleep(ATTEMPT_S)
    return within_s


def words(chromium: webdriver.Chrome, camera: str = CAMERA) -> str:
    """On the camera's tile, for the report."""
    try:
        return text(chromium, camera)
    except WebDriverException as error:
        return str(error).splitlines()[0]


def _opened(chromium: webdriver.Chrome, url: str) -> bool:
    """Did the box answer with its page? Before it can, QEMU takes the connection all the same, and a browser would wait on it."""
    try:
        httpx.head(url, timeout=ATTEMPT_S)
    except httpx.HTTPError:
        return False
    try:
        chromium.get(url)
        return bool(chromium.execute_script("return document.querySelector('main') !== null"))
    except WebDriverException:
        return False
