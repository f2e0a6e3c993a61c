"""The page in a real browser on the host: a USB camera, vivid and a ribbon camera side by side, one of them unplugged and back.

How soon it is back is not judged here, where three cameras and a browser share an emulator with the new worker: `unplugged.py` judges that.
"""

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from tests.lab.boot import guest
from tests.lab.machine import Machine
from tests.lab.places import CACHE, LAB
from tests.lab.scenarios.report import Report
from tests.support.boxes import free_port

NAME = "all cameras on the page"
CAMERAS = {"front": "USB camera, MJPEG", "vivid": "vivid, YUYV", "ribbon": "ribbon camera, YUV420"}
SCREENSHOT = CACHE / "page.png"
GUEST_PORT = 8000
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking --window-size=1400,900"
)
UP_WITHIN_S = 120.0
LOOK_S = 4.0
# A canvas's own pixels, small: two of them that differ are two pictures.
GLANCE = """
const canvas = document.querySelector(`article.tile[data-stream-id="${arguments[0]}"] canvas`);
if (!canvas || !canvas.width) return "";
const small = new OffscreenCanvas(32, 18);
small.getContext("2d").drawImage(canvas, 0, 0, 32, 18);
return Array.from(small.getContext("2d").getImageData(0, 0, 32, 18).data).join();
"""


def play(report: Report, share: Path) -> None:
    """Boot a guest with all of them, open the page, look."""
    print(f"{NAME}:", flush=True)
    port, script = free_port(), (LAB / "guest" / "all-cameras").read_bytes()
    for name in ("up", "unplug", "plug", "stop"):
        (share / name).unlink(missing_ok=True)
    with guest(Machine(forwards=((port, GUEST_PORT),)), script, share, fast=True) as running:
        ending = threading.Thread(target=running.process.wait, daemon=True)
        ending.start()
        until(lambda: (share / "up").exists() or not ending.is_alive(), UP_WITHIN_S)
        with browser() as chromium:
            chromium.get(f"http://127.0.0.1:{port}/")
            for stream_id, what in CAMERAS.items():
                took_s = until(lambda each=stream_id: state(chromium, each) == "LIVE", UP_WITHIN_S)
                report.that(f"{what}: the tile is live", took_s < UP_WITHIN_S, state(chromium, stream_id))
                pictures = glances(chromium, stream_id)
                report.that(
                    f"{what}: its picture moves", len(pictures) > 3, f"{len(pictures)} different in {LOOK_S:g} s"
                )
            chromium.save_screenshot(str(SCREENSHOT))
            print(f"  seen: {SCREENSHOT}")
            (share / "unplug").touch()
            took_s = until(lambda: state(chromium, "front") == "OFFLINE", 15)
            report.within("unplugged: its tile says so", took_s, 2.0)
            report.says("in words", text(chromium, "front"), "unplugged|no such device")
            (share / "plug").touch()
            took_s = until(lambda: state(chromium, "front") == "LIVE", UP_WITHIN_S)
            report.that("plugged in: its tile is live again", took_s < UP_WITHIN_S, f"after {took_s:.1f} s")
        (share / "stop").touch()
        running.wait(30)
    report.keep()


def state(chromium: webdriver.Chrome, stream_id: str) -> str:
    """What its tile says."""
    tiles = chromium.find_elements(By.CSS_SELECTOR, f'article.tile[data-stream-id="{stream_id}"]')
    return (tiles[0].get_attribute("data-state") or "") if tiles else ""


def text(chromium: webdriver.Chrome, stream_id: str) -> str:
    """All words on its tile."""
    return chromium.find_element(By.CSS_SELECTOR, f'article.tile[data-stream-id="{stream_id}"]').text.replace("\n", " ")


def glances(chromium: webdriver.Chrome, stream_id: str) -> set[str]:
    """Different pictures on its canvas in a while."""
    seen, end_s = set(), time.monotonic() + LOOK_S
    while time.monotonic() < end_s:
        seen.add(chromium.execute_script(GLANCE, stream_id))
        time.sleep(0.1)
    return seen - {""}


def until(condition: object, within_s: float) -> float:
    """Seconds until it holds, or `within_s` when it does not."""
    assert callable(condition)
    began_s = time.monotonic()
    while time.monotonic() - began_s < within_s and not condition():
        time.sleep(0.05)
    return time.monotonic() - began_s


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """A fresh Chromium without a window."""
    options = Options()
    with tempfile.TemporaryDirectory(prefix="lab-browser-") as profile:
        for flag in (*FLAGS.split(), f"--user-data-dir={profile}"):
            options.add_argument(flag)
        chromium = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            yield chromium
        finally:
            chromium.quit()
