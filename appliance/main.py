"""Composition root: builds every object, opens the root nursery, owns start and stop."""

import functools
import gc
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import trio

from appliance import keeping
from appliance.capture.attached import AttachedCameras
from appliance.capture.nursery import keep_cameras_alive
from appliance.config import Config
from appliance.server import edge, listen
from appliance.server.app import create_app
from appliance.server.box import Box
from appliance.streams.registry import Registry
from appliance.system.limits import allow_open_files
from appliance.system.names import host_names
from appliance.system.notices import notices

OPEN_TO_ALL = (
    "This box can be reached from the network ({}) and has no access control yet: everybody who reaches it can watch, "
    "start and stop its streams."
)
OTHER_FILES = 256  # listeners, workers, logs, and those who are told that there is no room
log = logging.getLogger("appliance")


async def main(
    config: Config,
    *,
    state: Path | None = None,
    with_lane: bool = True,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run the box until SIGTERM or SIGINT; reports its URLs once it answers. `state`: where settings are kept. Raises ListenError."""
    max_connections = _connections_that_fit(config)
    sockets = listen.from_systemd() or listen.bind(config.server.bind)
    reachable = listen.beyond_loopback(sockets)
    registry = Registry(config)
    box = Box(
        config=config,
        registry=registry,
        attached_cameras=AttachedCameras(lambda: [stream.camera for stream in registry]),
        names=[*host_names(), *config.server.allowed_hosts],
        warnings=[*([OPEN_TO_ALL.format(", ".join(reachable))] if reachable else []), *notices()],
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(_close_on_signal, box)
        if state is not None:
            await nursery.start(keeping.keep, box.registry, state)
        nursery.start_soon(keep_cameras_alive, box.registry)
        serve = functools.partial(
            edge.serve,
            create_app(box),
            sockets=sockets,
            send_timeout_s=config.limits.send_timeout_s,
            shutdown_trigger=box.closing.wait,
            keep_alive_timeout_s=config.limits.request_timeout_s,
            max_connections=max_connections,
            max_connections_per_address=config.limits.max_connections_per_address,
            refused=box.refused,
            with_lane=with_lane,
        )
        urls = await nursery.start(_serve_then_stop, serve, nursery.cancel_scope)
        _collect_garbage_early()
        _say(urls, box.warnings)
        task_status.started(urls)


def _say(urls: list[str], warnings: list[str]) -> None:
    for url in urls:
        log.info("live at %s", url)
    for warning in warnings:
        log.warning("%s", warning)


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


async def _close_on_signal(box: Box, task_status: trio.TaskStatus[None]) -> None:
    """The first signal ends the box in order, a second one at once."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for number in signals:
            if box.closing.is_set():
                os._exit(128 + number)
            log.info("stopping")
            box.close()
