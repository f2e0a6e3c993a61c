"""The installed service: what its unit adds to the owner's file."""

import re
import tomllib
from pathlib import Path

from msgspec import structs

from appliance.config import Config
from appliance.system.machine import Machine
from appliance.system.own_file import PLACE

UNIT = "/usr/lib/systemd/system/camera-appliance.service"


def listening(machine: Machine, config: Config, path: Path | None) -> Config:
    """With the addresses that the service listens at: where its own file names none, those of the unit."""
    by_default = re.findall(r"--default-bind[ =](\S+)", machine.text(UNIT))
    if path != PLACE or not by_default or _says(machine.text(str(path))):
        return config
    return structs.replace(config, server=structs.replace(config.server, bind=by_default))


def may_take_any_port(machine: Machine) -> bool:
    """Whoever asks may not be allowed to; the service is."""
    return re.search(r"(?m)^AmbientCapabilities=.*\bCAP_NET_BIND_SERVICE\b", machine.text(UNIT)) is not None


def _says(text: str) -> bool:
    try:
        return "bind" in tomllib.loads(text).get("server", {})
    except (ValueError, AttributeError):
        return True  # a file that is bad is no reason to guess
