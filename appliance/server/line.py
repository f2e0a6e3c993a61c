"""Line: a WebSocket connection on which nothing is said after goodbye."""

import trio
from quart import Websocket, websocket

from appliance.server.edge.lane import lane_of
from appliance.server.requests import address_of

NORMAL, GOING_AWAY, POLICY_VIOLATION, TRY_AGAIN_LATER = 1000, 1001, 1008, 1013  # RFC 6455, section 7.4.1


class Line:
    """What several tasks may share: whoever closes first decides how it ends, and what others still want to say is dropped."""

    def __init__(self, socket: Websocket) -> None:
        self._socket = socket
        self._closed = False
        self.lane = lane_of(socket.scope)
        self.address = address_of(socket)

    @classmethod
    def of_this_request(cls) -> "Line":
        """The connection itself: the proxy that quart offers does not reach into child tasks of other contexts."""
        return cls(websocket._get_current_object())  # type: ignore[attr-defined]

    async def accept(self) -> None:
        """Let the client in."""
        await self._socket.accept()

    async def receive(self) -> str | bytes | None:
        """What the client says next; None stands for an empty binary message."""
        heard: str | bytes | None = await self._socket.receive()
        return heard

    async def send(self, message: str | bytes) -> None:
        """Say something, unless the line is closed."""
        if self._closed:
            await trio.lowlevel.checkpoint()
            return
        await self._socket.send(message)

    async def close(self, code: int) -> None:
        """Say goodbye, after what is being said now."""
        if self._closed:
            await trio.lowlevel.checkpoint()
            return
        self._closed = True
        await self._socket.close(code)
