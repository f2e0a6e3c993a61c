"""The box's name: the owner's, or one of its own, such as camera-1a2b from the board's serial number."""

import hashlib
import re

from appliance.first_boot.actions import Action, Deed, Rename, Run, Write
from appliance.first_boot.facts import Facts

NO_NAMES = (
    "",
    "localhost",
    "camera-appliance",
)  # what an image is called before it is a box; whoever named it otherwise meant it
_CLOUD = "/etc/cloud/cloud.cfg.d/99-camera-appliance.cfg"


def own_name(facts: Facts) -> str:
    """The same at every start, another on every board."""
    digits = re.sub(r"[^0-9a-f]", "", facts.serial.lower())
    if len(digits) < 4 or not digits.strip("0"):
        digits = hashlib.sha256(facts.machine_id.encode()).hexdigest()
    return f"camera-{digits[-4:]}"


def name_of(facts: Facts, wished: str | None) -> str:
    """What the box is called from now on."""
    if wished:
        return wished.lower()
    return own_name(facts) if facts.hostname in NO_NAMES else facts.hostname


def named(facts: Facts, wished: str | None) -> list[Deed]:
    """Nothing when it is called so already."""
    name = name_of(facts, wished)
    if name == facts.hostname:
        return []
    actions: list[Action] = [
        Write("/etc/hosts", with_name(facts.hosts, name)),
        Write("/etc/hostname", f"{name}\n"),
        Rename(name),
    ]
    if facts.has_cloud_init:  # it would set its own at each start
        actions.append(Write(_CLOUD, "# The name is camera-appliance's to set.\npreserve_hostname: true\n"))
    actions.append(Run(("systemctl", "--no-block", "try-restart", "avahi-daemon.service")))
    return [Deed("hostname", f"host name {name}", actions)]


def with_name(hosts: str, name: str) -> str:
    """/etc/hosts where 127.0.1.1 is `name`, as Debian has it."""
    ours = f"127.0.1.1\t{name}"
    lines = hosts.splitlines() or ["127.0.0.1\tlocalhost", "::1\t\tlocalhost ip6-localhost ip6-loopback"]
    at = [number for number, line in enumerate(lines) if re.match(r"\s*127\.0\.1\.1\s", line)]
    if at:
        lines[at[0]] = ours
    else:
        lines.append(ours)
    return "\n".join([*lines, ""])
