"""Keeping: what people set on the configured cameras survives a restart of the box, one file a camera.

Rule 1: a file that cannot be read or written costs its camera the settings and a line of log, never its pictures.
Rule 2: the disk is an SD card: it is written when something is different, and at most every SETTLE_S.
Rule 3: streams made at run time end with the program, and so do their settings, unless the configuration takes them in.
"""

import logging
from pathlib import Path
from typing import Literal

import msgspec
import trio
from msgspec import Struct

from appliance.streams.registry import Registry
from appliance.streams.settings import Kept
from appliance.streams.stream import Stream
from appliance.system import state

SETTLE_S = 1.0
WRITE_S = 3.0  # a card that takes longer is as good as gone; the box must be able to stop
log = logging.getLogger("appliance.keeping")


class _File(Struct):
    version: Literal[1]
    models: dict[str, dict[str, bool | int | float]]


async def keep(
    registry: Registry, folder: Path, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Give each configured camera's stream what was kept for it, then write down what is set, until cancelled.

    Cameras that are added while the box runs are its cameras as well; of those that go, nothing more is written.
    """
    keepers: dict[Stream, trio.CancelScope] = {}
    async with trio.open_nursery() as nursery:
        while True:
            streams = {stream for stream in registry if not stream.removable}
            for stream in keepers.keys() - streams:
                keepers.pop(stream).cancel()
            for stream in streams - keepers.keys():
                keepers[stream] = trio.CancelScope()
                written = _recalled(stream, folder)
                nursery.start_soon(_keep, stream, _place(folder, stream), written, keepers[stream])
            task_status.started()
            task_status = trio.TASK_STATUS_IGNORED
            await registry.changed.wait()


def _recalled(stream: Stream, folder: Path) -> Kept:
    """What the file says; the stream has it from now on, unless it was set already."""
    try:
        kept = _read(_place(folder, stream))
    except state.StateError as error:
        log.warning("%s: %s; what was set on this camera is not known any more", stream.id, error)
        return {}
    if not stream.settings.kept:
        stream.settings.recall(kept)
    return kept


async def _keep(stream: Stream, path: Path, written: Kept, scope: trio.CancelScope) -> None:
    settings = stream.settings
    try:
        with scope:
            while True:
                if settings.kept == written:
                    await settings.changed.wait()
                    continue
                await trio.sleep(SETTLE_S)
                written = settings.kept
                await _write(path, written)
    finally:
        if settings.kept != written:
            with trio.move_on_after(WRITE_S, shield=True):
                await _write(path, settings.kept)


def _read(path: Path) -> Kept:
    data = state.read(path)
    if data is None:
        return {}
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise state.StateError(f"{path} cannot be understood") from error
    return {model: dict(values) for model, values in file.models.items()}


async def _write(path: Path, kept: Kept) -> None:
    data = msgspec.json.format(msgspec.json.encode({"version": 1, "models": kept}), indent=1) + b"\n"
    try:  # in a thread, because an SD card may take seconds; and to its end, or two would write at once
        with trio.move_on_after(WRITE_S, shield=True) as patience:
            await trio.to_thread.run_sync(state.write, path, data, abandon_on_cancel=True)
        if patience.cancelled_caught:
            raise state.StateError(f"{path} could not be written within {WRITE_S:g} s")  # noqa: TRY301 - one line for both
    except state.StateError as error:
        log.warning("%s; settings of this camera are lost with the next restart", error)


def _place(folder: Path, stream: Stream) -> Path:
    return folder / "controls" / f"{stream.id}.json"
