"""The way to the program that switches USB devices off and on, with one that only says it did."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from appliance.capture.recovery import MOST_RESETS
from appliance.capture.usb_reset import UsbReset
from tests.capture.test_device import MadeUpBox


class Privileged:
    """Listens where the real one will, and answers as it is told."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.asked: list[str] = []
        self.answer: bytes | None = b"ok\n"  # None: never
        self.then: Callable[[], None] = lambda: None  # what that does to the device

    async def serve(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        with trio.socket.socket(trio.socket.AF_UNIX) as listening:
            await listening.bind(str(self.socket))
            listening.listen()
            await trio.serve_listeners(self._reply, [trio.SocketListener(listening)], task_status=task_status)  # type: ignore[arg-type]

    async def _reply(self, stream: trio.SocketStream) -> None:
        async with stream:
            self.asked.append((await stream.receive_some()).decode())
            if self.answer is None:
                await trio.sleep_forever()
            self.then()
            await stream.send_all(self.answer or b"")


@pytest.fixture
async def privileged(tmp_path: Path, nursery: trio.Nursery) -> Privileged:
    program = Privileged(tmp_path / "usb-reset.sock")
    await nursery.start(program.serve)
    return program


@pytest.fixture
def video0(tmp_path: Path) -> str:
    return str(MadeUpBox(tmp_path).plug("video0", "1-1.2"))


def reset_of(tmp_path: Path) -> UsbReset:
    return UsbReset(tmp_path / "usb-reset.sock", tmp_path / "sys")


async def test_it_is_asked_by_place_and_its_times_are_kept(privileged: Privileged, video0: str, tmp_path: Path) -> None:
    reset = reset_of(tmp_path)
    assert reset.times_of(video0) == []
    for count in range(1, 6):
        assert await reset(video0) == ""
        assert len(reset.times_of(video0) or ()) == min(count, MOST_RESETS)
    assert privileged.asked == ["1-1.2\n"] * 5


@pytest.mark.parametrize(
    ("answer", "words"),
    [(b"no such device\n", "no such device"), (b"", "no answer"), (b"x" * 5000, "x" * 200), (b"\xff\n", "�")],
)
async def test_what_it_answers_instead(
    privileged: Privileged, video0: str, tmp_path: Path, answer: bytes, words: str
) -> None:
    privileged.answer = answer
    assert await reset_of(tmp_path)(video0) == words


async def test_it_is_not_waited_for_too_long(
    privileged: Privileged, video0: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.capture.usb_reset.DEADLINE_S", 0.2)
    privileged.answer = None
    assert await reset_of(tmp_path)(video0) == "no answer"


async def test_without_it_nothing_is_reset_and_once_that_is_said(
    video0: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reset = reset_of(tmp_path)
    with caplog.at_level("INFO", "appliance"):
        assert [reset.times_of(video0), reset.times_of(video0)] == [None, None]
    assert len(caplog.records) == 1
    assert await reset(video0) != "", "it has just been removed"


async def test_only_what_is_on_a_usb_bus_is_reset(privileged: Privileged, tmp_path: Path) -> None:
    reset = reset_of(tmp_path)
    assert reset.times_of("/dev/null") is None
    assert await reset("/dev/null") == "it is not there any more"
    assert privileged.asked == []
