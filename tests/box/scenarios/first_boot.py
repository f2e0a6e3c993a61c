"""The owner's file on the boot partition: a good one is applied, and whatever is wrong with it, the box starts and says so."""

from dataclasses import dataclass, field
from functools import partial

from tests.box.card import Card
from tests.box.machine import Box, Hardware, box
from tests.box.scenarios.stage import Stage, scenario
from tests.box.watching import stream, wait_until_live, warnings
from tests.first_boot.bad_files import BAD

FILE, STATUS = "camera-appliance.toml", "camera-appliance-status.txt"
PASSWORD = "battery staple 42"
GOOD = f"""
hostname = "hall"
[admin]
password = "{PASSWORD}"
[[config.cameras]]
id = "camera"
name = "Front door"
"""
READ_ONLY = {"systemd.unit-dropin.boot-firmware.mount~box": b"[Mount]\nOptions=ro\n"}
WITHIN_S = 150.0


@dataclass(frozen=True)
class Faulty:
    """What is wrong with a card, and what its owner is told. `name`: of the box, when it is to be another."""

    files: dict[str, bytes | str]
    words: str
    hardware: Hardware = field(default_factory=Hardware)
    name: str = ""
    told_on_card: bool = True
    told_on_page: bool = True


def _bad(name: str) -> Faulty:
    content, words = BAD[name]
    return Faulty({FILE: content}, words)


FAULTY = {
    "syntax": _bad("syntax"),
    "unknown key": _bad("unknown key"),
    "wrong type": _bad("wrong type"),
    "a key twice": _bad("twice"),
    "curly quotes": _bad("curly quotes"),
    "a short password": _bad("short password"),
    "a preset that there is not": _bad("config preset"),
    "old Windows letters": _bad("old Windows letters"),
    "no text at all": _bad("binary"),
    "missing": Faulty({FILE: b""}, "there is no /boot/firmware/camera-appliance.toml", told_on_page=False),
    "read-only card": Faulty(
        {FILE: GOOD}, "could not be removed", Hardware(credentials=READ_ONLY), "hall", told_on_card=False
    ),
    "two files": Faulty(
        {FILE: 'hostname = "hall"\n', f"{FILE}.txt": 'hostname = "attic"\n'}, "keep one of them", name="hall"
    ),
    "byte order mark and Windows line ends": Faulty(
        {FILE: b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()}, "host name hall", name="hall", told_on_page=False
    ),
}


@scenario("first boot: a good file")
def a_good_file(stage: Stage) -> None:
    """Applied, and its password gone from the card."""
    card = Card.flashed(stage.folder / "card.img")
    card.write(FILE, GOOD)
    stage.report.that("before: the password can be read from the card", card.holds(PASSWORD.encode()))
    with box(card, stage.folder / "box") as running:
        wait_until_live(running, WITHIN_S)
        stage.report.says(
            "host name", running.says("cat /proc/sys/kernel/hostname /etc/hostname | paste -sd' '"), "hall hall"
        )
        answer = running.says(
            "journalctl -b -u avahi-daemon -o cat --no-pager | grep -o 'Host name is [^ ]*' | tail -n 1"
        )
        stage.report.says("name on the network", answer, "hall.local")
        stage.report.says("camera's name", str(stream(running).get("name")), "Front door")
        secrets = running.says("cat /etc/camera-appliance/secrets.toml")
        stage.report.says(
            "the password is kept as a hash", "$scrypt$" if "$scrypt$" in secrets else secrets, "$scrypt$"
        )
        found = running.says(f"grep -rls '{PASSWORD}' /etc /var /boot /run/camera* 2>/dev/null", WITHIN_S)
        stage.report.that("it is nowhere in clear", found == "", found or "nowhere")
        running.shut_down()
    text = card.read(STATUS).decode()
    stage.report.says("status on the card", _line(text, "Nothing is wrong"), "Nothing is wrong")
    stage.report.says("status: the address", _line(text, "Addresses:"), "10.0.2.15")
    stage.report.says(
        "the file on the card", _line(card.read(FILE).decode(), "password"), "# password: applied and removed"
    )
    left = card.holds(PASSWORD.encode())
    stage.report.that("the password is nowhere on the boot partition, not in unused blocks either", not left)


def _a_faulty_card(stage: Stage, faulty: Faulty) -> None:
    """A live picture all the same, and the reason in three places."""
    card = Card.flashed(stage.folder / "card.img")
    for file, content in faulty.files.items():
        if content:
            card.write(file, content)
        else:
            card.remove(file)
    with box(card, stage.folder / "box", faulty.hardware) as running:
        live_s = wait_until_live(running, WITHIN_S)
        lacks = _untold(running, faulty)
        running.shut_down()
    if faulty.told_on_card and faulty.words not in card.read(STATUS).decode().replace("\r\n", "\n"):
        lacks.append("the card does not tell")
    shown = ", ".join(lacks) or f"live after {live_s:.0f} s, told: {faulty.words[:50]}"
    stage.report.that("live, and explained on the card, the page and in the journal", not lacks, shown)


for _name, _faulty in FAULTY.items():
    scenario(f"first boot: {_name}")(partial(_a_faulty_card, faulty=_faulty))


def _untold(running: Box, faulty: Faulty) -> list[str]:
    """Where it is not said, or what is otherwise than it should be."""
    lacks = []
    if faulty.told_on_page and not any(faulty.words in each for each in warnings(running)):
        lacks.append(f"the page does not tell: {warnings(running)}")
    if faulty.words not in running.says("journalctl -b -u camera-appliance-first-boot -o cat --no-pager"):
        lacks.append("the journal does not tell")
    name = running.says("cat /proc/sys/kernel/hostname")
    if name != faulty.name and (faulty.name or not name.startswith("camera-")):
        lacks.append(f"its name is {name}")
    failed = running.says("systemctl --failed --no-legend --plain")
    return [*lacks, f"failed: {failed}"] if failed else lacks


def _line(text: str, word: str) -> str:
    return next((line.strip() for line in text.splitlines() if word in line), "")
