"""Composition root: builds every object, opens the root nursery, owns start and stop."""

import functools
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import trio

from appliance import keeping
from appliance.capture.attached import AttachedCameras
from appliance.capture.nursery import keep_cameras_alive
from appliance.config import Config
from appliance.reload import Beginning, Reload
from appliance.server import edge, listen
from appliance.server.app import create_app
from appliance.server.box import Box
from appliance.streams import freshness
from appliance.streams.ceiling import LOWEST
from appliance.streams.registry import Registry
from appliance.streams.relief import Patience, Relief, Strain
from appliance.streams.stream import Stream
from appliance.system import capabilities, desk, watchdog
from appliance.system.board import Board
from appliance.system.limits import allow_open_files
from appliance.system.looking import LOOKOUT, Lookout, look
from appliance.system.names import host_names
from appliance.system.notify import Notify

OPEN_TO_ALL = (
    "This box can be reached from the network ({}) and has no access control yet: everybody who reaches it can watch, "
    "and can start, stop, change and remove its cameras."
)
OTHER_FILES = 256  # listeners, workers, logs, and those who are told that there is no room
log = logging.getLogger("appliance")


async def main(
    beginning: Beginning,
    *,
    state: Path | None = None,
    notify: Notify | None = None,
    desk_place: Path | None = None,
    with_lane: bool = True,
    lookout: Lookout = LOOKOUT,
    patience: Patience | None = None,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run the box until SIGTERM or SIGINT; reports its URLs once it answers. Raises listen.ListenError.

    `state`: the folder for what outlives a restart; None: nothing does. `desk_place`: where it can be asked for a reload.
    `lookout`: where the board is looked at; tests have one of plain files, and less `patience` with it.
    """
    capabilities.keep_to_ourselves()
    notify = notify or Notify()
    sockets = _listen(beginning.config, notify)
    box = _box_of(beginning.config, sockets)
    reload = Reload(box, beginning, state, notify)
    async with trio.open_nursery() as nursery:
        await nursery.start(_obey_signals, box, reload, notify)
        if state is not None:
            await nursery.start(keeping.keep, box.registry, state)
        await nursery.start(look, lookout, state, functools.partial(_seen, box, Relief(patience)))
        nursery.start_soon(keep_cameras_alive, box.registry)
        serve = _server_of(box, sockets, with_lane=with_lane)
        urls = await nursery.start(_serve_then_stop, serve, nursery.cancel_scope)
        _collect_garbage_early()
        _say(urls, box.all_warnings)
        if desk_place is not None:
            answers = {desk.RELOAD: reload, desk.HEALTH: functools.partial(_health, box)}
            await nursery.start(desk.serve, desk_place, answers)
        nursery.start_soon(watchdog.watch, notify, functools.partial(_hung, box), functools.partial(_status, box))
        notify.ready(f"live at {', '.join(urls)}")
        await reload.keep_as_last_good(beginning)
        task_status.started(urls)


def _say(urls: list[str], warnings: list[str]) -> None:
    for url in urls:
        log.info("live at %s", url)
    for warning in warnings:
        log.warning("%s", warning)


def _box_of(config: Config, sockets: list[socket.socket]) -> Box:
    reachable = listen.beyond_loopback(sockets)
    registry = Registry(config)
    return Box(
        config=config,
        registry=registry,
        attached_cameras=AttachedCameras(lambda: [stream.camera for stream in registry]),
        names=host_names(),
        warnings=[OPEN_TO_ALL.format(", ".join(reachable))] if reachable else [],
    )


def _server_of(box: Box, sockets: list[socket.socket], *, with_lane: bool) -> Callable[..., Awaitable[None]]:
    limits = box.config.limits
    return functools.partial(
        edge.serve,
        create_app(box),
        sockets=sockets,
        send_timeout_s=limits.send_timeout_s,
        shutdown_trigger=box.closing.wait,
        keep_alive_timeout_s=limits.request_timeout_s,
        max_connections=_connections_that_fit(box.config),
        max_connections_per_address=limits.max_connections_per_address,
        refused=box.refused,
        with_lane=with_lane,
    )


def _listen(config: Config, notify: Notify) -> list[socket.socket]:
    """What systemd opened or kept for us, else what is configured. Raises listen.ListenError."""
    passed = listen.from_systemd()
    before = {listen.name_of(sock) for sock in passed.kept}
    sockets = passed.given or listen.bind(config.server.bind, passed.kept)
    now = {} if passed.given else {listen.name_of(sock): sock for sock in sockets}
    for name in before - now.keys():
        notify.forget(name)
    for name in now.keys() - before:
        notify.keep(name, now[name])
    return sockets


def _seen(box: Box, relief: Relief, board: Board) -> None:
    """The board was looked at: say what is news, and spare it if it needs that."""
    for concern in board.concerns:
        if concern not in box.board.concerns:
            log.warning("%s", concern)
    box.board, power = board, board.power
    strain = Strain(board.temperature_c, board.heat_limit_c, bool(power.under_voltage), bool(power.throttled))
    ceiling, before = relief.look(time.monotonic(), strain), box.registry.ceiling.level
    box.registry.limit(ceiling)
    if ceiling.level > before:
        log.warning("pictures are reduced, step %d of %d: %s", ceiling.level, LOWEST, ceiling.why)
    elif ceiling.level < before:
        log.info("pictures are %s", f"reduced less now, step {ceiling.level}" if ceiling.level else "as chosen again")


def _hung(box: Box) -> list[str]:
    return [stream.id for stream in box.registry if stream.running and stream.progress.is_overdue]


def _status(box: Box) -> str:
    """How things are, for `systemctl status`."""
    wanted = [stream for stream in box.registry if stream.running]
    live = sum(stream.status == "live" for stream in wanted)
    problem = "; the configuration has an error" if box.notes.problem else ""
    return f"{live} of {len(wanted)} cameras live, {box.viewers} watch{problem}"


async def _health(box: Box) -> desk.Verdict:
    """How each camera is, for who watches over an upgrade."""
    now_s = time.monotonic()
    return desk.Verdict(True, " ".join(f"{stream.id}:{_state(stream, now_s)}" for stream in box.registry))


def _state(stream: Stream, now_s: float) -> str:
    if not stream.running:
        return "resting"
    if stream.status != "live":
        return stream.status
    return "pattern" if freshness.stands_in(stream) else "stale" if freshness.lack(stream, now_s) else "live"


def _connections_that_fit(config: Config) -> int:
    """As many as are configured, or as the system's files allow: when accept() finds none, the box answers nobody."""
    wanted = config.limits.max_connections
    fit = max(1, min(wanted, allow_open_files(wanted + OTHER_FILES) - OTHER_FILES))
    if fit < wanted:
        log.warning("this process may open too few files for limits.max_connections = %d; %d fit", wanted, fit)
    return fit


def _collect_garbage_early() -> None:
    """Cancelled requests leave cycles that hold whole pictures until a full collection, and by default those are rare.

    What exists now lives as long as the program: frozen, it is not looked at again, so that full collections are short
    enough (about a millisecond) to be frequent.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 5, 2)


async def _serve_then_stop(
    serve: Callable[..., Awaitable[None]],
    root: trio.CancelScope,
    task_status: trio.TaskStatus[list[str]],
) -> None:
    """The server is the last to start and the first to end; when it is gone, so may everything else be."""
    await serve(task_status=task_status)
    root.cancel()


async def _obey_signals(
    box: Box, reload: Reload, notify: Notify, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """The first SIGTERM or SIGINT ends the box in order, a second one at once. SIGHUP puts the configuration into force anew."""
    with_terminal = _has_terminal()
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        task_status.started()
        async with trio.open_nursery() as reloads:
            async for number in signals:
                if number == signal.SIGHUP and not (with_terminal and not _has_terminal()):
                    reloads.start_soon(reload)
                    continue
                if box.closing.is_set():
                    os._exit(128 + number)
                log.info("stopping")
                notify.stopping()
                box.close()


def _has_terminal() -> bool:
    """Is there one to talk to? When it is closed, SIGHUP means that."""
    with suppress(OSError), open("/dev/tty", "rb"):  # noqa: PTH123 - a device
        return True
    return False
