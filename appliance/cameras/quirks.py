"""Cameras that must be treated otherwise than they say. Each entry has a public source; a make that is not here has no quirk.

Rule 1: a quirk says what we do, not what is wrong with the camera.
Rule 2: known by the USB vendor and product, because names are the same for many revisions and different for one.
"""

from typing import NamedTuple


class Quirk(NamedTuple):
    """What is done otherwise."""

    own_rate: bool = False  # never asked for another rate than its own; whoever wants fewer frames gets every other one
    skipped: int = 0  # so many pictures after the start are thrown away
    no_jpeg: bool = False  # its MJPEG is not used where it has something else


NONE = Quirk()

# Asked for a rate by mjpg-streamer's -f, these deliver nothing at all. OctoPi's webcamd, `brokenfps_usb_devices`:
# https://github.com/guysoft/OctoPi/blob/devel/src/modules/octopi/filesystem/home/root/bin/webcamd and its pull request 117.
# OpenCV asks each camera for 30 fps while it opens it; what is left out is any other rate.
_OWN_RATE = (
    "046d:082b",  # Logitech C170
    "046d:0804",
    "046d:0825",  # Logitech C270
    "046d:0994",
    "1908:2310",  # GEMBIRD
    "0458:708c",  # Genius F100
    "0458:6006",
    "1e4e:0102",  # Cubeternet GL-UPC822
    "0471:0311",
    "038f:6001",
    "0ac8:3450",
)

_QUIRKS = dict.fromkeys(_OWN_RATE, Quirk(own_rate=True)) | {
    # Logitech C930e: the first picture after the start is damaged in the middle, those after it are whole.
    # https://github.com/FreeRDP/FreeRDP/pull/10726 (newer C920s, too; which product number they have is not said there)
    "046d:0843": Quirk(skipped=1),
    # PureThermal 2 (FLIR Lepton): one or two invalid pictures first. https://github.com/libuvc/libuvc/issues/182
    "1e4e:0100": Quirk(skipped=2),
}


def of(ids: str) -> Quirk:
    """The quirk of a camera with these `vendor:product` numbers."""
    return _QUIRKS.get(ids, NONE)
