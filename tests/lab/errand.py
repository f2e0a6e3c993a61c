"""An errand: a script to run in the guest, its arguments and environment, and the status that comes back."""

import shlex
from pathlib import Path

NO_STATUS = 125  # the guest ended without handing one back
TIMED_OUT = 124


class Errand:
    """The folder that the guest mounts as /run/errand."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder

    def write(self, script: bytes, arguments: list[str], environment: dict[str, str], *, cut_power: bool) -> None:
        """`script`: bash, unless its first line says otherwise. `cut_power`: end without systemd's shutdown."""
        path = self.folder / "script"
        path.write_bytes(script if script.startswith(b"#!") else b"#!/bin/bash\n" + script)
        path.chmod(0o755)
        (self.folder / "arguments").write_bytes(b"".join(each.encode() + b"\0" for each in arguments))
        (self.folder / "env").write_text("".join(f"{key}={shlex.quote(value)}\n" for key, value in environment.items()))
        if cut_power:
            (self.folder / "cut-power").touch()

    def status(self) -> int:
        """The script's exit status."""
        try:
            return int((self.folder / "status").read_text())
        except (OSError, ValueError):
            return NO_STATUS
