#!/usr/bin/env python3
"""What Raspberry Pi Imager wants to know of a card: its repository format, as rpi-imager's doc/json-schema/os-list-schema.json has it.

    image/manifest.py BOARD=IMAGE.img... --url https://example.org/downloads/ > camera-appliance.rpi-imager-manifest

Beside each IMAGE.img lie IMAGE.img.xz and IMAGE.img.bmap, as image/pack makes them; --url is where they are downloaded from. A file of that
name opens in Imager by a double click; a list on a server is taken with `rpi-imager --repo URL`.
"""

import argparse
import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple


class Board(NamedTuple):
    """How people and Imager call it. A Zero 2 W has the Pi 3's chip."""

    name: str
    tags: list[str]


BOARDS = {
    "zero2w": Board("Zero 2 W, 3", ["pi3-64bit"]),
    "pi4": Board("4, 400", ["pi4-64bit"]),
    "pi5": Board("5, 500", ["pi5-64bit"]),
}
DESCRIPTION = (
    "Flash, boot, open a browser: live video of the camera. Settings stand in camera-appliance.toml on the card"
)
BLOCK = 1 << 20


def entry(board: str, image: Path, url: str) -> dict[str, object]:
    """One card. Raises OSError when a file is missing, KeyError when nobody knows the board."""
    packed = image.with_name(f"{image.name}.xz")
    written = datetime.fromtimestamp(image.stat().st_mtime, UTC)
    return {
        "name": f"Camera appliance (Raspberry Pi {BOARDS[board].name})",
        "description": DESCRIPTION,
        "icon": f"{url}icon.svg",
        "url": f"{url}{packed.name}",
        "bmap_url": f"{url}{image.name}.bmap",
        "extract_size": image.stat().st_size,
        "extract_sha256": _sha256(image),
        "image_download_size": packed.stat().st_size,
        "release_date": f"{written:%Y-%m-%d}",
        "devices": BOARDS[board].tags,
        "architecture": "armv8",
        "init_format": "none",  # Imager's own questions have no answer here: the card's file is the way
    }


def manifest(cards: dict[str, Path], url: str) -> dict[str, object]:
    """All of them."""
    folder = url if url.endswith("/") else f"{url}/"
    return {"os_list": [entry(board, image, folder) for board, image in cards.items()]}


def main() -> int:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cards", nargs="+", metavar="BOARD=IMAGE.img", help=f"BOARD: {', '.join(BOARDS)}")
    parser.add_argument("--url", required=True, help="the folder that they are downloaded from")
    arguments = parser.parse_args()
    cards = {board: Path(image) for board, _, image in (each.partition("=") for each in arguments.cards)}
    if unknown := [board for board in cards if board not in BOARDS]:
        parser.error(f"no such board: {', '.join(unknown)}; there are {', '.join(BOARDS)}")
    try:
        print(json.dumps(manifest(cards, arguments.url), indent=2))
    except OSError as error:
        print(
            f"manifest: {error.filename}: {error.strerror}; image/pack makes what lies beside an image", file=sys.stderr
        )
        return 1
    return 0


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
