"""Where the lane does not fit, plain ASGI does its work; and what it needs of others is refused or done without by name.

That the fallback delivers is tested by test_mjpeg.py and test_viewer_socket.py, which run both ways.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from wsproto import connection as wsproto_connection

from appliance.server.edge import pinned
from tests.support.edge_clients import connected
from tests.support.stage import page, stage

WITHOUT = {
    "Connection.state": (
        "wsproto_connection",
        SimpleNamespace(Connection=object, ConnectionState=wsproto_connection.ConnectionState),
    ),
    "ConnectionState.OPEN": (
        "wsproto_connection",
        SimpleNamespace(Connection=wsproto_connection.Connection, ConnectionState=object),
    ),
    "Pong.payload": ("wsproto_events", SimpleNamespace(Pong=lambda payload: object())),
    "linux": ("sys", SimpleNamespace(platform="darwin")),
}


def test_the_lane_fits_here() -> None:
    assert pinned.lane_fits()


@pytest.mark.parametrize("missing", WITHOUT)
async def test_a_lane_that_does_not_fit_is_done_without(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    name, other = WITHOUT[missing]
    monkeypatch.setattr(pinned, name, other)
    async with stage() as box, connected(box.port) as client, page(box.port) as viewer:
        await client.send(b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        head = (await client.read_until(b"\r\n\r\n")).lower()
        assert b"\r\ntransfer-encoding: chunked\r\n" in head  # which the lane never is
        await box.until_watched(2)
        number = box.publish()
        assert (await viewer.picture()).number == number
        await client.read_until(number.to_bytes(8, "big") * 100)


@pytest.mark.parametrize(("function", "names"), pinned._PARAMETERS, ids=lambda part: getattr(part, "__qualname__", ""))
def test_each_method_that_changed_is_named(
    monkeypatch: pytest.MonkeyPatch, function: Callable[..., Any], names: str
) -> None:
    def changed(self: object, something: object) -> None:
        """Take other parameters."""

    changed.__qualname__ = function.__qualname__
    others = tuple((changed, its) if its_own is function else (its_own, its) for its_own, its in pinned._PARAMETERS)
    pinned.check()
    monkeypatch.setattr(pinned, "_PARAMETERS", others)
    with pytest.raises(RuntimeError, match=rf": {function.__qualname__} changed"):
        pinned.check()


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in pinned._ATTRIBUTES for name in names.split()]
)
def test_each_attribute_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch, kind: type, name: str) -> None:
    class Changed:
        """Sets nothing at all."""

        def __init__(self) -> None:
            pass

    Changed.__name__ = kind.__name__
    monkeypatch.setattr(pinned, "_ATTRIBUTES", ((Changed, name),))
    with pytest.raises(RuntimeError, match=rf": {kind.__name__}\.{name} changed"):
        pinned.check()
