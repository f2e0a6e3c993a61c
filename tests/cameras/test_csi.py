"""Cameras on the ribbon cable and their faults, in front of a stand-in for picamera2 and libcamera (fake_picamera2/)."""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from appliance.cameras import csi_library
from appliance.cameras.base import CameraError
from appliance.cameras.csi_library import Found
from appliance.config import Camera
from appliance.frame import Frame
from appliance.wire.hallway import Beat, Failed, Opened, Opening
from tests.cameras import csi_contract
from tests.cameras.conftest import FAKE_PICAMERA2
from tests.cameras.csi_contract import LOW, MEDIUM
from tests.cameras.server_end import NATIVE, ServerEnd
from tests.cameras.test_worker import cpu_s

RIBBON = "/base/soc/i2c0mux/i2c@1/imx219@10"
OTHER = "/base/soc/i2c0mux/i2c@0/ov5647@36"
AUTO = Camera(id="front", source="auto", width=640, height=360)
RED, GREEN, BLUE, GREY = (0, 0, 254), (1, 255, 0), (255, 0, 0), (90, 90, 90)  # as OpenCV writes colours
QUARTERS = (RED, GREEN, BLUE, GREY)


class Ribbon:
    """A box with cameras that do not exist, and the word that says what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        self._state = folder / "state"
        self.env = {
            "PYTHONPATH": str(FAKE_PICAMERA2),
            "FAKE_CSI_STATE": str(self._state),
            "CAMERA_APPLIANCE_DEV": str(folder),
        }
        self.be("fine")

    def be(self, state: str) -> None:
        new = self._state.with_suffix(".new")  # whole at once: the stand-in looks at every frame
        new.write_text(state)
        new.rename(self._state)

    def start(self, source: str = "csi:0", heights: Sequence[int] = (720, 480, 320), **camera: object) -> ServerEnd:
        asked = {"width": 640, "height": 360, **camera}
        worker = ServerEnd(
            Camera(id="front", source=source, **asked),  # type: ignore[arg-type]
            env=self.env,
            heights=tuple(heights),
            patience_s=csi_contract.PATIENCE_S,
        )
        worker.want(NATIVE)
        return worker


@pytest.fixture
def ribbon(tmp_path: Path) -> Ribbon:
    return Ribbon(tmp_path)


def test_contract(ribbon: Ribbon) -> None:
    """Some at once, each with a worker of its own, because they mostly wait."""
    box = csi_contract.Box("csi:0", ribbon.env, csi_contract.PATIENCE_S)
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(check, box) for check in csi_contract.CHECKS]:
            done.result()


def test_by_libcameras_id(ribbon: Ribbon) -> None:
    with ribbon.start(f"csi:{RIBBON}") as worker:
        assert worker.until(Opening).device == f"csi:{RIBBON}"
        opened = worker.opened()
        assert opened == Opened("csi", RIBBON, "YUV420", 640, 360, 30.0, model="imx219")


def test_a_rate_the_sensor_does_not_have(ribbon: Ribbon) -> None:
    """Nor an odd size."""
    with ribbon.start(fps=1, width=641, height=361) as worker:
        assert worker.opened().fps == 1
    with ribbon.start(fps=120) as worker:
        assert worker.opened().fps == pytest.approx(120, abs=0.1)
        frames = worker.frames(40)
        assert 60 < 39 / (frames[-1].captured_s - frames[0].captured_s) < 125


def corners(frame: Frame) -> list[tuple[int, ...]]:
    """The colours of the four quarters."""
    image = simplejpeg.decode_jpeg(frame.data, "BGR")
    height, width = image.shape[:2]
    places = [(height * y // 4, width * x // 4) for y in (1, 3) for x in (1, 3)]
    return [tuple(int(channel) for channel in image[place]) for place in places]


def shows(frame: Frame, quarters: Sequence[tuple[int, ...]]) -> bool:
    return all(
        np.abs(np.subtract(seen, colour)).max() < 12 for seen, colour in zip(corners(frame), quarters, strict=True)
    )


@pytest.mark.parametrize("state", ["fine", "stubborn"])
def test_colours_and_turns_are_right(ribbon: Ribbon, state: str) -> None:
    """Whoever turns: the camera, or, where it cannot, we. In all sizes: the native one, the camera's second one, one of our making."""
    ribbon.be(state)
    red, green, blue, grey = QUARTERS
    turns: list[tuple[int, str, tuple[tuple[int, ...], ...]]] = [
        (0, "none", QUARTERS),
        (0, "horizontal", (green, red, grey, blue)),
        (180, "none", (grey, blue, green, red)),
        (180, "vertical", (green, red, grey, blue)),
        (90, "none", (blue, red, grey, green)),
        (270, "horizontal", (grey, green, blue, red)),
    ]
    with ExitStack() as others:
        workers = [
            others.enter_context(ribbon.start(width=1280, height=720, rotation=rotation, flip=flip))
            for rotation, flip, _ in turns
        ]
        for worker, (rotation, flip, quarters) in zip(workers, turns, strict=True):
            worker.want(NATIVE, MEDIUM, LOW)
            for slot in range(3):
                frame = worker.frames(1, slot)[0]
                assert shows(frame, quarters), (rotation, flip, slot, corners(frame))


