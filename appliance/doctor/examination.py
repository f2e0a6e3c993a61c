"""All checks, in the order of how likely each explains that there is no picture; and how they are told."""

import os
import sys
from collections import Counter
from pathlib import Path

import msgspec

from appliance.config import Config
from appliance.doctor import board, devices, libraries, program, service, usb
from appliance.doctor.finding import Check, Finding, State, sorted_findings
from appliance.doctor.libraries import Answer
from appliance.system.machine import Machine

CHECKS: tuple[Check, ...] = (
    devices.present,
    devices.permitted,
    devices.held,
    usb.reached,
    program.instances,
    program.addresses,
    devices.own_names,
    usb.shared,
    board.power,
    board.complaints,
    usb.settings,
    usb.hotplug,
    board.contiguous_memory,
    board.memory,
    board.storage,
    board.temperature,
    program.open_files,
    board.clock,
    program.versions,
)
_PLURALS: dict[State, str] = {"fault": "faults", "warning": "warnings"}


def examine(machine: Machine, path: Path | None, answers: dict[str, Answer]) -> list[Finding]:
    """Everything that can be said of `machine` with the configuration file at `path`, the worst first."""
    config, file = program.configured(path)
    config = service.listening(machine, config, path)
    return sorted_findings([file, *libraries.judged(answers, machine), *_checked(machine, config)])


def told(findings: list[Finding]) -> str:
    """For people: one line a finding, and the sum."""
    counts = Counter(finding.state for finding in findings)
    sums = [
        f"{counts[state]} {state if counts[state] == 1 else _PLURALS[state]}" for state in _PLURALS if counts[state]
    ]
    return "\n".join([*map(_line, findings), f"{', '.join(sums)}." if sums else "Nothing is wrong."])


def as_json(findings: list[Finding]) -> str:
    """For tools: a list of `{"state", "check", "what", "where", "fix"}`."""
    clean = [{key: printable(value) for key, value in msgspec.structs.asdict(finding).items()} for finding in findings]
    return msgspec.json.format(msgspec.json.encode(clean), indent=1).decode()


def exit_status(findings: list[Finding]) -> int:
    """1 when something is wrong; a warning alone is not."""
    return int(any(finding.state == "fault" for finding in findings))


def printable(text: str) -> str:
    """Files and names of others may hold anything: line breaks, escapes, bytes that are no text."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def say(text: str) -> None:
    """Print, whatever letters the terminal lacks and however early its reader leaves."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(f"{text}\n".encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:  # what is left in the buffer must not fail once more when the interpreter ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _checked(machine: Machine, config: Config) -> list[Finding]:
    return [finding for check in CHECKS for finding in check(machine, config)]


def _line(finding: Finding) -> str:
    where = f" ({finding.where})" if finding.where and finding.where not in finding.what else ""
    fix = f". Fix: {finding.fix}" if finding.fix else ""
    return printable(f"{finding.state:<8} {finding.check}: {finding.what}{where}{fix}")
