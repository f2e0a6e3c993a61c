"""The configuration file on its disk: read whole, and changed in place, with its comments kept.

Rule 1: the file is the old one or the new one, whole, whenever the power goes.
Rule 2: it is read anew before each change, so that what a person has written meanwhile stays; a file with an error is left to them.
Rule 3: what comes of a change is checked before it is written: it means what it meant, but for the change.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from appliance.config import editing
from appliance.config.load import ConfigError, loads, text_of
from appliance.config.model import Camera, Config

NEW_FILE_MODE = 0o640  # it may hold the logins of cameras
Value = str | int | list[str] | bool


class NotKeptError(Exception):
    """A change is not in the file; `str()` says why."""


class ConfigFile:
    """One file. What is asked of it blocks until the disk is done."""

    def __init__(self, path: Path, *, optional: bool = False) -> None:
        """`optional`: where there is none, everything is at its default."""
        self.path = path
        self._optional = optional

    def __str__(self) -> str:
        return str(self.path)

    def read(self) -> tuple[Config, str]:
        """What it says, and in which words. Raises ConfigError."""
        text = "" if self._optional and not os.path.lexists(self.path) else text_of(self.path)
        return loads(text, str(self.path)), text

    def change_camera(self, camera_id: str, values: dict[str, Value]) -> str:
        """Have a camera of the file say this. Returns what the file says now. Raises NotKeptError."""

        def changed(camera: Camera) -> list[Camera]:
            return [msgspec.structs.replace(camera, **values)]

        return self._change(camera_id, lambda text: editing.camera_changed(text, camera_id, values), changed)

    def add_camera(self, camera: Camera) -> str:
        """Append it. Returns what the file says now. Raises NotKeptError."""
        config, text = self._read_to_change()
        return self._write(editing.camera_added(text, camera), _with(config, [*config.cameras, camera]))

    def remove_camera(self, camera_id: str) -> str:
        """Take it out. Returns what the file says now. Raises NotKeptError."""
        return self._change(camera_id, lambda text: editing.camera_removed(text, camera_id), lambda camera: [])

    def _change(self, camera_id: str, edit: Callable[[str], str], into: Callable[[Camera], list[Camera]]) -> str:
        config, text = self._read_to_change()
        if camera_id not in [camera.id for camera in config.cameras]:
            raise NotKeptError(f"there is no camera {camera_id!r} in {self.path}")
        cameras = [each for camera in config.cameras for each in (into(camera) if camera.id == camera_id else [camera])]
        return self._write(edit(text), _with(config, cameras))

    def _read_to_change(self) -> tuple[Config, str]:
        try:
            return self.read()
        except ConfigError as error:
            raise NotKeptError(f"the file has an error already: {error}") from error

    def _write(self, text: str, meaning: Config) -> str:
        try:
            config = loads(text, str(self.path))
        except ConfigError as error:
            raise NotKeptError(str(error)) from error
        if config != meaning:
            raise NotKeptError(f"{self.path} is written in a way that only a person can change")
        try:
            _replace(self.path.resolve(), text.encode())  # what a link points to, not the link
        except OSError as error:
            raise NotKeptError(f"{self.path} cannot be written: {(error.strerror or '').lower()}") from error
        return text


def _with(config: Config, cameras: list[Camera]) -> Config:
    try:
        return msgspec.structs.replace(config, cameras=cameras)
    except ValueError as error:
        raise NotKeptError(str(error)) from error


def _replace(path: Path, data: bytes) -> None:
    """Put it there, for good. Raises OSError."""
    new = path.with_name(f".{path.name}.new")
    try:
        _write(new, data, path.stat() if path.exists() else None)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)  # a full disk has no room for a half
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)  # the name is on the disk only once its folder is
    finally:
        os.close(folder)


def _write(new: Path, data: bytes, before: os.stat_result | None) -> None:
    """On the disk, with the rights of what was there before."""
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, NEW_FILE_MODE)
    with os.fdopen(fd, "wb") as file:
        if before is not None:
            os.fchmod(fd, before.st_mode & 0o777)
            with suppress(PermissionError):  # then it is ours from now on
                os.fchown(fd, before.st_uid, before.st_gid)
        file.write(data)
        file.flush()
        os.fsync(fd)
