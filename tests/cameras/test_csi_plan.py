"""What is asked of a ribbon camera, and how its answers are taken apart."""

import time
from pathlib import Path

import numpy as np
import pytest

from appliance.cameras import board
from appliance.cameras.base import MOST_AGE_S
from appliance.cameras.csi_plan import captured_of, frame_us, is_upright, plan, planes_of
from appliance.cameras.pixels import Turn
from appliance.cameras.planes import ScaledPlanes, source_for
from appliance.config import Camera
from appliance.geometry import Size
from appliance.wire.jpeg import inspect

SENSOR = Size(3280, 2464)


@pytest.mark.parametrize(
    ("size", "rotation", "heights", "main", "lores"),
    [
        ((1280, 720), 0, [720, 480, 320], (1280, 720), (854, 480)),
        ((1920, 1080), 0, [720, 480, 320], (1920, 1080), (1280, 720)),
        ((1920, 1080), 0, [480, 720, 320], (1920, 1080), (854, 480)),  # the stream's own preset comes first
        ((1280, 720), 90, [720, 480, 320], (1280, 720), (720, 404)),  # viewers see 720x1280, and of that 404x720
        ((640, 360), 0, [720, 480], (640, 360), None),
        ((641, 361), 0, [333], (640, 360), (592, 334)),
        ((8192, 8192), 0, [], (3280, 2464), None),
        ((17, 17), 0, [16], (16, 16), None),
    ],
)
def test_sizes(
    size: tuple[int, int], rotation: int, heights: list[int], main: tuple[int, int], lores: tuple[int, int] | None
) -> None:
    camera = Camera(id="front", width=size[0], height=size[1], rotation=rotation)  # type: ignore[arg-type]
    planned = plan(camera, SENSOR, heights)
    assert (planned.main, planned.lores) == (main, lores)


@pytest.mark.parametrize(
    ("rotation", "flip", "flips"),
    [
        (0, "none", (False, False)),
        (0, "both", (True, True)),
        (180, "none", (True, True)),
        (180, "horizontal", (False, True)),
        (180, "both", (False, False)),
        (90, "horizontal", (False, False)),
    ],
)
def test_what_the_camera_turns_itself(rotation: int, flip: str, flips: tuple[bool, bool]) -> None:
    camera = Camera(id="front", rotation=rotation, flip=flip)  # type: ignore[arg-type]
    assert plan(camera, SENSOR, [])[2:] == flips
    assert is_upright(camera, *flips) == (rotation != 90)
    assert not is_upright(camera, not flips[0], flips[1])


def test_rates() -> None:
    assert [frame_us(fps, (8_333, 1_000_000)) for fps in (30, 120, 15)] == [33_333, 8_333, 66_667]
    assert [frame_us(fps, (33_333, 66_666)) for fps in (60, 1)] == [33_333, 66_666]


@pytest.mark.parametrize("clock", [time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME])
@pytest.mark.parametrize("age_s", [0.0, 0.033, MOST_AGE_S - 0.1])
def test_the_sensors_time_stamp_is_believed(clock: int, age_s: float) -> None:
    before = time.monotonic() - age_s
    captured = captured_of(time.clock_gettime_ns(clock) - round(age_s * 1e9))
    assert captured.monotonic_s == pytest.approx(before, abs=0.1)
    assert captured.wall_us / 1e6 == pytest.approx(time.time() - age_s, abs=0.2)


@pytest.mark.parametrize("stamp", [None, 0, -1, "x", "wall", "ahead"])
def test_a_time_stamp_of_another_clock_is_not(stamp: object) -> None:
    stamp = {"wall": time.time_ns(), "ahead": time.monotonic_ns() + 3600 * 10**9}.get(str(stamp), stamp)
    before_s = time.monotonic()
    assert before_s <= captured_of(stamp).monotonic_s <= time.monotonic()


@pytest.mark.parametrize("height", [8, 10])  # 10: a plane of colour ends in the middle of a row
@pytest.mark.parametrize("pixel_format", ["YUV420", "NV12"])
def test_planes_are_found_between_the_padding(pixel_format: str, height: int) -> None:
    width, stride = 12, 32
    y = np.arange(width * height, dtype=np.uint8).reshape(height, width)
    u, v = (np.arange(first, first + y.size // 4, dtype=np.uint8).reshape(height // 2, -1) for first in (100, 200))
    buffer = np.full(stride * height * 3 // 2, 255, np.uint8)
    buffer[: stride * height].reshape(height, stride)[:, :width] = y
    colours = buffer[stride * height :]
    if pixel_format == "NV12":
        both = colours.reshape(height // 2, stride)
        both[:, 0:width:2], both[:, 1:width:2] = u, v
    else:
        halves = colours.reshape(height, stride // 2)
        halves[: height // 2, : width // 2], halves[height // 2 :, : width // 2] = u, v
    planes = planes_of(buffer.reshape(height * 3 // 2, stride), pixel_format, Size(width, height))
    assert np.array_equal(planes.y, y)
    assert np.array_equal(planes.u, u)
    assert np.array_equal(planes.v, v)


def test_the_smallest_source_that_is_large_enough() -> None:
    sources = dict.fromkeys((Size(1280, 720), Size(854, 480)))
    wanted = [Size(1280, 720), Size(854, 480), Size(568, 320), Size(860, 480), Size(3000, 20)]
    assert [source_for(size, sources).height for size in wanted] == [720, 480, 480, 720, 720]


def test_odd_sizes_of_turned_planes() -> None:
    buffer = np.zeros((30 * 3 // 2, 64), np.uint8)
    sources = {Size(50, 30): lambda: planes_of(buffer, "YUV420", Size(50, 30))}
    for size in (Size(30, 50), Size(15, 25), Size(21, 36)):
        assert inspect(ScaledPlanes(sources, Turn(90)).jpeg(size, 80)) == size


def test_boards(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"Raspberry Pi Zero 2 W Rev 1.0\0")
    zero = board.model(tmp_path / "model")
    assert zero == "Raspberry Pi Zero 2 W Rev 1.0"
    assert board.model(tmp_path / "nothing") == ""
    boards = [zero, "Raspberry Pi 5 Model B Rev 1.0", "Raspberry Pi 500 Rev 1.0", "Orange Pi 5", ""]
    assert [board.has_ribbon_connector(each) for each in boards] == [True, True, False, False, False]
