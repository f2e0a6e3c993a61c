"""An app that asks much of the server's edge, and the two servers of it: ours, and stock hypercorn.

Run as a program, this file is one of them in a process of its own: `edge_app.py edge|stock`; it prints its port and closes
when stdin does.
"""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import hypercorn.trio
import trio
from hypercorn.config import Config
from quart import Response, request, websocket
from quart_trio import QuartTrio

from appliance.server import edge, listen
from appliance.server.edge import connection, serving

SEND_TIMEOUT_S = KEEP_ALIVE_S = GRACEFUL_S = 1.0
SOON_S = SEND_TIMEOUT_S + connection.GRACE_S + 2.0  # what must happen happens by then, also while the machine is busy
CHUNK = bytes(256 * 1024)  # one of these and a few more fill the buffers of a client that does not read


def create_app() -> QuartTrio:
    app = QuartTrio("edge_test")
    counts = {"inside": 0, "cut": 0}

    @app.get("/")
    async def ok() -> str:
        return "fine"

    @app.post("/")
    async def take() -> str:
        return str(len(await request.get_data()))

    @app.post("/unread")
    async def unread() -> str:
        return "no thanks"

    @app.get("/count/<name>")
    async def count(name: str) -> str:
        return str(counts[name])

    @app.get("/endless")
    async def endless() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            counts["inside"] += 1
            try:
                while True:
                    yield CHUNK
            finally:
                counts["inside"] -= 1

        response = Response(parts())
        response.timeout = None
        return response

    @app.get("/large")
    async def large() -> bytes:
        return CHUNK * 8

    @app.get("/until/closing")
    async def until_closing() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            await app.config["CLOSING"].wait()
            yield b"last"

        response = Response(parts())
        response.timeout = None
        return response

    @app.get("/crash")
    async def crash() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise ValueError("a fault of the app's own")

        return Response(parts())

    @app.websocket("/ws/echo")
    @app.websocket("/ws/stream/echo", endpoint="stream_echo")
    async def echo() -> None:
        while True:
            await websocket.send(await websocket.receive())

    @app.websocket("/ws/send")  # its only checkpoints are those of send()
    async def send() -> None:
        counts["inside"] += 1
        try:
            while True:
                await websocket.send(CHUNK)
        finally:
            counts["inside"] -= 1

    @app.websocket("/ws/impatient")
    async def impatient() -> None:
        with trio.move_on_after(0.2):
            while True:
                await websocket.send(CHUNK)
        counts["cut"] += 1

    @app.websocket("/ws/undecided")
    async def undecided() -> None:
        counts["inside"] += 1
        try:
            await trio.sleep_forever()
        finally:
            counts["inside"] -= 1

    @app.websocket("/ws/refused")
    async def refused() -> Response:
        await trio.lowlevel.checkpoint()
        return Response('{"error": "no such stream"}', status=404)

    @app.websocket("/ws/deaf")
    async def deaf() -> None:
        counts["inside"] += 1
        try:
            await websocket.accept()
            await trio.sleep_forever()
        finally:
            counts["inside"] -= 1

    return app


Serve = Callable[..., Awaitable[None]]


async def serve_edge(
    app: QuartTrio,
    shutdown_trigger: Callable[[], Awaitable[None]],
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
    **terms: object,
) -> None:
    await edge.serve(
        app,
        sockets=listen.bind(["127.0.0.1:0"]),
        send_timeout_s=SEND_TIMEOUT_S,
        shutdown_trigger=shutdown_trigger,
        graceful_timeout_s=GRACEFUL_S,
        keep_alive_timeout_s=KEEP_ALIVE_S,
        task_status=task_status,
        **terms,  # type: ignore[arg-type]
    )


async def serve_stock(
    app: QuartTrio,
    shutdown_trigger: Callable[[], Awaitable[None]],
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.graceful_timeout, config.keep_alive_timeout = GRACEFUL_S, KEEP_ALIVE_S
    config.websocket_max_message_size = serving.default_max_message_bytes("/")
    await hypercorn.trio.serve(app, config, shutdown_trigger=shutdown_trigger, task_status=task_status)


async def run_until_stdin_closes(serve: Serve) -> None:
    async with trio.open_nursery() as nursery:
        urls = await nursery.start(partial(serve, create_app(), partial(trio.lowlevel.wait_readable, 0)))
        print(urls[0].rpartition(":")[2], flush=True)


class Edge:
    """A server in this process: its port, and how to close it."""

    def __init__(self, port: int, url: str) -> None:
        self.port, self.url = port, url
        self.closing, self.closed = trio.Event(), trio.Event()

    async def must_close_within(self, seconds: float) -> None:
        self.closing.set()
        with trio.fail_after(seconds):
            await self.closed.wait()


@asynccontextmanager
async def edge_of(app: object, **terms: object) -> AsyncIterator[Edge]:
    closing = trio.Event()

    async def run(task_status: trio.TaskStatus[list[str]]) -> None:
        await serve_edge(app, closing.wait, task_status, **terms)  # type: ignore[arg-type]
        served.closed.set()

    async with trio.open_nursery() as nursery:
        urls = await nursery.start(run)
        served = Edge(int(urls[0].rpartition(":")[2]), urls[0])
        served.closing = closing
        yield served
        closing.set()


if __name__ == "__main__":
    trio.run(run_until_stdin_closes, {"edge": serve_edge, "stock": serve_stock}[sys.argv[1]])
