"""A worker that sits in the kernel with a device that answers nobody: what others see of it."""

import trio

from tests.lab.scenarios.box import box, camera
from tests.lab.scenarios.scene import SMALL, settled
from tests.lab.scenarios.stage import Stage, scenario
from tests.lab.scenarios.watching import Viewer, watching
from tests.lab.usbcam import remote

LOOK_S = 20.0  # long enough for what the emulator needs to start another worker, seconds of both its processors, to be a part of it
RATIO = 1.2
LEAST_S = 0.005  # two figures this close are the same


@scenario(
    "another camera hangs", patience_s=180
)  # not in the quick round: whatever else the machine does is in these figures
async def hung_neighbour(stage: Stage) -> None:
    """Viewers of a good camera notice nothing: age of their pictures with and without it."""
    with remote.camera("good", *SMALL) as good, remote.camera("bad", *SMALL) as bad:
        cameras = camera("front", f"usb:{good.link()}"), camera("bad", f"usb:{bad.link()}")
        with box(stage.folder, *cameras) as running:
            async with watching(running.url) as viewers:
                await settled(viewers)
                await running.until("live", 20, "bad")
                without = await ages(viewers[0])
                bad.tell("hang")
                _, reason = await running.until("offline", 30, "bad")
                with_it = await ages(viewers[0])
                stage.report.says("the reason of the one that hangs", reason, "stopped|no new picture|did not open")
                for name, share in (("median", 0.5), ("95th percentile", 0.95)):
                    before_s, after_s = at(without, share), at(with_it, share)
                    what = f"age of the other's pictures, {name}: {before_s * 1000:.1f} → {after_s * 1000:.1f} ms"
                    stage.report.most(what, max(after_s, LEAST_S) / max(before_s, LEAST_S), RATIO, " times")
                rate = len(with_it) / len(without)
                stage.report.least("pictures compared with before", rate, 0.9, " times")
                bad.tell("clear")
            await running.check_processes(stage.report, allowed_s=20)


async def ages(viewer: Viewer) -> list[float]:
    """Of the pictures of some seconds, sorted."""
    began_s = trio.current_time()
    await trio.sleep(LOOK_S)
    return sorted(sight.age_s for sight in viewer.live(began_s))


def at(values: list[float], share: float) -> float:
    return values[int((len(values) - 1) * share)]
