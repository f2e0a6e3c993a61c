"""Fixtures for tests of the whole box."""

from collections.abc import AsyncIterator

import cv2
import httpx
import numpy as np
import pytest
import trio

from tests.support.boxes import start_box

# Two test processes share the machine. What measures rates or ages of pictures, or drives a browser, runs in one of them, in turn.
MEASURING = ("tests/browser/", "tests/server/test_matrix.py", "tests/test_main.py", "tests/bench/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, and those that measure together."""
    for item in items:
        if item.nodeid.startswith(MEASURING):
            item.add_marker(pytest.mark.xdist_group("measuring"))
    items.sort(key=lambda item: (item.get_closest_marker("slow") is None, not item.nodeid.startswith(MEASURING)))


@pytest.fixture
async def box(nursery: trio.Nursery) -> str:
    """Address of a running box with one pattern camera, `front`."""
    return await start_box(nursery)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client."""
    async with httpx.AsyncClient(timeout=10) as client:
        yield client


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    """A real JPEG of 320x240."""
    rng = np.random.default_rng(7)
    picture = cv2.resize(rng.integers(0, 255, (12, 16, 3), np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", picture)[1].tobytes()
