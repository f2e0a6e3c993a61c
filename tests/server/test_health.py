"""/healthz: a load balancer's question, asked of the running box."""

import os
import signal

import httpx
import trio

from tests.support.boxes import start_box, workers_of
from tests.support.clients import eventually

THREE = """
[server]
bind = ["127.0.0.1:0"]
[[cameras]]
id = "front"
source = "pattern"
[[cameras]]
id = "gate"
source = "published"
[[cameras]]
id = "yard"
source = "usb:/dev/v4l/by-id/usb-that-is-nowhere"
autostart = false
"""


async def test_which_camera_has_no_fresh_picture_and_why(nursery: trio.Nursery, http: httpx.AsyncClient) -> None:
    url = await start_box(nursery, THREE)

    async def says(status: int, failing: list[str], why: str = "") -> bool:
        answer = await http.get(f"{url}/healthz")
        told = answer.json().get("failing", {})
        return (answer.status_code, sorted(told)) == (status, failing) and why in "".join(told.values())

    await eventually(lambda: says(200, []), within_s=15)
    answer = await http.get(f"{url}/healthz")
    assert answer.json() == {"ok": True, "waiting": ["gate"]}, (
        "nobody is there who could publish: that is not this box's illness"
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await http.head(f"{url}/healthz")).status_code == 200
    await http.post(f"{url}/api/streams", json={"id": "yard"})
    await eventually(lambda: says(503, ["yard"], why="usb-that-is-nowhere"), within_s=10)
    await http.delete(f"{url}/api/streams/yard")
    assert await says(200, [])
    for worker in workers_of(os.getpid()):
        os.kill(worker, signal.SIGSTOP)
    await eventually(lambda: says(503, ["front"]), within_s=5)
