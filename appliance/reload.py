"""The configuration while the box runs: put into force anew, changed by people on the page, and the last good one kept.

Rule 1: a file with an error changes nothing, and everybody is told: who asked, the log, the page, `/api/status`.
Rule 2: what cannot change while the box runs stays as it is, and its keys are named.
Rule 3: the last configuration that was in force is kept beside, to start with where the file is bad by then.

The disk is waited for in a thread: a card may take seconds, and pictures do not wait.
"""

import logging
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import trio
from msgspec import structs

from appliance.config import Camera, Config, ConfigError, ConfigFile, NotKeptError, loads
from appliance.config.model import SPARE_CONNECTIONS
from appliance.server.box import Box, Notes, Values
from appliance.system import state
from appliance.system.desk import Verdict
from appliance.system.notify import Notify

LAST_GOOD = "last-good.toml"
ONLY_AT_START = ("max_connections", "max_connections_per_address", "request_timeout_s", "send_timeout_s")
log = logging.getLogger("appliance.config")


class Listening(NamedTuple):
    """Where to listen, beside what the file says."""

    instead: tuple[str, ...] = ()  # of that
    by_default: tuple[str, ...] = ()  # where it says nothing

    def of(self, config: Config, text: str) -> Config:
        """A configuration, read from `text`, with where to listen in it."""
        says = "bind" in tomllib.loads(text).get("server", {})
        bind = self.instead or (() if says else self.by_default)
        return structs.replace(config, server=structs.replace(config.server, bind=list(bind))) if bind else config


class Beginning(NamedTuple):
    """What a box starts with."""

    config: Config
    file: ConfigFile | None = None
    problem: str = ""  # why the file is not what is in force
    text: str = ""  # of the file, where it is
    listening: Listening = Listening()
    keeps: bool = False  # what people change on the page goes into the file: it is a box's own, not one of a checkout


def begin(file: ConfigFile, folder: Path | None, listening: Listening | None = None) -> Beginning:
    """Read the file; a bad one is replaced by the last good one of `folder`, or by the defaults. Raises ConfigError without a folder."""
    problem = text = ""
    try:
        config, text = file.read()
        in_force = text
    except ConfigError as error:
        if folder is None:
            raise
        log.warning("%s", error)
        problem, (config, in_force) = str(error), _last_good(folder)
    listening = listening or Listening()
    return Beginning(listening.of(config, in_force), file, problem, text, listening, keeps=folder is not None)


def _last_good(folder: Path) -> tuple[Config, str]:
    path = folder / LAST_GOOD
    try:
        if (data := state.read(path)) is not None:
            text = data.decode()
            config = loads(text, str(path))
            since = time.strftime("%Y-%m-%d %H:%M", time.localtime(path.stat().st_mtime))
            log.warning("the last good configuration is in force instead, that of %s", since)
            return config, text
    except (state.StateError, ConfigError, UnicodeDecodeError, OSError) as error:
        log.warning("nor can the last good one be used: %s", error)
    log.warning("no configuration was good before: everything is at its default")
    return Config(), ""


