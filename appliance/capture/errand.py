"""An errand: a short-lived process of the cameras' room that answers one question and ends. The server itself touches no device."""

import subprocess
import sys

import trio

START = (sys.executable, "-P", "-m", "appliance.cameras")
KILL_DEADLINE_S = 2.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024


async def errand(*arguments: str, deadline_s: float) -> bytes:
    """What the process printed; nothing when it failed, said too much, or took longer than `deadline_s`."""
    try:
        process = await trio.lowlevel.open_process(
            [*START, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except (OSError, ValueError):  # ValueError: an argument no process can be given
        return b""
    try:
        with trio.move_on_after(deadline_s):
            return await _answer(process)
    finally:
        with trio.move_on_after(KILL_DEADLINE_S, shield=True):  # one that is stuck in the kernel is left behind
            if process.returncode is None:
                process.kill()
            await process.wait()
    return b""


async def _answer(process: trio.Process) -> bytes:
    assert process.stdout is not None
    answer = bytearray()
    async with process.stdout:
        async for chunk in process.stdout:
            answer += chunk
            if len(answer) > MAX_ANSWER_BYTES:
                return b""
    return bytes(answer) if await process.wait() == 0 else b""
