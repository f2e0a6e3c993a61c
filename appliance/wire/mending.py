"""What is being done about a camera that failed, as people and programs are told."""

from typing import Literal

from msgspec import Struct

Step = Literal["new_worker", "usb_reset", "wait_for_hotplug"]


class Recovery(Struct, frozen=True):
    """What is being done about a camera that failed: see capture/recovery.py."""

    step: Step
    attempt: int  # the number of the try that comes or runs, since the camera last was well
    next_in_s: float | None  # 0: it runs; None: when the device comes, or another process lets it go
    last_reason: str
