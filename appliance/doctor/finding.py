"""What a check found."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from msgspec import Struct

from appliance.config import Config
from appliance.system.machine import Machine

State = Literal["fault", "warning", "unknown", "ok"]
STATES: tuple[State, ...] = ("fault", "warning", "unknown", "ok")  # the worst first


class Finding(Struct, frozen=True):
    """One line for people. `fix` is what to type, and never empty for a fault or a warning."""

    state: State
    check: str
    what: str
    where: str = ""
    fix: str = ""


Check = Callable[[Machine, Config], Iterator[Finding]]


def sorted_findings(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first; among equals the order stays, which is that of how likely it explains a missing picture."""
    return sorted(findings, key=lambda finding: STATES.index(finding.state))
