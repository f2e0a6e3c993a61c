"""What leaves over one connection: one message after the other, each whole or the connection's last."""

import os
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import trio

from appliance.server.edge.crowd import CROWD, REFUSED, file_of, let_go
from appliance.server.edge.unacknowledged import is_drained, unacknowledged_bytes
from appliance.wire.buffers import Buffers

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]

SLICE_BYTES = 256 * 1024  # of a message must leave within the deadline: a frame whole, a big answer at 26 KB/s or more
HELD_UP_S = 1.0  # between two pieces: the process was held up, not the client
RECORD_BYTES = 16 * 1024  # TLS encrypts so much at once; between two of them others may look at the clock
_NOTHING = Buffers((), 0)
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() throws unsent data away and tells the peer so


class Outgoing:
    """The one writer of a connection, for everybody who has something to say on it.

    Rule 1: nothing follows half a message but its rest. Who comes next finishes it first.
    Rule 2: nothing follows goodbye.
    Rule 3: a slice that has not left within `send_timeout_s` ends the connection with a reset.
    """

    __slots__ = (
        *("socket", "over", "prompt", "accepted_bytes", "on_reset", "_stream", "_secure", "_send_timeout_s"),
        *("_complain", "_turn", "_rest", "_due_s", "_slice_left", "_tried_s", "_carries", "_fd", "_prepared", "_taken"),
    )

    def __init__(self, stream: Stream, send_timeout_s: float, complain: Callable[..., None]) -> None:
        self._stream = stream
        self._secure = isinstance(stream, trio.SSLStream)
        self.socket = stream.transport_stream.socket if isinstance(stream, trio.SSLStream) else stream.socket
        self._send_timeout_s = send_timeout_s
        self._complain = complain
        self._turn = trio.Lock()
        self._rest: deque[memoryview] = deque()
        self._due_s = 0.0  # when the slice under way must have left
        self._slice_left = 0
        self._tried_s = 0.0  # when somebody last tried to send a piece
        self.accepted_bytes = 0  # of all messages that began to leave
        self.over = False
        self._carries = True
        self.prompt = not self._secure  # takes a message that waits for nobody; TLS has to encrypt it first
        self._fd = self.socket.fileno()
        self._prepared = _NOTHING
        self._taken = 0
        self.on_reset: Callable[[], None] = lambda: None

    @property
    def half_sent(self) -> bool:
        """A message has begun to leave and has not left whole."""
        return bool(self._rest)

    @property
    def carries(self) -> bool:
        """Whether it is time for messages: on a WebSocket, those who speak its protocol tell."""
        return self._carries

    @carries.setter
    def carries(self, carries: bool) -> None:
        self._carries = carries
        self._judge()

    def _judge(self) -> None:
        """One flag for all that stands against a message at once: it is looked at for every frame."""
        self.prompt = self._carries and not (self._secure or self.over or self._rest or self._turn.locked())

    def send_now(self, buffers: Buffers) -> bool:
        """Send a message if the kernel takes at least its beginning at once; `push` then sends the rest. Waits for nobody."""
        if not self.prepare(buffers):
            return False
        self.write()
        return self.written() > 0

    # The same in three steps, for those who send to many: a write ruins the processor's caches, so that for a hundred viewers a
    # hundred writes in a row, with the rest before and after them, take less time than a hundred times all of it.

    def prepare(self, buffers: Buffers) -> bool:
        """Whether they may be written now; `write` comes next, and nobody awaits until then."""
        if self.prompt:
            self._prepared = buffers
            buffers.takers += 1
        return self.prompt

    def prepare_if_drained(self, buffers: Buffers) -> bool:
        """The same, unless something is still on its way to the other end's kernel."""
        return is_drained(self._fd) and self.prepare(buffers)

    def write(self) -> None:
        """Give what was prepared to the kernel."""
        buffers = self._prepared
        try:
            if buffers.takers < CROWD or (file := file_of(buffers)) == REFUSED:
                self._taken = os.writev(self._fd, buffers.pieces)
            else:
                self._taken = os.sendfile(self._fd, file, 0, buffers.size_bytes)
        except OSError:  # BlockingIOError: its buffer is full. Others: whoever reads finds out
            self._taken = 0

    def written(self) -> int:
        """The length of the message, in bytes, if any of it left; then all of it will. Else 0."""
        buffers, taken = self._prepared, self._taken
        self._prepared = _NOTHING
        buffers.takers -= 1
        if not buffers.takers:
            let_go(buffers)
        if taken == buffers.size_bytes or not taken:
            self.accepted_bytes += taken
            return taken
        self.accepted_bytes += buffers.size_bytes
        for piece in buffers.pieces:
            if taken < len(piece):
                self._append(memoryview(piece)[taken:])
            taken = max(0, taken - len(piece))
        self._judge()
        return buffers.size_bytes

    @property
    def is_drained(self) -> bool:
        """Whether the other end's kernel has everything that ours was given."""
        return is_drained(self._fd)

    @property
    def unacknowledged_bytes(self) -> int:
        """How much of all that was sent the other end's kernel has not acknowledged. 0 once the connection is over."""
        return unacknowledged_bytes(self._fd) + (sum(map(len, self._rest)) if self._rest else 0)

    async def send(self, *buffers: bytes) -> None:
        """Send a message, after what is being sent now; dropped after goodbye. Cancelled halfway it ends the connection."""
        async with self._in_turn():
            await self._finish()
            for buffer in buffers:
                if buffer and not self.over:
                    self.accepted_bytes += len(buffer)
                    self._append(memoryview(buffer))
            await self._finish()

    async def push(self) -> None:
        """Send a piece more of what is half sent. May be cancelled, except over TLS: then the connection ends."""
        async with self._in_turn():
            if self._rest:
                await self._send_piece()

    async def goodbye(self) -> None:
        """Close our half, after what is being sent now."""
        async with self._in_turn():
            await self._finish()
            if self.over:
                return
            self._end()
            if isinstance(self._stream, trio.SSLStream):
                self._fd = -1  # soon somebody else's
                await self._stream.aclose()
            else:
                self.socket.shutdown(socket.SHUT_WR)

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        try:
            async with self._turn:
                self.prompt = False
                yield
        finally:
            self._judge()

    def give_up(self) -> None:
        """The client takes nothing any more."""
        self._complain("%s: took nothing for %g s and is reset", self._send_timeout_s)
        self.reset()

    def reset(self) -> None:
        """End the connection now; what has not left is thrown away."""
        self._end()
        self._rest.clear()
        with suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close()
        self.on_reset()

    def close(self) -> None:
        """The connection is over, whatever became of it."""
        self._end()
        self._fd = -1
        self.socket.close()

    def _end(self) -> None:
        self.over, self.prompt = True, False

    def _append(self, view: memoryview) -> None:
        if not self._rest:
            self._tried_s = trio.current_time()
            self._due_s = self._tried_s + self._send_timeout_s
            self._slice_left = SLICE_BYTES
        self._rest.append(view)

    async def _finish(self) -> None:
        try:
            while self._rest:
                await self._send_piece()
        finally:
            if self._rest:  # cancelled: nothing can follow half a message
                self.reset()

    async def _send_piece(self) -> None:
        now = trio.current_time()
        if max(now - self._tried_s, now - self._due_s) > HELD_UP_S:  # it was us who did not try
            self._due_s = now + self._send_timeout_s
        with trio.CancelScope(deadline=self._due_s) as patience:
            try:
                taken = await self._take(self._rest[0])
            except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                self.reset()  # the client is gone
                return
            self._account(taken)
        self._tried_s = trio.current_time()
        if patience.cancelled_caught and self._tried_s - self._due_s <= HELD_UP_S:  # else: as above
            self.give_up()

    async def _take(self, view: memoryview) -> int:
        if not self._secure:
            return await self.socket.send(view)
        whole = False
        try:
            await self._stream.send_all(view[:RECORD_BYTES])
            whole = True
        finally:
            if not whole:  # nobody knows how much of a record has left
                self.reset()
        return min(len(view), RECORD_BYTES)

    def _account(self, taken: int) -> None:
        if not self._rest:
            return  # reset meanwhile
        self._slice_left -= taken
        if self._slice_left <= 0:
            self._due_s = trio.current_time() + self._send_timeout_s
            self._slice_left += SLICE_BYTES
        if taken < len(self._rest[0]):
            self._rest[0] = self._rest[0][taken:]
        else:
            self._rest.popleft()
