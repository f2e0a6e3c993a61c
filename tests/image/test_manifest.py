"""The manifest is what Raspberry Pi Imager reads: held to the schema that it publishes (tests/fixtures/imager)."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from image.manifest import BOARDS, manifest

PROJECT = Path(__file__).parents[2]
SCHEMA = json.loads((PROJECT / "tests/fixtures/imager/os-list-schema.json").read_text())
URL = "https://example.org/downloads"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """An image with what lies beside it."""
    image = tmp_path / "camera-appliance-pi5.img"
    image.write_bytes(b"a card" * 1000)
    image.with_name("camera-appliance-pi5.img.xz").write_bytes(b"smaller")
    return image


def test_imager_understands_it(card: Path) -> None:
    made = manifest(dict.fromkeys(BOARDS, card), URL)
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.validate(made, SCHEMA, jsonschema.Draft7Validator)
    entries = made["os_list"]
    assert isinstance(entries, list)
    assert [entry["devices"] for entry in entries] == [["pi3-64bit"], ["pi4-64bit"], ["pi5-64bit"]]
    assert entries[0]["extract_sha256"] == hashlib.sha256(b"a card" * 1000).hexdigest()
    assert (entries[0]["extract_size"], entries[0]["image_download_size"]) == (6000, 7)
    assert entries[0]["url"] == f"{URL}/camera-appliance-pi5.img.xz"


def test_the_schema_is_one_that_refuses(card: Path) -> None:
    made = manifest({"pi5": card}, URL)
    del made["os_list"][0]["extract_sha256"]  # type: ignore[index]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made, SCHEMA, jsonschema.Draft7Validator)


def test_by_hand(card: Path) -> None:
    command = [sys.executable, str(PROJECT / "image/manifest.py"), f"pi5={card}", "--url", URL]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    jsonschema.validate(json.loads(done.stdout), SCHEMA, jsonschema.Draft7Validator)
    card.with_name("camera-appliance-pi5.img.xz").unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "image/pack" in done.stderr
