"""What is to be done: wishes and facts in, deeds out. Touches nothing, so that every case is a table in a test."""

from typing import Any

import msgspec
from msgspec import Struct

from appliance.config import ConfigError, loads
from appliance.config.overlay import laid_over
from appliance.first_boot import access, naming, wifi
from appliance.first_boot.actions import Action, Deed, HostKeys, Rewrite, Run, TlsKey, Write
from appliance.first_boot.check import Fault
from appliance.first_boot.facts import CONFIG, Facts
from appliance.first_boot.wishes import Wishes

BAD_CONFIG = f"{CONFIG}.bad"


class Fresh(Struct, frozen=True):
    """What has to be random, made by whoever asks for a plan."""

    machine_id: str  # 32 hexadecimal digits
    setup_code: str


def lacks(wishes: Wishes, facts: Facts) -> list[Fault]:
    """What this box has not got that a wish needs."""
    found = []
    if wishes.wifi:
        key, reason = wifi.lack(wishes.wifi, facts)
        if reason:
            found.append(Fault(("wifi", key) if key else ("wifi",), reason))
    if wishes.ssh and not facts.has_ssh:
        found.append(Fault(("ssh",), "cannot be had: this system has no SSH server"))
    return found


def planned(wishes: Wishes, facts: Facts, fresh: Fresh) -> list[Deed]:
    """Everything, in order. `wishes` has only what is to be applied now, and nothing that `lacks` named."""
    born: list[Deed] = []
    if facts.machine_id in ("", "uninitialized"):  # systemd makes one before us, where it can
        facts = msgspec.structs.replace(facts, machine_id=fresh.machine_id)
        born = [Deed("machine id", "", [Write("/etc/machine-id", f"{fresh.machine_id}\n", 0o444)])]
    return [
        *born,
        *naming.named(facts, wishes.hostname),
        *_keys(facts, wishes.hostname),
        *wifi.awake(facts),
        *(wifi.joined(wishes.wifi, facts) if wishes.wifi else []),
        *access.admitted(wishes.admin, facts, fresh.setup_code),
        *(access.let_in(wishes.ssh, facts) if wishes.ssh else []),
        *(_configured(wishes.config, facts) if wishes.config else []),
    ]


def usable_config(facts: Facts) -> str:
    """The box's own configuration file, or nothing when it is broken: that must not keep a good one away."""
    try:
        loads(facts.config)
    except ConfigError:
        return ""
    return facts.config


def _keys(facts: Facts, wished: str | None) -> list[Deed]:
    """Two boxes from one image must not share keys."""
    deeds = []
    if facts.has_ssh and not facts.has_host_keys:
        deeds.append(Deed("SSH host keys", "", [HostKeys()]))
    if not facts.has_tls_key:
        deeds.append(Deed("TLS key", "", [TlsKey(naming.name_of(facts, wished))]))
    return deeds


def _configured(config: dict[str, Any], facts: Facts) -> list[Deed]:
    base = usable_config(facts)
    broken: list[Action] = [Rewrite(BAD_CONFIG, facts.config)] if facts.config and not base else []
    actions: list[Action] = [
        *broken,
        Rewrite(CONFIG, laid_over(base, config)),
        Run(("systemctl", "--no-block", "try-reload-or-restart", "camera-appliance.service")),
    ]
    return [Deed("config", f"configuration ({', '.join(config)})", actions)]
