"""Hotplug, by udev's word and by looking: one contract for both."""

import logging
import resource
import socket
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from appliance.capture.device import Node, node_of
from appliance.capture.hotplug import LOOK_EVERY_S, Hotplug, Monitor, heard
from tests.capture.udev import Udev

ROOM_BYTES = 65536
AT_ONCE_S = 1.0  # far below a camera's start, far above what a busy machine takes


def heard_a_little(udev: Udev) -> Monitor:
    """As `heard`, with room for some forty words only. libudev asks for 128 MiB, and root gets them."""
    with udev.network.inside():
        monitor = heard(udev.folder)
    with socket.fromfd(monitor.fileno(), socket.AF_NETLINK, socket.SOCK_RAW) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM_BYTES // 2)  # the kernel doubles it
    return monitor


class Plugs:
    """A device that comes and goes, and whoever tells of it."""

    def __init__(self, hotplug: Hotplug, folder: Path, udev: Udev | None) -> None:
        self.hotplug, self.udev = hotplug, udev
        self._node, self.link = folder / "video0", folder / "usb-Cam-video-index0"
        self._number = 0

    @property
    def name(self) -> str:
        return str(self.link)

    def plug(self) -> None:
        """First the node, then its name, then the word, as on a real box."""
        self._number += 1
        self._node = self._node.with_name(f"video{self._number}")
        self._node.touch()
        self.link.symlink_to(self._node)
        self.tell("add")

    def unplug(self) -> None:
        self._node.unlink()
        self.link.unlink()
        self.tell("remove")

    async def departure_of(self, node: Node) -> None:
        while not node.left:
            await self.hotplug.stirred.wait()

    def tell(self, action: str, subsystem: str = "video4linux") -> None:
        if self.udev is not None:
            self.udev.say(action, self._node.name, subsystem)


@pytest.fixture(params=["udev", "looking"])
async def plugs(request: pytest.FixtureRequest, tmp_path: Path, nursery: trio.Nursery) -> AsyncIterator[Plugs]:
    if request.param == "looking":
        hotplug = Hotplug(partial(heard, tmp_path / "no udev"))
        assert not await nursery.start(hotplug.run)
        yield Plugs(hotplug, tmp_path, None)
        return
    try:
        udev = Udev(tmp_path)
    except PermissionError:
        pytest.skip("only root may have a network of its own, to speak as udev in")
    hotplug = Hotplug(partial(heard_a_little, udev))
    assert await nursery.start(hotplug.run), "udev is heard"
    yield Plugs(hotplug, tmp_path, udev)
    udev.close()


async def returns(wait: Callable[[], object], within_s: float = AT_ONCE_S) -> None:
    with trio.fail_after(within_s):
        await wait()  # type: ignore[misc]  # a coroutine function of any kind


async def test_it_appears_and_leaves_and_is_back(plugs: Plugs) -> None:
    for _ in range(3):
        with trio.fail_after(AT_ONCE_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(plugs.hotplug.appearance_of, plugs.name, None)
                await wait_all_tasks_blocked()
                plugs.plug()
        node = node_of(plugs.name)
        assert node is not None
        with trio.fail_after(AT_ONCE_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(plugs.departure_of, node)
                await wait_all_tasks_blocked()
                plugs.unplug()


async def test_one_that_is_there_does_not_appear(plugs: Plugs) -> None:
    plugs.plug()
    with trio.move_on_after(2 * LOOK_EVERY_S) as waited:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(plugs.hotplug.appearance_of, plugs.name, node_of(plugs.name))
            await wait_all_tasks_blocked()
            plugs.tell("change")
    assert waited.cancelled_caught


async def test_out_and_in_between_two_looks_is_both(plugs: Plugs) -> None:
    plugs.plug()
    node = node_of(plugs.name)
    assert node is not None
    plugs.unplug()
    plugs.plug()
    with trio.fail_after(AT_ONCE_S):
        await plugs.departure_of(node)
        await plugs.hotplug.appearance_of(plugs.name, node)


async def test_what_is_there_or_gone_already_takes_no_wait(plugs: Plugs) -> None:
    plugs.plug()
    node = node_of(plugs.name)
    assert node is not None
    await plugs.hotplug.appearance_of(plugs.name, None)
    plugs.unplug()
    await plugs.departure_of(node)


async def test_many_wait_at_once_for_no_name_too(plugs: Plugs) -> None:
    with trio.fail_after(AT_ONCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(plugs.hotplug.appearance_of, "", None)
            async with trio.open_nursery() as waiting:
                for _ in range(50):
                    waiting.start_soon(plugs.hotplug.appearance_of, plugs.name, None)
                await wait_all_tasks_blocked()
                plugs.plug()
            nursery.cancel_scope.cancel()


# What only udev's word can do, or fail to do.


@pytest.mark.parametrize("plugs", ["udev"], indirect=True)
async def test_only_video_devices_wake_anybody(plugs: Plugs) -> None:
    woken = 0

    async def count() -> None:
        nonlocal woken
        while True:
            await plugs.hotplug.stirred.wait()
            woken += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        await wait_all_tasks_blocked()
        for subsystem in ("usb", "net", "block"):
            plugs.tell("add", subsystem)
        plugs.plug()
        with trio.fail_after(AT_ONCE_S):
            await plugs.hotplug.stirred.wait()
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert woken == 1


@pytest.mark.parametrize("plugs", ["udev"], indirect=True)
async def test_more_than_the_kernel_can_keep(plugs: Plugs) -> None:
    """pyudev does not get over that by itself, and would be ready to read for ever."""
    for _ in range(1000):
        plugs.tell("change")
    plugs.plug()
    with trio.fail_after(5):
        await plugs.hotplug.appearance_of(plugs.name, None)
    before_s = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    await trio.sleep(2.0)  # a span of time is what is measured here
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before_s < 1.0, "it runs in circles"
    node = node_of(plugs.name)
    assert node is not None
    with trio.fail_after(AT_ONCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(plugs.departure_of, node)
            await wait_all_tasks_blocked()
            plugs.unplug()


async def test_where_no_udev_runs_one_line_says_so(
    tmp_path: Path, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "appliance"):
        await nursery.start(Hotplug(partial(heard, tmp_path)).run)
        await trio.sleep(2 * LOOK_EVERY_S)
    assert [record.getMessage() for record in caplog.records] == [
        "looking for cameras every 0.25 s, because udev tells nothing: it does not run here"
    ]
    with pytest.raises(FileNotFoundError):
        heard(tmp_path)
