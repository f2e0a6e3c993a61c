"""Sizes: the server foretells what a worker makes, and both ask here."""

import pytest

from appliance.geometry import Size, fitted, turned


@pytest.mark.parametrize(
    ("native", "height", "size"),
    [
        ((1280, 720), 480, (854, 480)),
        ((1280, 720), 320, (568, 320)),
        ((1280, 720), 1080, (1280, 720)),
        ((1280, 720), None, (1280, 720)),
        ((640, 480), 320, (426, 320)),
        ((720, 1280), 320, (180, 320)),
        ((8192, 16), 16, (8192, 16)),
        ((16, 8192), 16, (2, 16)),
    ],
)
def test_fitted(native: tuple[int, int], height: int | None, size: tuple[int, int]) -> None:
    assert fitted(Size(*native), height) == size


@pytest.mark.parametrize(("rotation", "size"), [(0, (4, 3)), (90, (3, 4)), (180, (4, 3)), (270, (3, 4))])
def test_turned(rotation: int, size: tuple[int, int]) -> None:
    assert turned(Size(4, 3), rotation) == size
    assert turned(Size(*size), rotation) == (4, 3)
