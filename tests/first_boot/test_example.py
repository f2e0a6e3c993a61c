"""config/first-boot.toml, which an image has on its boot partition: every key, each in a comment, held to the code."""

import re
import textwrap
import tomllib

from appliance.first_boot.check import PARTS, checked
from appliance.first_boot.wishes import TABLES
from tests.first_boot.box import FILE, HOUSE, SSH_KEY, Card

EXAMPLE = (HOUSE / "config" / "first-boot.toml").read_text()


def uncommented() -> str:
    """As an owner makes it who wants everything: the # of each setting taken away."""
    text = re.sub(r"^# (?=[a-z_]+ = |\[)(?!\[presets\.high\] there)", "", EXAMPLE, flags=re.MULTILINE)
    return text.replace("ssh-ed25519 AAAA… you@your-computer", SSH_KEY)


def test_as_it_is_it_says_nothing(card: Card) -> None:
    assert tomllib.loads(EXAMPLE) == {}
    card.file(FILE, EXAMPLE)
    assert "says nothing (all its lines are comments)" in card.start()


def test_everything_in_it_can_be_used() -> None:
    found = checked(uncommented())
    assert [fault.told("example") for fault in found.faults] == []
    assert found.raw.keys() == set(PARTS)


def test_it_shows_every_key() -> None:
    raw = tomllib.loads(uncommented())
    for part, table in TABLES.items():
        assert raw[part].keys() == set(table.__struct_fields__), part


def test_it_shows_what_the_code_does_without_a_key() -> None:
    raw = tomllib.loads(uncommented())
    assert (raw["wifi"]["hidden"], raw["wifi"]["security"]) == (False, "wpa2")


def test_the_one_for_cloud_init_can_be_used() -> None:
    document = (HOUSE / "docs" / "first-boot.md").read_text()
    block = document.partition("    content: |\n")[2].partition("runcmd:")[0]
    found = checked(textwrap.dedent(block))
    assert (found.faults, found.wishes.hostname) == ([], "front-door")
    assert found.wishes.config == {"cameras": [{"id": "camera", "name": "Front door"}]}


def test_it_is_applied_and_reads_well_afterwards(card: Card) -> None:
    card.file(FILE, uncommented())
    assert "Nothing is wrong." in card.start()
    left = card.text(FILE)
    assert left.count("# password: applied and removed") == 2
    assert left.splitlines()[:3] == EXAMPLE.splitlines()[:3]
