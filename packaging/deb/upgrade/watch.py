"""After an upgrade: is the box ready, and is each camera live that was live before? If not in time, the old version comes back.

Rule 1: what was dark before the upgrade is no reason to undo it.
Rule 2: a box that somebody stopped is left alone.
Rule 3: whatever happens, a version is installed whole in the end, and runs.
"""

import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from box import UNIT, Box, State
from kept import Kept, Upgrade
from package import NAME, Package

OTHERS_INSTALL_WITHIN_S = 3600.0  # of a whole system's upgrade, on a slow card
WHOLE = ("installed", "not-installed", "config-files")
NOTICE = Path("/run/camera-appliance-notices/upgrade")


@dataclass(frozen=True)
class Patience:
    """How long is waited for what."""

    within_s: float  # for the box to come live
    holds_s: float = 10.0  # a picture that stays so long has not just been lucky
    looks_every_s: float = 2.0


class StoppedError(Exception):
    """Somebody stopped the box on purpose."""


class OvertakenError(Exception):
    """Somebody installed yet another version, or took it away: what was seen of this one says nothing of it."""


def check(patience: Patience, package: Package, box: Box, kept: Kept, notice: Path = NOTICE) -> None:
    """Judge the upgrade that is to be judged, if there is one, and those that come meanwhile. Raises PackageError, OSError."""
    while (upgrade := kept.upgrade()) is not None:
        try:
            _judge(upgrade, patience, package, box, kept, notice)
        except OvertakenError:
            continue
        return
    kept.end()


def _judge(upgrade: Upgrade, patience: Patience, package: Package, box: Box, kept: Kept, notice: Path) -> None:
    """Raises OvertakenError, PackageError, OSError."""
    why = kept.rolling_back or _finished(package)
    status = package.status()
    if status.state == "installed" and status.version == upgrade.old:
        kept.end()  # it came back before the power went, or it never went
        return
    try:
        why = why or shortcoming(upgrade, box, patience, kept)
    except StoppedError:
        say(f"{UNIT} was stopped, so nobody can say whether {upgrade.new} works; it stays")
        kept.end()
        return
    if why:
        roll_back(upgrade, why, package, box, kept, notice)
    else:
        notice.unlink(missing_ok=True)
        say(
            f"{upgrade.new} is live{': ' if upgrade.live else ''}{', '.join(upgrade.live)}. {upgrade.old} stays in {kept.folder}"
        )
        kept.judge_good(upgrade)


def _finished(package: Package) -> str:
    """Go on where the power was cut while dpkg was at work. Why that is not possible; empty: nothing is amiss."""
    if package.status().state in WHOLE or package.is_locked():  # locked: dpkg is at work right now, and started us
        return ""
    with package.locked(OTHERS_INSTALL_WITHIN_S):
        if package.status().state in ("unpacked", "half-configured") and package.configure():
            return ""
    return "its installation was cut off in the middle"


def shortcoming(upgrade: Upgrade, box: Box, patience: Patience, kept: Kept) -> str:
    """What the box still lacks after so long; empty as soon as it lacks nothing and stays so. Raises StoppedError, OvertakenError."""
    deadline_s = time.monotonic() + patience.within_s
    good_since_s: float | None = None
    pid = 0
    while True:
        if kept.upgrade() != upgrade:
            raise OvertakenError
        state = box.state()
        lack = _lack(state, upgrade.live, box)
        now_s = time.monotonic()
        if lack or state.pid != pid:
            good_since_s, pid = None, state.pid
        if not lack:
            good_since_s = good_since_s or now_s
            if now_s - good_since_s >= patience.holds_s:
                return ""
        if now_s > deadline_s + (patience.holds_s if good_since_s else 0.0):
            if state.is_stopped:
                raise StoppedError
            return lack or "it does not stay up"
        time.sleep(patience.looks_every_s)


def _lack(state: State, wanted: tuple[str, ...], box: Box) -> str:
    if not state.is_up:
        return f"it does not get ready (systemd: {state.load}, {state.active})"
    if not wanted:
        return ""
    cameras = box.cameras()
    if cameras is None:
        return "it does not answer"
    dark = [name for name in wanted if cameras.get(name) != "live"]
    return f"no picture of {', '.join(dark)}" if dark else ""


def roll_back(upgrade: Upgrade, why: str, package: Package, box: Box, kept: Kept, notice: Path) -> None:
    """Put the old version back, and tell everybody. Raises OvertakenError, PackageError, OSError."""
    with package.locked(OTHERS_INSTALL_WITHIN_S):
        if kept.upgrade() != upgrade:
            raise OvertakenError
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # dpkg is not to be left alone in the middle
        say(f"{upgrade.new} did not come live: {why}. {upgrade.old} comes back", level=3)
        kept.begin_rolling_back(why)
        _leave(notice, f"The upgrade to {upgrade.new} did not come live ({why}), so {upgrade.old} is back.")
        if package.install(kept.folder / upgrade.package):
            told = f"{upgrade.old} is back, because {upgrade.new} did not come live: {why}"
        else:
            package.configure()
            told = f"{upgrade.new} did not come live ({why}), and {upgrade.old} cannot be put back: see above"
            _leave(notice, told)
    kept.end()
    if not box.state().is_up:
        box.start()
    say(told, level=3)
    _tell_terminals(told)


def say(words: str, level: int = 5) -> None:
    """To the journal."""
    print(f"<{level}>{NAME}: {words}", flush=True)


def _leave(notice: Path, words: str) -> None:
    """For the page."""
    notice.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    notice.write_text(f"{words}\n")
    notice.chmod(0o644)


def _tell_terminals(words: str) -> None:
    """Whoever started the upgrade may sit there still."""
    if wall := shutil.which("wall"):
        subprocess.run((wall, f"{NAME}: {words}"), check=False, stdout=sys.stderr)
