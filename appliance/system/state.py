"""What outlives a restart: small files in one folder.

Rule 1: a file is whole or it is the one before; a power cut at any moment leaves one of the two.
Rule 2: nothing here is larger than MAX_BYTES, neither written nor believed.
"""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

MAX_BYTES = 256 * 1024
NAME = "camera-appliance"


class StateError(Exception):
    """A file that cannot be used; `str()` says which and why."""


def folder(environment: Mapping[str, str]) -> Path | None:
    """Where the box keeps what it has to remember. systemd names it; else it is the user's own place; None: there is none."""
    named = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    if named:
        return Path(named)
    home = environment.get("HOME", "")
    users = environment.get("XDG_STATE_HOME", "") or (f"{home}/.local/state" if home else "")
    return Path(users) / NAME if users.startswith("/") else None


def read(path: Path) -> bytes | None:
    """What was written there; None: nothing was. Raises StateError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise StateError(f"{path} is larger than {MAX_BYTES // 1024} KiB, so it is none of ours")
    return data


def write(path: Path, data: bytes) -> None:
    """Put it there, for good. Blocks until the disk has it. Raises StateError."""
    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()  # a full disk has no room for a half
        raise StateError(f"{path} cannot be written: {error.strerror}") from error


def _sync_folder(path: Path) -> None:
    """The name is on the disk only once its folder is."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
