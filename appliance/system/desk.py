"""The desk: where programs of this machine ask the running one for something, and wait for its answer. A Unix socket, one line each way.

    asked       "reload\n" or "health\n"
    answered    "done " or "failed ", then one line: for people, or what `health` says: "front:live garden:offline"

Rule 1: only the box's own user and root may ask; the file's mode says so.
Rule 2: who asks waits as long as it takes, and knows then: a signal could not answer.
"""

import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import trio

PLACE = Path("/run/camera-appliance")
NAME = "desk.sock"
RELOAD = "reload"
HEALTH = "health"
PATIENCE_S = 30.0  # of who asks; a reload takes a moment, a disk that is busy may take seconds
LONGEST_LINE = 4096
AT_A_TIME = 8  # of those who ask; others wait in the kernel
_BY_HAND = "One that was started by hand is told with kill -HUP and its process number"
log = logging.getLogger("appliance.system")


class Verdict(NamedTuple):
    """What came of it."""

    done: bool
    words: str


class DeskError(Exception):
    """Nobody answers there; `str()` says who and what to do."""


def place(environment: Mapping[str, str]) -> Path:
    """Where the desk is: in the folder that systemd made for it."""
    return Path(environment.get("RUNTIME_DIRECTORY", "").partition(":")[0] or PLACE) / NAME


async def serve(
    path: Path,
    answers: Mapping[str, Callable[[], Awaitable[Verdict]]],
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Answer for ever what may be asked for by name. Where the socket cannot be made, say so and do without."""
    try:
        listening = _listen(path)
    except OSError as error:
        log.warning("no reload on request: %s: %s", path, error.strerror)
        task_status.started()
        return
    room = trio.CapacityLimiter(AT_A_TIME)

    async def answer(stream: trio.SocketStream) -> None:
        async with stream, room:
            with trio.move_on_after(PATIENCE_S):
                asked = (await stream.receive_some(LONGEST_LINE)).decode(errors="replace").strip()
                verdict = (
                    await answers[asked]()
                    if asked in answers
                    else Verdict(False, f"asked for here can be: {', '.join(answers)}")
                )
                words = " ".join(verdict.words.split())[:LONGEST_LINE]
                await stream.send_all(f"{'done' if verdict.done else 'failed'} {words}\n".encode())

    async def attend(stream: trio.SocketStream) -> None:
        try:
            await answer(stream)
        except trio.BrokenResourceError:
            log.info("who asked did not wait for the answer")

    with listening:
        await trio.serve_listeners(attend, [trio.SocketListener(listening)], task_status=task_status)  # type: ignore[arg-type]


def _listen(path: Path) -> trio.socket.SocketType:
    path.unlink(missing_ok=True)  # of a process that was killed
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(str(path))
        path.chmod(0o600)
        sock.listen()
    except OSError:
        sock.close()
        raise
    return trio.socket.from_stdlib_socket(sock)


def ask(path: Path, what: str = RELOAD) -> Verdict:
    """Ask the running program, and wait for what came of it. Raises DeskError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(PATIENCE_S)
        try:
            sock.connect(os.fspath(path))
            sock.sendall(f"{what}\n".encode())
            answer = sock.makefile(encoding="utf-8", errors="replace").readline()
        except PermissionError as error:
            raise DeskError(f"{path}: this user may not ask here. Use: sudo camera-appliance {RELOAD}") from error
        except OSError as error:
            reason = (error.strerror or "no answer").lower()
            raise DeskError(f"no running camera-appliance answers at {path}: {reason}. {_BY_HAND}") from error
    done, _, words = answer.rstrip("\n").partition(" ")
    if done not in ("done", "failed"):
        raise DeskError(f"camera-appliance ended before it answered ({path})")
    return Verdict(done == "done", words)
