"""A slow connection between a browser and the box: everything passes, at most so fast, and little of it waits on the way."""

import math
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType

BUFFER_BYTES = 16_384
CHUNK_BYTES = 2048


class SlowLink:
    """Listens on a port of its own and passes on to `port`; `bytes_per_s` may be changed at any time; at first nothing is slow."""

    def __init__(self, port: int) -> None:
        self.bytes_per_s = math.inf
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        self._turn = threading.Lock()  # all connections share the link
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> "SlowLink":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in (self._listening, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed: the test is over
            while True:
                browser, _ = self._listening.accept()
                box = socket.socket()
                box.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
                box.connect(("127.0.0.1", self._port))
                self._open += [browser, box]
                for pair in ((browser, box), (box, browser)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # one of them is gone, and so is the other then
            while chunk := source.recv(CHUNK_BYTES):
                if self.bytes_per_s < math.inf:
                    with self._turn:
                        time.sleep(len(chunk) / self.bytes_per_s)
                target.sendall(chunk)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
