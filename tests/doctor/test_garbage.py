"""Whatever a machine's files hold, and whether they can be read at all: the doctor answers, one printable line a finding."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.config import Camera, Config
from appliance.doctor import examination, libraries
from appliance.doctor.finding import STATES, Finding
from appliance.doctor.libraries import Answer
from appliance.system.machine import Machine, Node
from tests.doctor.box import Box

CONFIG = Config(cameras=[Camera(id="a"), Camera(id="b", source="usb:/dev/video0"), Camera(id="c", source="usb:/dev/x")])
NAMES = [
    "1",
    "2",
    "99999999999999999999",
    "²",
    "video0",
    "video",
    "videoX",
    "media0",
    "thermal_zone0",
    "hwmon0",
    "1-1",
    "1-1:1.0",
]
NAMES += [
    "usb-x-video-index0",
    "linux,cma",
    "renderD128",
    "\udcff",
    "",
    ":",
    "a\nb",
    "libcamera",
    "_libcamera.cpython-3999999-x.so",
]
TARGETS = ["/dev/video0", "socket:[1]", "socket:[", "../../video0", "\udcff", "", "/sys/devices/usb1/1-1"]
WORDS = [
    "0",
    "1",
    "-1",
    "480",
    "0e",
    "rpi_volt",
    "auto",
    "9" * 18,
    "9" * 400,
    "NaN",
    "٣",
    "0x",
    "MemAvailable: x kB",
    "CmaTotal: 1 kB",
]
WORDS += [
    "CmaFree:",
    "Uid: 1 1000",
    "Uid: x",
    "Groups: x 4",
    "CapEff: zz",
    "video:x:44:pi",
    "video:x",
    "pi:x:1000",
    "Max open files",
]
WORDS += [
    "Max open files 1 2 files",
    "0::/system.slice/.service",
    "sl\n 0: 0100007F:1F40 0 0A 0 0 0 0 0 1 1",
    "sl\n0: 01:1 0 0A 0 0 0 0 0 1",
]
WORDS += [
    "x\n0: :1F40 0 0A 0 0 0 0 0 0 0",
    "camera-appliance\0run\0",
    "unicam",
    "\x1b[2J",
    'PRETTY_NAME="',
    "Direct firmware load for",
    "12.5",
]


class Garbage:
    """A machine of chance: every question is answered, as badly as `seed` has it."""

    def __init__(self, seed: int, raw: bytes) -> None:
        self._chance, self._raw = random.Random(seed), raw

    def text(self, path: str) -> str:
        several = "\n".join(self._chance.choices(WORDS, k=self._chance.randrange(6)))
        return self._chance.choice([self._raw.decode(errors="replace"), several, self._chance.choice(WORDS), ""])

    def entries(self, path: str) -> list[str]:
        return self._chance.sample(NAMES, k=self._chance.randrange(len(NAMES)))

    def link(self, path: str) -> str:
        return self._chance.choice([*TARGETS, self._raw.decode(errors="surrogateescape")])

    def real(self, path: str) -> str:
        return self._chance.choice([*TARGETS, path])

    def node(self, path: str) -> Node | None:
        chance = self._chance
        return chance.choice([None, Node(chance.randrange(1 << 16), chance.choice([0, 1000]), chance.choice([0, 44]))])

    def free_bytes(self, path: str) -> int | None:
        return self._chance.choice([None, 0, 1 << 80])

    def kernel_log(self) -> list[str] | None:
        return self._chance.choice(
            [None, [], [self._raw.decode(errors="replace"), "Direct firmware load for \x1b failed"]]
        )

    def clock(self) -> tuple[float, bool | None]:
        return self._chance.choice([(0.0, None), (1e300, False), (-1.0, True)])


def examined(machine: Machine, answers: dict[str, Answer] | None = None) -> list[Finding]:
    findings = [finding for check in examination.CHECKS for finding in check(machine, CONFIG)]
    findings += libraries.judged(answers or {}, machine)
    for finding in findings:
        assert finding.state in STATES
        assert finding.what
        assert finding.fix or finding.state in ("ok", "unknown"), f"nothing to do about it: {finding}"
    text = examination.told(findings)
    assert len(text.split("\n")) == len(findings) + 1
    assert all(line.isprintable() for line in text.split("\n"))
    examination.as_json(findings).encode()
    return findings


@given(st.integers(0, 2**32), st.binary(max_size=200), st.text(max_size=60))
@settings(deadline=None, max_examples=150)
def test_a_machine_of_chance(seed: int, raw: bytes, error: str) -> None:
    examined(Garbage(seed, raw), {name: Answer(error=error) for name in ("cv2", "libcamera", "picamera2")})


@pytest.fixture
def busy(box: Box) -> Box:
    """Something of everything."""
    box.usb_camera("1-1.2", 0)
    box.usb_camera("1-1.3", 2, serial="")
    box.device("/dev/dma_heap/linux,cma")
    box.listens("0100007F:1F40", 4711)
    box.process(1, "systemd", unit="/init.scope", holds=("socket:[4711]",))
    box.process(812, "motion", unit="/system.slice/motion.service", holds=("/dev/video0",))
    box.file("/sys/class/video4linux/video0/name", "unicam-image\n")
    box.file("/sys/module/uvcvideo/parameters/quirks", "128\n")
    return box


def files_of(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


@pytest.mark.parametrize("seed", range(6))
def test_random_bytes_in_every_file(busy: Box, seed: int) -> None:
    chance = random.Random(seed)
    for path in files_of(busy.root):
        path.write_bytes(chance.randbytes(chance.choice([0, 1, 40, 4000])))
        if chance.random() < 0.2:
            path.unlink()
    examined(busy)


def test_one_file_after_the_other_is_garbage_or_gone(busy: Box) -> None:
    chance = random.Random(7)
    for path in files_of(busy.root):
        good = path.read_bytes()
        for bad in (chance.randbytes(60), good[: len(good) // 2], good.replace(b" ", b"\xff"), b"9" * 400, good * 50):
            path.write_bytes(bad)
            examined(busy)
        path.unlink()
        examined(busy)
        path.write_bytes(good)


def test_an_empty_machine(tmp_path: Path) -> None:
    box = Box(tmp_path)
    for name in ("proc", "sys", "etc"):
        box.gone(f"/{name}")
    box.log = box.room = None
    assert "fault" not in {finding.state for finding in examined(box) if finding.check != "camera"}