class Reload:
    """One for the whole program."""

    def __init__(self, box: Box, beginning: Beginning, folder: Path | None, notify: Notify) -> None:
        self._box, self._file, self._folder, self._notify = box, beginning.file, folder, notify
        self._listening = beginning.listening
        self._started = beginning.config  # in its keys that only a restart puts into force
        self._one_at_a_time = trio.Lock()
        box.notes = Notes(
            file=str(beginning.file or ""),
            problem=beginning.problem,
            last_good=bool(beginning.problem),
            keeps=beginning.keeps,
        )
        box.keeping = self if beginning.file is not None else None

    async def __call__(self) -> Verdict:
        """Put the file into force. What came of it, in one line."""
        async with self._one_at_a_time:
            self._notify.reloading()
            verdict = await self._reload()
            self._notify.ready(verdict.words)
        (log.info if verdict.done else log.error)("%s", verdict.words)
        return verdict

    async def _reload(self) -> Verdict:
        if self._file is None:
            return Verdict(False, "this box was started without a configuration file")
        if self._box.closing.is_set():
            return Verdict(False, "this box is stopping")
        try:
            config, text = await trio.to_thread.run_sync(self._file.read)
        except ConfigError as error:
            self._box.notes = structs.replace(self._box.notes, problem=str(error))
            return Verdict(False, f"{error}. Nothing was changed.")
        return await self._apply(config, text)

    async def _apply(self, config: Config, text: str) -> Verdict:
        possible, waiting = self._possible(self._listening.of(config, text))
        changes = differences(self._box.config, possible)
        self._box.config = possible
        self._box.registry.reconfigure(possible)
        self._box.notes = Notes(file=str(self._file), needs_restart=waiting, keeps=self._box.notes.keeps)
        await self._keep_as_last_good(text)
        later = f"; needs a restart: {', '.join(waiting)}" if waiting else ""
        return Verdict(True, f"{self._file} is in force: {', '.join(changes) or 'nothing changed'}{later}")

    def _possible(self, config: Config) -> tuple[Config, list[str]]:
        """What of it can be in force now, and the keys that cannot."""
        started, wanted = self._started, config.limits
        waiting = [f"limits.{key}" for key in ONLY_AT_START if getattr(wanted, key) != getattr(started.limits, key)]
        kept = {key: getattr(started.limits, key) for key in ONLY_AT_START}
        most = started.limits.max_connections - SPARE_CONNECTIONS
        if wanted.max_viewers > most:
            waiting.append("limits.max_viewers")
        limits = structs.replace(wanted, max_viewers=min(wanted.max_viewers, most), **kept)
        if config.server.bind != started.server.bind:
            waiting.insert(0, "server.bind")
        server = structs.replace(config.server, bind=started.server.bind)
        return structs.replace(config, server=server, limits=limits), waiting

    async def keep_as_last_good(self, beginning: Beginning) -> None:
        """What the box started with is in force now, so it may be needed."""
        if beginning.file is not None and not beginning.problem:
            await self._keep_as_last_good(beginning.text)

    async def _keep_as_last_good(self, text: str) -> None:
        if self._folder is None:
            return
        path = self._folder / LAST_GOOD
        try:
            if await trio.to_thread.run_sync(state.read, path) != text.encode():
                await trio.to_thread.run_sync(state.write, path, text.encode())
        except state.StateError as error:
            log.warning("the last good configuration is not kept: %s", error)

    # What people change on the page.

    async def change_camera(self, camera_id: str, values: Values) -> str:
        """See Keeping."""
        cameras = [
            structs.replace(each, **values) if each.id == camera_id else each for each in self._box.config.cameras
        ]
        return await self._keep(lambda file: file.change_camera(camera_id, values), cameras)

    async def add_camera(self, camera: Camera) -> str:
        """See Keeping."""
        return await self._keep(lambda file: file.add_camera(camera), [*self._box.config.cameras, camera])

    async def remove_camera(self, camera_id: str) -> str:
        """See Keeping."""
        cameras = [each for each in self._box.config.cameras if each.id != camera_id]
        return await self._keep(lambda file: file.remove_camera(camera_id), cameras)

    async def _keep(self, write: Callable[[ConfigFile], str], cameras: list[Camera]) -> str:
        """Write it, and know that `cameras` are those of the file now, as far as they are in force."""
        assert self._file is not None
        async with self._one_at_a_time:
            try:
                text = await trio.to_thread.run_sync(write, self._file)
            except NotKeptError as error:
                log.warning("not kept: %s", error)
                return str(error)
            self._box.config = structs.replace(self._box.config, cameras=cameras)
            await self._keep_as_last_good(text)
            return ""


def differences(old: Config, new: Config) -> list[str]:
    """What is another, for people."""
    told = [
        f"{room}.{key}"
        for room in ("server", "limits")
        for key in getattr(old, room).__struct_fields__
        if getattr(getattr(old, room), key) != getattr(getattr(new, room), key)
    ]
    told += _compared("preset", old.presets, new.presets)
    before, after = ({camera.id: camera for camera in config.cameras} for config in (old, new))
    return told + _compared("camera", before, after)


def _compared(kind: str, old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    added = [f"{kind} {name} added" for name in new if name not in old]
    removed = [f"{kind} {name} removed" for name in old if name not in new]
    return added + removed + [f"{kind} {name} changed" for name in new if name in old and new[name] != old[name]]
