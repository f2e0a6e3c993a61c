"""Another appliance as a camera here: live, and back after that one was restarted."""

import trio

from tests.lab.scenarios import endings
from tests.lab.scenarios.box import box, camera
from tests.lab.scenarios.scene import settled
from tests.lab.scenarios.stage import Stage, scenario
from tests.lab.scenarios.watching import watching

THERE = 8001


@scenario("another appliance as a camera")
async def other_box(stage: Stage) -> None:
    pattern = camera("far", "pattern", preset="low")
    here = camera("front", f"ws://127.0.0.1:{THERE}/ws/viewer/far")
    with box(stage.folder, here) as running:
        async with watching(running.url) as viewers:
            with box(stage.folder, pattern, port=THERE):
                await settled(viewers)
                stage.report.that("it is live", True)
            await endings.in_reason(stage.report, running, f"127.0.0.1:{THERE}")
            with box(stage.folder, pattern, port=THERE) as far:
                await far.until("live", endings.PATIENCE_S, "far")
                began_s = trio.current_time()
                await endings.in_picture(stage.report, viewers[1], began_s, within_s=10)
        await running.check_processes(stage.report)
