"""Cameras on the network, as small as they can honestly be: each answers every connection with what the test says."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, TextMessage
from wsproto.events import Request as Upgrade

from appliance.frame import Frame
from appliance.wire import message

FPS = 30
MULTIPART = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=--far\r\n\r\n"
Serve = Callable[[socket.socket, bytes], None]  # given the connection and the head of what was asked


class FarEnd:
    """A listening port whose connections are each served by a thread, until the test ends."""

    def __init__(self, serve: Serve, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._serve, self._tls = serve, tls
        self._ended = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self.asked: list[bytes] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def tick(self) -> bool:
        """Wait for one frame's time; False when the test is over."""
        return not self._ended.wait(1 / FPS)

    def end(self) -> None:
        """As if its plug was pulled, only more polite: connections are closed, the port refuses."""
        self._ended.set()
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                self._threads.append(threading.Thread(target=self._answer, args=(connection,)))
                self._threads[-1].start()

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def _answer(self, connection: socket.socket) -> None:
        head = b""
        with suppress(OSError), self._secured(connection) as connection:
            while b"\r\n\r\n" not in head:
                got = connection.recv(65536)
                if not got:
                    return
                head += got
            self.asked.append(head)
            self._serve(connection, head)


@contextmanager
def far_end(
    serve_with: Callable[[Callable[[], bool]], Serve], port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[FarEnd]:
    """Run one. What `serve_with` returns is given the ticks of the far end."""
    end = FarEnd(lambda connection, head: serve_with(end.tick)(connection, head), port, tls)
    try:
        yield end
    finally:
        end.end()


def answering(answer: bytes) -> Callable[[Callable[[], bool]], Serve]:
    """Always the same bytes, then the end."""
    return lambda _tick: lambda connection, _head: connection.sendall(answer)


def silent(tick: Callable[[], bool]) -> Serve:
    """Takes the request, and nothing more."""

    def serve(_connection: socket.socket, _head: bytes) -> None:
        while tick():
            pass

    return serve


def parts(
    photos: list[bytes], *, length: bool = True, head: bytes = MULTIPART
) -> Callable[[Callable[[], bool]], Serve]:
    """An MJPEG camera."""

    def of(tick: Callable[[], bool]) -> Serve:
        def serve(connection: socket.socket, _head: bytes) -> None:
            connection.sendall(head)
            for photo in cycle(photos):
                size = b"Content-Length: %d\r\n" % len(photo) if length else b""
                connection.sendall(b"--far\r\nContent-Type: image/jpeg\r\n" + size + b"\r\n" + photo + b"\r\n")
                if not tick():
                    return

        return serve

    return of


def chunked(photos: list[bytes]) -> Callable[[Callable[[], bool]], Serve]:
    """The same in chunks that end anywhere."""

    def of(tick: Callable[[], bool]) -> Serve:
        def serve(connection: socket.socket, _head: bytes) -> None:
            connection.sendall(MULTIPART.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"))
            for photo in cycle(photos):
                data = b"--far\r\ncontent-length: %d\r\n\r\n" % len(photo) + photo
                for piece in (data[:50], data[50:9000], data[9000:]):
                    connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
                if not tick():
                    return

        return serve

    return of


def snapshots(photos: list[bytes]) -> Callable[[Callable[[], bool]], Serve]:
    """A camera of single pictures."""
    turn = cycle(photos)

    def of(_tick: Callable[[], bool]) -> Serve:
        def serve(connection: socket.socket, _head: bytes) -> None:
            photo = next(turn)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(photo) + photo
            )

        return serve

    return of


def guarded(
    challenge: bytes, accepts: bytes, inner: Callable[[Callable[[], bool]], Serve]
) -> Callable[[Callable[[], bool]], Serve]:
    """Answers 401 with `challenge` unless the request holds `accepts`."""

    def of(tick: Callable[[], bool]) -> Serve:
        def serve(connection: socket.socket, head: bytes) -> None:
            if accepts in head:
                inner(tick)(connection, head)
            else:
                connection.sendall(
                    b"HTTP/1.1 401 No\r\nWWW-Authenticate: " + challenge + b"\r\nContent-Length: 0\r\n\r\n"
                )

        return serve

    return of


def box(
    photos: list[bytes], told: str = '{"type":"stream_info","data":{"stream_id":"far","slot":0,"status":"live"}}'
) -> Callable[[Callable[[], bool]], Serve]:
    """A box's viewer socket that sends the next picture only when the one before was acknowledged, as flow control does."""

    def of(tick: Callable[[], bool]) -> Serve:
        def serve(connection: socket.socket, head: bytes) -> None:
            protocol = WSConnection(ConnectionType.SERVER)
            protocol.receive_data(head)
            assert any(isinstance(event, Upgrade) for event in protocol.events())
            connection.sendall(protocol.send(AcceptConnection()))
            connection.sendall(protocol.send(TextMessage(told)))
            for number, photo in enumerate(cycle(photos)):
                frame = Frame(photo, number, 1, 0.0, 640, 360, 0)
                connection.sendall(protocol.send(BytesMessage(message.encode(frame, 0, 0))))
                acknowledged = ""
                while f'"frame_number":{number}' not in acknowledged:
                    got = connection.recv(4096)
                    if not got:
                        return
                    protocol.receive_data(got)
                    acknowledged += "".join(event.data for event in protocol.events() if isinstance(event, TextMessage))
                if not tick():
                    return

        return serve

    return of
