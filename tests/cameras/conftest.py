"""Real JPEGs, and a camera made in software (bench/fakev4l.c) that fails on command."""

import itertools
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg

from appliance.cameras.base import Image
from appliance.geometry import Size
from tests.cameras.sockets import plug_in

FAKEV4L = Path(__file__).parents[2] / "bench" / "fakev4l.c"
FAKE_PICAMERA2 = Path(__file__).parent / "fake_picamera2"
FRAMES = 10
SOI = b"\xff\xd8"
SIZE = Size(640, 360)


def photo(width: int, height: int, seed: int = 7, noise: int = 6) -> Image:
    """Something with soft areas, edges and sensor noise."""
    rng = np.random.default_rng(seed)
    soft = cv2.resize(rng.integers(0, 255, (9, 16, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    cv2.rectangle(soft, (width // 5 + seed * 3, height // 4), (width // 2, height // 2), (20, 30, 200), -1)
    grain = rng.integers(-noise, noise + 1, soft.shape, np.int16)
    image: Image = np.clip(soft.astype(np.int16) + grain, 0, 255).astype(np.uint8)
    return image


def encoded(image: Image, quality: int = 85) -> bytes:
    data: bytes = simplejpeg.encode_jpeg(image, quality, "BGR", "422")
    return data


class FakeCamera:
    """A device that does not exist, in a /dev of its own, with the stand-in's switches."""

    def __init__(
        self, folder: Path, stand_in: Path, frames: list[bytes], ending: str = "jpg", size: Size = SIZE
    ) -> None:
        self.devices = folder / "dev"
        self.path = self.devices / "v4l" / "by-id" / "usb-Maker_Camera_SN1-video-index0"
        self.path.parent.mkdir(parents=True)
        pictures = folder / "frames"
        pictures.mkdir()
        for n, frame in enumerate(frames):
            (pictures / f"{n:03d}.{ending}").write_bytes(frame)
        self.frames = frames
        self._controls = folder / "controls"
        self.env = {
            "LD_PRELOAD": str(stand_in),
            "FAKEV4L_DEV": str(self.path),
            "FAKEV4L_GATE": str(self.path),
            "FAKEV4L_FRAMES": str(pictures),
            "FAKEV4L_SIZE": f"{size.width}x{size.height}",
            "FAKEV4L_FORMAT": "YUYV" if ending == "yuv" else "MJPG",
            "FAKEV4L_CONTROLS": str(self._controls),
            "CAMERA_APPLIANCE_DEV": str(self.devices),
        }
        self.be("fine")

    def be(self, state: str) -> None:
        """Plug it in, or set its state: fine, renewed, freeze, busy, hang, broken."""
        word = f"{state}\n".ljust(16)  # whole at once, whatever stood there: the stand-in looks all the time
        if self.path.exists() and state != "renewed":
            with self.path.open("r+") as gate:
                gate.write(word)  # in place: it is still the same device
            return
        new = self.path.with_suffix(".new")
        new.write_text(word)
        new.rename(self.path)

    def unplug(self) -> None:
        self.path.unlink()
        self.forget()

    def forget(self) -> None:
        """Without power it is at its defaults."""
        self._controls.unlink(missing_ok=True)

    @property
    def controls(self) -> dict[str, int]:
        """What was set on it since it has power; what was not is at its default."""
        lines = self._controls.read_text().splitlines() if self._controls.exists() else []
        return {name: int(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def note(self, name: str, value: int) -> None:
        """Set one of its controls behind everybody's back, or a switch of the stand-in's such as `refuse brightness`."""
        new = self._controls.with_suffix(".test")
        new.write_text("".join(f"{key} {its}\n" for key, its in {**self.controls, name: value}.items()))
        new.rename(self._controls)

    def offers(self, modes: str, frames: dict[str, list[bytes]] | None = None) -> "FakeCamera":
        """Several modes, first the one it is in: "MJPG 1280x720 30,15; YUYV 640x360 30". `frames`: of a size, by "640x360"."""
        self.env["FAKEV4L_MODES"] = modes
        for size, pictures in (frames or {}).items():
            folder = Path(self.env["FAKEV4L_FRAMES"]) / size
            folder.mkdir()
            for n, frame in enumerate(pictures):
                (folder / f"{n:03d}.{'jpg' if frame[:2] == SOI else 'yuv'}").write_bytes(frame)
        return self

    def is_a(self, ids: str, mbit: str = "480") -> "FakeCamera":
        """A camera of this make (`vendor:product`) in a USB socket of this speed."""
        sys = self.devices.parent / "sys"
        plug_in(sys, ids, mbit=mbit)
        self.env["CAMERA_APPLIANCE_SYS"] = str(sys)
        return self

    def number(self, number: int) -> Path:
        """Have it stand as /dev/videoN, and its present name be a link to that."""
        node = self.devices / f"video{number}"
        if self.path.exists():
            self.path.resolve().rename(node)
            self.path.unlink(missing_ok=True)
        node.touch()
        self.path.symlink_to(node)
        return node


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """bench/fakev4l.c, built."""
    built = tmp_path_factory.mktemp("fakev4l") / "fakev4l.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", built, FAKEV4L, "-ldl"], check=True)
    return built


@pytest.fixture(scope="session")
def photos() -> list[bytes]:
    """Ten different JPEGs of 640x360."""
    return [encoded(photo(640, 360, seed)) for seed in range(FRAMES)]


@pytest.fixture
def fake_camera(tmp_path: Path, stand_in: Path, photos: list[bytes]) -> FakeCamera:
    """A USB camera of 640x360 that delivers `photos` at 30 fps."""
    return FakeCamera(tmp_path, stand_in, photos)


@pytest.fixture
def make_fake_camera(tmp_path: Path, stand_in: Path) -> Callable[..., FakeCamera]:
    """USB cameras that deliver what is given, each one another."""
    count = itertools.count(1)
    return lambda *arguments: FakeCamera(tmp_path / f"camera{next(count)}", stand_in, *arguments)
