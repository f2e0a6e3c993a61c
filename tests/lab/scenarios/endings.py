"""How a fault must end: in a true reason, or in a picture, soon enough."""

import trio

from tests.lab.scenarios.box import Box
from tests.lab.scenarios.report import Report
from tests.lab.scenarios.watching import Viewer

PATIENCE_S = 20.0
SOON_S = 5.0


async def in_reason(report: Report, running: Box, words: str, within_s: float = SOON_S, starts: int = 0) -> None:
    """The stream is offline with a reason that holds one of `words`. `starts`: of a Python on the way there."""
    took_s, reason = await running.until("offline", PATIENCE_S, words=words)
    report.within("a reason is shown", took_s, within_s, starts=starts)
    report.says("the reason", reason, words)


async def in_picture(report: Report, viewer: Viewer, since_s: float, within_s: float = SOON_S, starts: int = 2) -> None:
    """A picture is back on a connection that stayed. `starts` of a Python on the way: one draws the reason, one is the new worker."""
    took_s = await viewer.until("live", since_s, max(PATIENCE_S, within_s))
    report.within("a picture is back", took_s, within_s, starts=starts)


async def pause(seconds: float) -> float:
    """Let it go on for a while; when that began."""
    began_s = trio.current_time()
    await trio.sleep(seconds)
    return began_s
