"""Another machine of the box's network asks for it by name."""

from tests.box import guest
from tests.box.card import Card
from tests.box.machine import box
from tests.box.network import AAAA, PTR, SRV, A, OtherHost, Record
from tests.box.scenarios.stage import Stage, scenario

WITHIN_S = 5.0
UP_WITHIN_S = 120.0
SERVICE = "_http._tcp.local"


@scenario("its name in the network")
def play(stage: Stage) -> None:
    with (
        OtherHost(stage.folder) as other,
        box(Card.flashed(stage.folder / "card.img"), stage.folder / "box", other.hardware()) as running,
    ):
        running.wait_until_up()
        guest.wait_until(
            running, "systemctl is-active --quiet avahi-daemon.service && hostname -I | grep -q 10.0.2", UP_WITHIN_S
        )
        name = f"{running.says('hostname')}.local"
        own = running.says("hostname -I").split()
        answers = other.ask(name, A, WITHIN_S)
        found = values(answers, A, name)
        stage.report.that(
            f"{name} has the box's address",
            found != [] and set(found) <= set(own),
            f"{found} from {sources(answers)}; its own are {own}",
        )
        found = values(other.ask(name, AAAA, WITHIN_S), AAAA, name)
        stage.report.that(
            "and of IPv6", set(found) <= set(own) or all(each.startswith("fe80:") for each in found), f"{found}"
        )
        listed = values(other.ask(SERVICE, PTR, WITHIN_S), PTR, SERVICE)
        stage.report.that("it is in the list of web pages", len(listed) == 1, f"{SERVICE}: {listed}")
        where = values(other.ask(listed[0] if listed else SERVICE, SRV, WITHIN_S), SRV)
        stage.report.that("on port 80 of that name", where == [f"{name}:80"], f"{where}")


def values(records: list[Record], kind: int, name: str = "") -> list[str]:
    """Of one kind, and of that name."""
    return [each.value for each in records if each.kind == kind and name.lower() in ("", each.name.lower())]


def sources(records: list[Record]) -> str:
    return ", ".join({each.source for each in records}) or "nobody"