def test_frozen_and_never_begun(ribbon: Ribbon, tmp_path_factory: pytest.TempPathFactory) -> None:
    mute = Ribbon(tmp_path_factory.mktemp("mute"))
    mute.be("mute")
    with ribbon.start() as worker, mute.start() as of_mute:
        of_mute.opened()
        worker.frames(3)
        ribbon.be("freeze")
        frozen_s, before_s = time.monotonic(), cpu_s(worker.process.pid)
        beats_s = [frozen_s]
        while not isinstance(message := worker.receive(within_s=3), Failed):
            if isinstance(message, Beat):
                beats_s.append(time.monotonic())
                spent_s = cpu_s(worker.process.pid) - before_s
        assert message.reason == "the camera stopped delivering pictures; check its cable and the power supply"
        assert 1.5 < time.monotonic() - frozen_s < 3.5
        assert len(beats_s) >= 5
        assert all(after - before < 1 for before, after in pairwise(beats_s))
        assert spent_s < 0.3  # waiting, not spinning
        assert worker.ended() == 1
        assert of_mute.until(Failed).reason.startswith("the camera delivers no picture: with the power off, check")


def test_frozen_for_a_moment(ribbon: Ribbon) -> None:
    with ribbon.start() as worker:
        worker.frames(3)
        ribbon.be("freeze")
        worker.until(Beat)
        ribbon.be("fine")
        thawed_s = time.monotonic()
        assert worker.frame(lambda _, frame: frame.captured_s > thawed_s)


@pytest.mark.parametrize(
    ("state", "source", "reason"),
    [
        ("busy", "csi:0", f"imx219 ({RIBBON}) cannot be opened: another program uses it"),
        ("no_memory", "csi:0", "imx219 cannot deliver 640x360: too little contiguous memory (CMA) is free"),
        ("mismatch", "csi:0", "picamera2 cannot be used: libcamera.so.0.5: cannot open shared object file"),
        ("fine", "csi:1", f"there is no camera csi:1; there is csi:0 (imx219, {RIBBON})"),
        ("fine", f"csi:{OTHER}", f"there is no camera csi:{OTHER}; there is csi:0"),
        ("lost", "csi:0", "the camera was lost; check its cable and the power supply: Failed to queue request"),
    ],
)
def test_what_cannot_be_says_why(ribbon: Ribbon, state: str, source: str, reason: str) -> None:
    ribbon.be(state)
    with ribbon.start(source) as worker:
        assert worker.until(Failed).reason.startswith(reason)
        assert worker.ended() == 1


def test_without_picamera2_it_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "libcamera.py").touch()
    for env, missing in (({}, "libcamera"), ({"PYTHONPATH": str(tmp_path)}, "picamera2")):
        with ServerEnd(Camera(id="front", source="csi:0"), env=env) as worker:
            reason = worker.until(Failed).reason
            assert reason.startswith(
                f"there is no {missing} here, which cameras on the ribbon cable need: sudo apt install"
            )


def test_which_camera_is_meant() -> None:
    cameras = [Found(0, RIBBON, "imx219"), Found(2, OTHER, "ov5647")]
    assert [csi_library.chosen(cameras, device).model for device in ("0", "1", OTHER)] == ["imx219", "ov5647", "ov5647"]
    with pytest.raises(CameraError, match="check that the cable"):
        csi_library.chosen([], "0")


def test_auto_takes_it_where_no_usb_camera_is(ribbon: Ribbon) -> None:
    with ribbon.start("auto") as worker:
        assert worker.opened().driver == "csi"
        assert worker.frames(2)
    ribbon.be("busy")
    with ribbon.start("auto") as worker:
        opened = worker.opened()
        assert opened.driver == "pattern"
        assert opened.notice.startswith(f"imx219 ({RIBBON}) cannot be opened: another program uses it: showing")


NOTHING = "no camera found, neither on USB nor on the ribbon cable: showing the test pattern"
NO_ANSWER = "libcamera, asked for cameras on the ribbon cable, gave no answer: showing the test pattern"


@pytest.mark.parametrize(
    ("state", "notice"), [("none", NOTHING), ("crash", NO_ANSWER), ("mismatch", NO_ANSWER), ("hang", NO_ANSWER)]
)
def test_auto_lives_without_libcamera(ribbon: Ribbon, state: str, notice: str) -> None:
    ribbon.be(state)
    with ribbon.start("auto") as worker:
        opened = worker.opened()
        assert (opened.driver, opened.notice) == ("pattern", notice)
        assert worker.frames(3)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[csi_library.Library]:
    """The stand-in, in this process."""
    monkeypatch.syspath_prepend(FAKE_PICAMERA2)
    yield csi_library.load()
    import sys

    for name in [name for name in sys.modules if name.partition(".")[0] in ("picamera2", "libcamera")]:
        del sys.modules[name]


def test_numbers_are_picamera2s(library: csi_library.Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is made without it."""
    monkeypatch.setenv(
        "FAKE_CSI_CAMERAS", f"{OTHER} {library.libcamera.USB} {RIBBON} /base/lab/vhci_hcd-1:1.0-1d6b:0102"
    )
    from appliance.cameras import csi_listing

    listed = [f"{camera['source']} {camera['name']}" for camera in csi_listing.listed()]
    known = [f"csi:{n} {found.model} ({found.id})" for n, found in enumerate(csi_library.attached(library.picamera2))]
    assert listed == known == [f"csi:0 imx219 ({RIBBON})", f"csi:1 ov5647 ({OTHER})"]
    assert os.environ["LIBCAMERA_LOG_LEVELS"]
