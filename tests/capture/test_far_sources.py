"""Cameras on the network through the whole program: another box, RTSP, and what strangers and watchers must not get."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
import trio

from tests.cameras.far_ends import far_end, guarded, parts
from tests.support.boxes import BoxProcess, free_port, workers_of
from tests.support.clients import Talk, open_viewer

RTSP_CAMERA = Path(__file__).with_name("rtsp_camera.py")
SYSTEM_PYTHON = "/usr/bin/python3"  # has Debian's GStreamer, which our own environment has not
FAR = '[server]\nbind = ["127.0.0.1:0"]\n[[cameras]]\nid = "far"\nsource = "pattern"\nwidth = 640\nheight = 360\n'
REASON_S, BACK_S = 2.0, 5.0
STEADY_S = 2.2  # a camera that lived for so long is restarted without a longer wait


def gathering(**sources: str) -> str:
    cameras = (
        f'[[cameras]]\nid = "{name}"\nsource = "{source}"\npreset = "native"\n' for name, source in sources.items()
    )
    return '[server]\nbind = ["127.0.0.1:0"]\n' + "".join(cameras)


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir(exist_ok=True)
    return made


async def picture(viewer: Talk, within_s: float) -> None:
    with trio.fail_after(within_s):
        await viewer.frame(placeholder=False)


async def stays_live(viewer: Talk) -> None:
    with trio.move_on_after(STEADY_S):
        while True:
            assert not (await viewer.frame()).placeholder


async def reason(viewer: Talk, within_s: float = REASON_S) -> str:
    with trio.fail_after(within_s):
        return await viewer.told_and_shown()


async def shown(box: BoxProcess, path: str) -> str:
    async with httpx.AsyncClient() as http:
        return (await http.get(box.url + path)).text


@pytest.mark.parametrize("kind", ["ws", "http"])
async def test_another_box_is_live_and_comes_back(kind: str, tmp_path: Path) -> None:
    port = free_port()
    paths = {"ws": "ws/viewer/far?preset=native", "http": "api/streams/far/mjpeg?preset=native"}
    here = gathering(front=f"{kind}://127.0.0.1:{port}/{paths[kind]}")
    with ExitStack() as boxes:
        far = boxes.enter_context(BoxProcess(folder(tmp_path, "far"), FAR, port=port))
        far.wait_until_live("far")
        near = boxes.enter_context(BoxProcess(folder(tmp_path, "near"), here))
        near.wait_until_live()
        async with open_viewer(near.url, "/ws/viewer/front") as viewer:
            await picture(viewer, 5)
            await stays_live(viewer)
            far.process.kill()
            assert f"127.0.0.1:{port} " in await reason(viewer)
            boxes.enter_context(BoxProcess(folder(tmp_path, "far"), FAR, port=port))
            await picture(viewer, BACK_S)
            await stays_live(viewer)
        assert '"status":"live"' in await shown(near, "/api/streams/front")


async def test_another_box_without_its_camera_says_why(tmp_path: Path) -> None:
    far_text = FAR.replace("pattern", "usb:/dev/v4l/by-id/nobody")
    with ExitStack() as boxes:
        far = boxes.enter_context(BoxProcess(folder(tmp_path, "far"), far_text))
        far.wait_until_up()
        sources = {"ws": f"ws://127.0.0.1:{far.port}/ws/viewer/far", "http": f"{far.url}/api/streams/far/mjpeg"}
        near = boxes.enter_context(BoxProcess(folder(tmp_path, "near"), gathering(**sources)))
        near.wait_until_up()
        async with (
            open_viewer(near.url, "/ws/viewer/ws") as over_ws,
            open_viewer(near.url, "/ws/viewer/http") as over_http,
        ):
            assert "no such device" in await reason(over_ws, 8)
            assert "has no picture of its camera itself" in await reason(over_http, 12)


async def test_far_box_hangs(tmp_path: Path) -> None:
    """It is stopped, not killed: nothing ends, nothing comes."""
    port = free_port()
    with ExitStack() as boxes:
        far = boxes.enter_context(BoxProcess(folder(tmp_path, "far"), FAR, port=port))
        far.wait_until_live("far")
        here = gathering(front=f"ws://127.0.0.1:{port}/ws/viewer/far?preset=native")
        near = boxes.enter_context(BoxProcess(folder(tmp_path, "near"), here))
        near.wait_until_live()
        async with open_viewer(near.url, "/ws/viewer/front") as viewer:
            await picture(viewer, 5)
            await stays_live(viewer)
            far.process.send_signal(signal.SIGSTOP)
            assert "stopped sending pictures" in await reason(viewer, 4)
            far.process.send_signal(signal.SIGCONT)
            await picture(viewer, 2 * BACK_S)  # an attempt may still wait for the answer to its upgrade


async def test_a_login_is_seen_nowhere(tmp_path: Path, photos: list[bytes]) -> None:
    inner = parts(photos)
    with (
        far_end(guarded(b'Basic realm="x"', b"Authorization: Basic ", inner)) as far,
        far_end(guarded(b"x", b"y", inner)) as no,
    ):
        wrong = f"http://me:hidden@127.0.0.1:{no.port}/x?token=hidden"
        text = gathering(front=f"http://me:hidden@127.0.0.1:{far.port}/?token=hidden", wrong=wrong)
        with BoxProcess(tmp_path, text) as box:
            box.wait_until_live()
            async with open_viewer(box.url, "/ws/viewer/wrong") as viewer:
                assert "neither Basic nor Digest" in await reason(viewer, 5)
            seen = [await shown(box, path) for path in ("/api/streams", "/api/status", "/metrics", "/openapi.json")]
            processes = [box.process.pid, *workers_of(box.process.pid)]
            seen += [Path(f"/proc/{pid}/cmdline").read_text() for pid in processes]
            seen.append(box.log.read_text())
            check = partial(subprocess.run, check=True, capture_output=True, text=True)
            command = [sys.executable, "-m", "appliance", "check-config", "--config", str(tmp_path / "appliance.toml")]
            seen.append((await trio.to_thread.run_sync(check, command)).stdout)
            assert [text for text in seen if "hidden" in text] == []
            assert f"http://127.0.0.1:{far.port}/" in seen[0]


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp", "ws", "wss"])
async def test_strangers_may_not_name_addresses(box: str, scheme: str) -> None:
    body = {"source": f"{scheme}://127.0.0.1:1/x"}
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{box}/api/streams", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert "others stand in the configuration" in answer.json()["error"]["message"]


@contextmanager
def rtsp_camera(port: int, *login: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([SYSTEM_PYTHON, str(RTSP_CAMERA), str(port), *login]) as process:
        try:
            deadline_s, listening = time.monotonic() + 10, f"0100007F:{port:04X} 00000000:0000 0A"
            while time.monotonic() < deadline_s and listening not in Path("/proc/net/tcp").read_text():
                time.sleep(0.02)
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


@pytest.mark.slow
async def test_rtsp_is_live_and_comes_back(tmp_path: Path) -> None:
    port = free_port()
    here = gathering(front=f"rtsp://me:hidden@127.0.0.1:{port}/front", wrong=f"rtsp://me:no@127.0.0.1:{port}/front")
    with ExitStack() as ends:
        camera = ends.enter_context(rtsp_camera(port, "me", "hidden"))
        near = ends.enter_context(BoxProcess(tmp_path, here))
        near.wait_until_live()
        async with open_viewer(near.url, "/ws/viewer/wrong") as wrong:
            assert f"127.0.0.1:{port}: 401: name or password wrong" in await reason(wrong, 5)
        async with open_viewer(near.url, "/ws/viewer/front") as viewer:
            await picture(viewer, 5)
            await stays_live(viewer)
            camera.kill()
            assert f"127.0.0.1:{port} " in await reason(viewer)
            camera = ends.enter_context(rtsp_camera(port, "me", "hidden"))
            await picture(viewer, BACK_S)
            await stays_live(viewer)
            os.kill(camera.pid, signal.SIGSTOP)
            assert "stopped sending pictures" in await reason(viewer, 4)
        assert "hidden" not in near.log.read_text()
