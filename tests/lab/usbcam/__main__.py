"""python -m tests.lab.usbcam: be a camera, tell one what to do, or make test pictures."""

import argparse
import signal
import sys
from pathlib import Path

from tests.lab.usbcam import jpegs
from tests.lab.usbcam.camera import Camera
from tests.lab.usbcam.descriptors import Make
from tests.lab.usbcam.faults import HELP
from tests.lab.usbcam.remote import FOLDER, CameraError, Remote, load_drivers
from tests.lab.usbcam.usbip import PlugError

SIZES = "640x480,1280x720,1920x1080"


def main() -> int:
    """Run one command; returns the exit status."""
    arguments = _parser().parse_args()
    try:
        if arguments.command == "run":
            _run(arguments)
        elif arguments.command == "tell":
            print(_told(arguments.words))
        else:
            jpegs.write(arguments.folder, _sizes(arguments.sizes), arguments.count, arguments.quality)
    except (PlugError, CameraError, OSError) as error:
        print(f"usbcam: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="usbcam", description="A USB webcam in software.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="be a camera until told to quit (as root)")
    run.add_argument("--serial", default="LAB0001", help="empty: it has none, as cheap cameras do")
    run.add_argument("--name", default="Lab Camera")
    run.add_argument("--vendor", default="Lab")
    run.add_argument(
        "--frames", type=Path, help="folder of JPEGs; those of the committed size are sent (none: made with cv2)"
    )
    run.add_argument("--sizes", default=SIZES)
    run.add_argument("--fps", default="30,15")
    run.add_argument("--formats", default="mjpeg,yuyv")
    run.add_argument("--control", type=Path, help="control socket (default: /run/usbcam-SERIAL.sock)")
    run.add_argument("--port", type=int, help="vhci port 0 to 7 (default: the first that is free)")
    run.add_argument("--log", type=Path, help="append a line for each event and each frame")
    run.add_argument("--stamp", action="store_true", help="put a JPEG comment `LABCAM number monotonic` in each frame")
    run.add_argument("--first", type=float, default=0.1, metavar="S", help="from stream start to the first frame")
    run.add_argument("--unplugged", action="store_true", help="start without plugging it in")
    tell = commands.add_parser("tell", help="faults and plug", description=HELP)
    tell.formatter_class = argparse.RawDescriptionHelpFormatter
    tell.add_argument("words", nargs="+", metavar="[SOCKET] COMMAND [ARGUMENT]")
    make = commands.add_parser("jpegs", help="make test pictures (needs cv2)")
    make.add_argument("folder", type=Path)
    make.add_argument("--sizes", default=SIZES)
    make.add_argument("--count", type=int, default=30)
    make.add_argument("--quality", type=int, default=85)
    return parser


def _run(arguments: argparse.Namespace) -> None:
    load_drivers()
    make = Make(
        serial=arguments.serial,
        name=arguments.name,
        vendor=arguments.vendor,
        sizes=tuple(_sizes(arguments.sizes)),
        fps=tuple(map(int, arguments.fps.split(","))),
        formats=tuple(arguments.formats.split(",")),
    )
    camera = Camera(
        make,
        arguments.frames,
        port=arguments.port,
        stamp=arguments.stamp,
        first_s=arguments.first,
        log=arguments.log,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: camera.quit())
    control = arguments.control or FOLDER / f"usbcam-{arguments.serial or 'none'}.sock"
    camera.run(control, unplugged=arguments.unplugged)


def _told(words: list[str]) -> str:
    if "/" in words[0]:
        return Remote(Path(words[0])).tell(" ".join(words[1:]))
    controls = sorted(FOLDER.glob("usbcam-*.sock"))
    if not controls:
        raise CameraError("no camera is running")
    return Remote(controls[0]).tell(" ".join(words))


def _sizes(text: str) -> list[tuple[int, int]]:
    return [(int(width), int(height)) for width, height in (size.split("x") for size in text.split(","))]


if __name__ == "__main__":
    sys.exit(main())
