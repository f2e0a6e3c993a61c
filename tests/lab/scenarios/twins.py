"""Two cameras of one make, which call themselves by the same name and number."""

import contextlib

import trio

from tests.lab.scenarios.box import box, camera
from tests.lab.scenarios.scene import SMALL, settled
from tests.lab.scenarios.stage import Stage, scenario
from tests.lab.scenarios.watching import Viewer, watching
from tests.lab.usbcam import remote

LOOK_S = 2.0


@scenario("two identical cameras")
async def same_serial(stage: Stage) -> None:
    await both_by_path(stage, "--serial", "SN1")


@scenario("two identical cameras without serial numbers")
async def no_serial(stage: Stage) -> None:
    await both_by_path(stage, "--serial", "")


async def both_by_path(stage: Stage, *identity: str) -> None:
    """Each is found by the socket it is in; each shows its own pictures (told apart by their stamps' clocks)."""
    options = (*SMALL, *identity, "--stamp")
    with remote.camera("left", *options) as left, remote.camera("right", *options) as right:
        cameras = [camera(name, f"usb:{cam.link('by-path')}") for name, cam in (("left", left), ("right", right))]
        stage.report.that(
            "they have one name by-id", names_of(left) != names_of(right), f"{names_of(left)} {names_of(right)}"
        )
        with box(stage.folder, *cameras) as running:
            async with watching(running.url, "left") as one, watching(running.url, "right") as other:
                await settled([*one, *other])
                before = left.status()["sent"], right.status()["sent"]
                left.tell("freeze")
                await trio.sleep(LOOK_S + 1)
                await settled_offline(stage, one[1])
                stage.report.that(
                    "only the right one goes on", len(recent(other[1])) > 10, f"{len(recent(other[1]))} pictures"
                )
                left.tell("clear")
                stage.report.that("both were streaming", min(before) > 0, f"{before}")
            await running.check_processes(stage.report)


def names_of(cam: remote.Remote) -> str:
    """Its name by-id, or none where its twin has that."""
    with contextlib.suppress(remote.CameraError):
        return cam.link()
    return "none"


def recent(viewer: Viewer) -> list[object]:
    return list(viewer.live(trio.current_time() - LOOK_S))


async def settled_offline(stage: Stage, viewer: Viewer) -> None:
    """The one that was frozen shows why."""
    took_s = await viewer.until("placeholder", trio.current_time() - LOOK_S - 1, 8)
    stage.report.within("only the frozen one is offline", took_s, 5.0, starts=1)
