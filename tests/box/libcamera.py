"""What a box needs to have a ribbon camera in an emulator: libcamera and picamera2, got here, and put into it from a shared folder."""

import subprocess
import sys
from pathlib import Path

from tests.box.guest import PYTHON
from tests.box.places import CACHE, BoxError
from tests.lab.places import LAB

PACKAGES = ("python3-libcamera", "libcamera-ipa", "python3-prctl")
TAGS = tuple(f"--platform=manylinux{each}_x86_64" for each in ("_2_28", "_2_27", "_2_17", "2014", "_2_12", "_2_5"))
FOR_GUEST = ("--no-deps", "--only-binary=:all:", "--implementation=cp", "--python-version=3.13", *TAGS)
DEBIAN, TREE = CACHE / "debian", CACHE / "tree"  # of the image's build: its lists of packages, and what is in the image
PATH_FILE = """\
/opt/picamera2
/appliance
import tests.lab.libcam.site.sitecustomize
"""
INSTALL = f"""
set -e
dpkg --install /host/debs/*.deb
cat >/usr/lib/camera-appliance/lib/python3.13/site-packages/zz-lab.pth <<'END'
{PATH_FILE}END
cd /appliance && python3 -B -m tests.lab.libcam.virtual /host/pictures
cp -r /host/picamera2 /opt/
{PYTHON} -c 'import picamera2, av, appliance.cameras.worker' # as root, who may keep what is compiled; the service may not
"""


def gather(share: Path) -> None:
    """Debian's packages into `share`/debs, from PyPI picamera2 and what it imports into `share`/picamera2. Raises BoxError."""
    debs, wheels = share / "debs", share / "picamera2"
    (debs / "partial").mkdir(parents=True)
    places = {
        "Dir": DEBIAN,
        "Dir::State::status": TREE / "var/lib/dpkg/status",
        "Dir::Cache::archives": debs,
        "Debug::NoLocking": 1,
    }
    settings = [word for key, value in places.items() for word in ("-o", f"{key}={value}")]
    _run("apt-get", *settings, "--download-only", "--no-install-recommends", "--yes", "install", *PACKAGES)
    lines = (line.partition("#")[0].strip() for line in (LAB / "building" / "picamera2.txt").read_text().splitlines())
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile")
    _run(*pip, *FOR_GUEST, "--target", str(wheels), *filter(None, lines))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BoxError(f"{command[0]} failed: {done.stderr[-600:]}")
