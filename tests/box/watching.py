"""Watching a box without a browser: does it show a camera, and does the picture move?"""

import time

import httpx

from tests.box.machine import Box
from tests.box.page import CAMERA
from tests.box.places import BoxError

ATTEMPT_S = 0.5
PATIENCE_S = 10.0  # with one request
PICTURES = 3


def get(box: Box, path: str) -> httpx.Response:
    """One request. Raises httpx.HTTPError."""
    return httpx.get(f"{box.url}{path}", timeout=PATIENCE_S)


def stream(box: Box, camera: str = CAMERA) -> dict[str, object]:
    """What the box says of it; empty while it does not answer."""
    try:
        answer = get(box, f"/api/streams/{camera}")
        return dict(answer.json()) if answer.status_code == 200 else {}
    except (httpx.HTTPError, ValueError):
        return {}


def warnings(box: Box) -> list[str]:
    """The banners of the page."""
    return [str(each) for each in get(box, "/api/status").json()["warnings"]]


def wait_until_live(box: Box, within_s: float = 120.0, camera: str = CAMERA) -> float:
    """Until its picture moves; seconds since QEMU was started. Raises BoxError."""
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        if stream(box, camera).get("status") == "live" and _moves(box, camera):
            return time.monotonic() - box.started_s
        time.sleep(ATTEMPT_S)
    raise BoxError(
        f"no live picture within {within_s:g} s: {stream(box, camera)}. The console ends with\n{box.console()}"
    )


def _moves(box: Box, camera: str) -> bool:
    try:
        pictures = {get(box, f"/api/streams/{camera}/snapshot.jpg").content for _ in range(PICTURES)}
    except httpx.HTTPError:
        return False
    return len(pictures) > 1
