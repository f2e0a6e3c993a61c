"""python -m tests.lab.libcam.virtual JPEGS [CAMERAS]: gives libcamera cameras whose pictures are files (as root).

libcamera 0.4 reads its `virtual` pipeline's cameras from one place, when a camera manager starts; Debian ships none.
"""

import shutil
import sys
from pathlib import Path

CONFIGURATION = Path("/usr/share/libcamera/pipeline/virtual/virtual.yaml")
PICTURES = Path("/run/lab-virtual")
FAULTS = Path("/run/lab-virtual-faults")  # elsewhere: libcamera takes whatever lies beside the pictures for one
FROZEN, REFUSE_START = FAULTS / "frozen", FAULTS / "refuse-start"
SIZES = ((1280, 720), (640, 480))


def write(jpegs: list[Path], cameras: int = 1) -> None:
    """Files need far less CPU than a test pattern; libcamera wants them as 0.jpg, 1.jpg and so on, all of one size."""
    for folder in (PICTURES, FAULTS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for number, jpeg in enumerate(jpegs):
        shutil.copy(jpeg, PICTURES / f"{number}.jpg")
    CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)
    CONFIGURATION.write_text("".join(_camera(number) for number in range(cameras)))


def _camera(number: int) -> str:
    formats = "".join(f"  - {{width: {width}, height: {height}, frame_rates: [30, 60]}}\n" for width, height in SIZES)
    return (
        f'"Virtual{number}":\n  supported_formats:\n{formats}  frames:\n    path: "{PICTURES}/"\n'
        f'  location: "CameraLocationFront"\n  model: "imx-lab{number}"\n'
    )


if __name__ == "__main__":
    write(sorted(Path(sys.argv[1]).glob("*.jpg")), int((sys.argv[2:] or ["1"])[0]))
