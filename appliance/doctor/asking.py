"""Asking other programs of this box, and the running one: never for long, and never for more than so much."""

import contextlib
import http.client
import os
import select
import subprocess
import time

MOST_BYTES = 512 * 1024  # of one answer; of a longer one the end is kept, which is the newest
COMMAND_S = 15.0
HTTP_S = 4.0


def command(*words: str) -> str:
    """What a program says, or in brackets why it says nothing. No shell."""
    try:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except (OSError, ValueError) as error:
        return f"[{words[0]}: {error.strerror if isinstance(error, OSError) else error}]"
    assert process.stdout is not None
    with process.stdout:
        said, ended = _newest(process.stdout.fileno(), time.monotonic() + COMMAND_S)
    process.kill()  # it has said all, or is not waited for
    with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the kernel; it is left behind
        process.wait(1.0)
    return said if ended else f"{said}\n[{words[0]} did not end within {COMMAND_S:g} s]"


def _newest(fd: int, until_s: float) -> tuple[str, bool]:
    """The last of what comes until the end, or until then; was it the end? A line that is cut goes whole: half a secret is none we know."""
    said, cut = b"", False
    while (left_s := until_s - time.monotonic()) > 0 and select.select([fd], [], [], left_s)[0]:
        chunk = os.read(fd, 65536)
        if not chunk:
            return _text(said, cut=cut), True
        said, cut = (said + chunk)[-MOST_BYTES:], cut or len(said) + len(chunk) > MOST_BYTES
    return _text(said, cut=cut), False


def _text(said: bytes, *, cut: bool) -> str:
    if cut:
        said = b"[the beginning is left out]\n" + said.partition(b"\n")[2]
    return said.decode(errors="replace")


def box(host: str, port: int, path: str) -> str:
    """What the running program answers at one of its addresses; "" when nobody of ours does."""
    connection = http.client.HTTPConnection(host, port, timeout=HTTP_S)
    try:
        connection.request("GET", path, headers={"Host": "127.0.0.1"})
        answer = connection.getresponse()
        body, until_s = b"", time.monotonic() + HTTP_S
        while len(body) < MOST_BYTES and time.monotonic() < until_s and (chunk := answer.read1(65536)):
            body += chunk
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()
    return body.decode(errors="replace") if answer.getheader("Content-Type", "").startswith("application/json") else ""
