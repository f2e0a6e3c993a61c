"""One start of the box, from reading to the last word about it."""

import hashlib
import json
import logging
import secrets
import subprocess
from typing import NamedTuple

import msgspec

from appliance.first_boot import naming, plan, removal
from appliance.first_boot.actions import Deed, do
from appliance.first_boot.check import PARTS, Checked, checked
from appliance.first_boot.facts import SETUP_CODE, STATE, Facts, addresses, gathered
from appliance.first_boot.ground import Ground
from appliance.first_boot.places import Path, Table
from appliance.first_boot.reading import BOOT, STATUS_NAME, Reading, read, reason_of
from appliance.first_boot.status import Status, readdressed, told
from appliance.first_boot.wishes import SECRETS, Wishes
from appliance.system import passwords
from appliance.system.notices import NOTICES

APPLIED = f"{STATE}/applied.json"
STATUS = f"{STATE}/status.txt"
NOTICE = f"{NOTICES}/first-boot"
log = logging.getLogger("appliance.first_boot")


class Applied(msgspec.Struct, frozen=True):
    """A part of the file that the box has taken on."""

    digest: str  # of what it said
    told: str  # what came of it


class Outcome(NamedTuple):
    """What was done of a plan."""

    told: dict[str, str]
    failed: set[str]
    problems: list[str]


def start(ground: Ground) -> Status:
    """Do whatever is to be done, and say so. Raises nothing that a file, a card or a tool can cause."""
    facts, reading, before = gathered(ground), read(ground), _applied(ground)
    found = checked(reading.text, plan.usable_config(facts))
    new = {part for part in PARTS if part in found.raw and _digest(found.raw[part]) != _digest_of(before, part)}
    found = found.joined_by(plan.lacks(_only(found.wishes, new), facts), reading.text)
    wishes = _only(found.wishes, new - found.faulty)
    fresh = plan.Fresh(machine_id=secrets.token_hex(16), setup_code=passwords.setup_code())
    outcome = _carried_out(plan.planned(wishes, facts, fresh), ground)
    taken = found.raw.keys() & set(PARTS) - found.faulty - outcome.failed
    left, problems = _cleaned(ground, reading, found, taken)
    now = {part: _taken(part, left.get(part), outcome, before) for part in PARTS if part in taken}
    problems += _kept(ground, {**before, **now})
    status = Status(
        hostname=ground.text("/etc/hostname").strip() or naming.own_name(facts),
        addresses=addresses(ground.text("/proc/net/fib_trie")),
        setup_code=ground.text(SETUP_CODE).strip(),
        problems=[
            *reading.problems,
            *(fault.told(reading.name) for fault in found.faults),
            *outcome.problems,
            *problems,
        ],
        remarks=[*reading.remarks, *_remarks(reading, found, facts)],
        applied=[each.told for each in {**before, **now}.values()],
    )
    _say(ground, status)
    return status


def tell_addresses(ground: Ground) -> None:
    """The status again, with the addresses that the box has by now; at its start it had none. Raises nothing, as `start`."""
    before = ground.text(STATUS)
    if before:
        _put(ground, readdressed(before, addresses(ground.text("/proc/net/fib_trie"))))


def _only(wishes: Wishes, parts: set[str]) -> Wishes:
    return Wishes(**{part: getattr(wishes, part) for part in PARTS if part in parts})


def _carried_out(deeds: list[Deed], ground: Ground) -> Outcome:
    """Each by itself: what fails keeps nothing else from being done, and is tried again at the next start."""
    outcome = Outcome({}, set(), [])
    for deed in deeds:
        try:
            for action in deed.actions:
                do(action, ground)
        except (OSError, subprocess.SubprocessError) as error:
            outcome.failed.add(deed.part)
            outcome.problems.append(f"{deed.told or deed.part}: could not be done: {reason_of(error)}")
        else:
            outcome.told[deed.part] = deed.told
    return outcome


def _cleaned(ground: Ground, reading: Reading, found: Checked, taken: set[str]) -> tuple[Table, list[str]]:
    """Take the secrets that the box has now off the boot partition; returns what the file says then."""
    standing = secrets_in(found.raw)
    going = {path for path in standing if path[0] in taken}
    problems = []
    if standing - going:
        problems.append(
            f"a password in {reading.name} was not used and is still there, for everybody to read who has the card"
        )
    if not going:
        return found.raw, problems
    text = removal.without(reading.text, going)
    try:
        ground.overwrite(reading.path, text)
    except OSError as error:
        reason = f"the passwords in {reading.name} could not be removed ({reason_of(error)}): everybody can read them who has the card"
        return found.raw, [*problems, reason]
    return checked(text).raw, problems


def secrets_in(raw: Table) -> set[Path]:
    """Where secrets stand that are not empty."""
    tables = {part: value for part, value in raw.items() if isinstance(value, dict)}
    return {(part, key) for part, key in SECRETS if isinstance(value := tables.get(part, {}).get(key), str) and value}


def _remarks(reading: Reading, found: Checked, facts: Facts) -> list[str]:
    remarks = []
    config = found.wishes.config or {}
    if any("@" in str(camera.get("source", "")) for camera in config.get("cameras", [])):
        remarks.append(
            f"a camera's login stands in {reading.name} and stays there, for everybody to read who has the card"
        )
    if facts.config and not plan.usable_config(facts):
        remarks.append("/etc/camera-appliance/appliance.toml cannot be used: camera-appliance check-config says why")
    return remarks


def _taken(part: str, value: object, outcome: Outcome, before: dict[str, Applied]) -> Applied:
    told = outcome.told.get(part) or (before[part].told if part in before else part)
    return Applied(_digest(value), told)


def _applied(ground: Ground) -> dict[str, Applied]:
    try:
        return msgspec.json.decode(ground.content(APPLIED), type=dict[str, Applied])
    except (OSError, msgspec.MsgspecError):
        return {}  # then everything is applied once more, which does no harm


def _kept(ground: Ground, applied: dict[str, Applied]) -> list[str]:
    if not applied:
        return []
    try:
        ground.write(APPLIED, msgspec.json.encode(applied).decode(), 0o600)
    except OSError as error:
        return [f"what was applied could not be noted ({reason_of(error)}): it is applied again at each start"]
    return []


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _digest_of(applied: dict[str, Applied], part: str) -> str:
    return applied[part].digest if part in applied else ""


def _say(ground: Ground, status: Status) -> None:
    """On the boot partition, on the page, in the journal; the setup code in neither of the last two."""
    for problem in status.problems:
        log.warning("%s", problem)
    for line in [*status.applied, *status.remarks]:
        log.info("%s", line)
    _write(ground, NOTICE, "".join(f"{each}\n" for each in status.problems), 0o644)
    _put(ground, told(status))


def _put(ground: Ground, text: str) -> None:
    """The status, into the box and onto the boot partition."""
    _write(ground, STATUS, text, 0o600)
    if ground.has(BOOT):
        _write(ground, f"{BOOT}/{STATUS_NAME}", text, None)


def _write(ground: Ground, path: str, text: str, mode: int | None) -> None:
    try:
        ground.write(path, text, mode)
    except OSError as error:
        log.warning("%s could not be written: %s", path, reason_of(error))
