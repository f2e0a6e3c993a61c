"""All that is relied on of hypercorn's insides, checked at import: a release that changes them is refused by name."""

import inspect
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from hypercorn.events import RawData, Updated
from hypercorn.protocol.h11 import H11Protocol, H11WSConnection
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.protocol.ws_stream import Handshake, WebsocketBuffer, WSStream
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.worker_context import WorkerContext
from wsproto import connection as wsproto_connection
from wsproto import events as wsproto_events

# Parameters of what is called or overridden, attributes that are read.
_PARAMETERS: tuple[tuple[Callable[..., Any], str], ...] = (
    (H11Protocol.__init__, "self app config context task_group connection_state ssl client server send"),
    (H11Protocol.handle, "self event"),
    (H11Protocol.stream_send, "self event"),
    (H11Protocol._check_protocol, "self event"),
    (H11Protocol._create_stream, "self request"),
    (H11Protocol._send_error_response, "self status_code"),
    (HTTPStream.app_send, "self message"),
    (WSStream.app_send, "self message"),
    (RawData.__init__, "self data address"),
    (Updated.__init__, "self idle"),
    (Lifespan.__init__, "self app config state"),
    (WorkerContext.__init__, "self max_requests"),
)
_ATTRIBUTES = (
    (H11Protocol, "config context connection send stream"),
    (H11WSConnection, "buffer h11_connection"),
    (HTTPStream, "closed"),
    (WSStream, "buffer closed"),  # connection and handshake are only declared there, and set later
    (Handshake, "accepted"),
    (WebsocketBuffer, "length max_length"),
)


def check() -> None:
    """Say at import what changed, rather than fail in front of a client. Raises RuntimeError."""
    changed = [f.__qualname__ for f, names in _PARAMETERS if list(inspect.signature(f).parameters) != names.split()]
    for kind, names in _ATTRIBUTES:
        changed += [f"{kind.__name__}.{name}" for name in names.split() if name not in kind.__init__.__code__.co_names]
    if changed:
        raise RuntimeError(
            f"hypercorn {version('hypercorn')} is not 0.18.0, as appliance.server.edge needs it: {', '.join(changed)} changed"
        )


def lane_fits() -> bool:
    """Whether the lane can work here; else every answer goes through plain ASGI, slower but right.

    It needs wsproto to say whether a WebSocket is open and when a pong came, and Linux to say what the other end has not acknowledged.
    """
    known = (
        hasattr(wsproto_connection.Connection, "state"),
        hasattr(wsproto_connection.ConnectionState, "OPEN"),
        hasattr(wsproto_events.Pong(b""), "payload"),
        sys.platform == "linux",
    )
    return all(known)
