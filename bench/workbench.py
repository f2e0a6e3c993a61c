"""What every measurement needs: a folder, tools built from C, pictures, and who may run where."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.camera import FakeCamera, detailed_pictures
from bench.processes import Cores

HERE = Path(__file__).parent
PROGRAMS = ("floor", "viewers", "delay")
STRICT = ("-Wall", "-Wextra", "-Werror")


@dataclass(frozen=True)
class Workbench:
    """One run's tools and wishes."""

    folder: Path
    cores: Cores
    pictures: list[bytes]
    quick: bool = False
    viewers: int | None = None
    window_s: float | None = None

    @classmethod
    def set_up(cls, folder: Path, *, quick: bool, viewers: int | None, window_s: float | None) -> "Workbench":
        """Build the tools into `folder`, make the pictures. Raises CalledProcessError."""
        build(folder)
        return cls(folder, Cores.of_this_machine(), detailed_pictures(), quick, viewers, window_s)

    def tool(self, name: str) -> str:
        """Path of a program built from C."""
        return str(self.folder / name)

    def seconds(self, full: float, quick: float) -> float:
        """How long a window is: as asked for, or as it is in a whole or a quick run."""
        return self.window_s or (quick if self.quick else full)

    def camera(self, name: str) -> FakeCamera:
        """A USB camera that delivers `pictures`, with switches of its own."""
        return FakeCamera(self.folder / name, self.folder / "fakev4l.so", self.pictures)


def build(folder: Path) -> None:
    """Compile what is written in C into `folder`. Raises CalledProcessError."""
    for name in PROGRAMS:
        _compile(*STRICT, "-o", str(folder / name), str(HERE / f"{name}.c"))
    _compile("-shared", "-fPIC", "-o", str(folder / "fakev4l.so"), str(HERE / "fakev4l.c"), "-ldl")


def _compile(*words: str) -> None:
    subprocess.run(["gcc", "-O2", *words], check=True)
