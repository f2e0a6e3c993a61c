"""The box's own configuration file: is it there, and may this user read it? On a packaged box only root and the appliance's user may.

Rule: a file that nobody may look for counts as there. Who reads it is told why not; nobody is told that there is none.
"""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

PLACE = Path("/etc/camera-appliance/appliance.toml")
START = "sudo systemctl start camera-appliance, or with a file of your own: camera-appliance run --config FILE"


def may_be_looked_for(path: Path) -> bool:
    """Does the system say whether it is there? Not to a user who may not enter its folder."""
    try:
        path.lstat()
    except PermissionError:
        return False
    except OSError:
        return True
    return True


def chosen(named: Path | None) -> Path | None:
    """The file that a person named, else the box's own; None: there is none, so everything is at its default."""
    if named is None and may_be_looked_for(PLACE) and not os.path.lexists(PLACE):
        return None
    return named or PLACE


def is_for_others(error: Exception) -> bool:
    """Is it only this user who cannot read the file?"""
    return isinstance(error.__cause__, PermissionError)


def told(error: Exception, command: Sequence[str]) -> str:
    """What is wrong with the file, and for one that is for others only, as whom to run `command`."""
    if not is_for_others(error):
        return str(error)
    instead = START if command[:1] == ["run"] else shlex.join(["sudo", "camera-appliance", *command])
    return f"{error}: this user may not read it. Use: {instead}"
