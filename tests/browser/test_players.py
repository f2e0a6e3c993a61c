"""Programs of other people play the stream: ffmpeg, OpenCV, curl and Chromium's <img>, all at once, for 90 s; and Motion."""

import itertools
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import simplejpeg
from selenium import webdriver

from appliance.cameras import blocks
from tests.browser.test_live import watch
from tests.support.boxes import BoxProcess

SECONDS = 90
PATHS = ["/api/streams/front/mjpeg", "/?action=stream"]
LEAST_FPS = 25

OPENCV = """
import sys, time, cv2
capture, until, count, last, gap = cv2.VideoCapture(sys.argv[1]), time.monotonic() + float(sys.argv[2]), 0, None, 0.0
while time.monotonic() < until:
    ok, picture = capture.read()
    now = time.monotonic()
    assert ok and picture.shape == (720, 1280, 3), "the stream broke"
    gap, last, count = max(gap, now - (last or now)), now, count + 1
print(count, gap)
"""

MOTION = """
daemon off
setup_mode off
log_level 7
netcam_url {url}
width 1280
height 720
framerate 5
target_dir {folder}
snapshot_interval 1
snapshot_filename %s-snapshot
picture_output off
movie_output off
webcontrol_port 0
stream_port 0
"""
SNAPSHOTS = 5
STALEST_S = 3  # a snapshot: Motion compares it with the one before it, and has buffers of its own


def play_with_ffmpeg(url: str) -> str:
    command = ["ffmpeg", "-hide_banner", "-nostdin", "-use_wallclock_as_timestamps", "1", "-f", "mpjpeg", "-i", url]
    done = subprocess.run(
        [*command, "-t", str(SECONDS), "-f", "null", "-"], capture_output=True, text=True, timeout=SECONDS + 30
    )
    assert done.returncode == 0, done.stderr[-2000:]
    frames = int(re.findall(r"frame=\s*(\d+)", done.stderr)[-1])
    assert frames >= SECONDS * LEAST_FPS, frames
    return f"ffmpeg {url}: {frames} frames"


def play_with_opencv(url: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", OPENCV, url, str(SECONDS)], capture_output=True, text=True, timeout=SECONDS + 30
    )
    assert done.returncode == 0, done.stderr[-2000:]
    count, gap_s = done.stdout.split()
    assert int(count) >= SECONDS * LEAST_FPS, done.stdout
    assert float(gap_s) < 2, done.stdout
    return f"OpenCV {url}: {count} frames, longest gap {float(gap_s):.2f} s"


def play_with_curl(url: str, folder: Path) -> str:
    path = folder / f"curl-{abs(hash(url))}"
    done = subprocess.run(["curl", "-sS", "--max-time", str(SECONDS), "-o", str(path), url], timeout=SECONDS + 30)
    assert done.returncode == 28, "curl itself ends it, by its own clock"
    body = path.read_bytes()
    parts = body.count(b"--boundarydonotcross\r\nContent-Type: image/jpeg\r\nContent-Length: ")
    stamps = [float(stamp) for stamp in re.findall(rb"X-Timestamp: (\d+\.\d{6})", body)]
    gap_s = max(after - before for before, after in itertools.pairwise(stamps))
    assert parts >= SECONDS * LEAST_FPS, parts
    assert gap_s < 2
    return f"curl {url}: {parts} parts, longest gap {gap_s:.2f} s"


def play_in_chromium(browser: webdriver.Chrome, box: BoxProcess) -> str:
    browser.get(f"{box.url}/healthz")  # a page of this origin without anything else on it
    browser.execute_script(
        "document.body.replaceChildren(...arguments[0].map((path, index) =>"
        " Object.assign(new Image(), { src: path, id: `player${index}` })))",
        PATHS,
    )
    watch(browser, "#player0", 3)
    spans: list[list[int]] = [[], []]
    for _ in range(SECONDS // 6):
        for index in range(2):
            spans[index] += [each["number"] for each in watch(browser, f"#player{index}", 3)]
    for numbers in spans:
        assert numbers == sorted(set(numbers))
        assert len(numbers) >= SECONDS // 2 * 20, len(numbers)
    return f"Chromium <img>: {[len(numbers) for numbers in spans]} frames seen in {SECONDS // 2} s each"


@pytest.mark.slow
def test_players_play_for_90_s(live_box: BoxProcess, browser: webdriver.Chrome, tmp_path: Path) -> None:
    urls = [live_box.url + path for path in PATHS]
    with ThreadPoolExecutor(8) as pool:
        playing = [pool.submit(play, url) for url in urls for play in (play_with_ffmpeg, play_with_opencv)]
        playing += [pool.submit(play_with_curl, url, tmp_path) for url in urls]
        print("\n" + play_in_chromium(browser, live_box))
        for each in playing:
            print(each.result())


def snapshots_of(motion: "subprocess.Popen[bytes]", folder: Path, within_s: float = 25) -> list[Path]:
    """What Motion saved: so many that the last one but one is whole."""
    deadline_s = time.monotonic() + within_s
    while len(found := sorted(folder.glob("*-snapshot.jpg"))) <= SNAPSHOTS:
        log = (folder / "log").read_text(errors="replace")[-4000:]
        assert motion.poll() is None, log
        assert time.monotonic() < deadline_s, f"{len(found)} snapshots: {log}"
        time.sleep(0.1)
    return found[:SNAPSHOTS]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["http", "mjpeg"])  # FFmpeg's reader in Motion, and Motion's own
def test_motion_watches_it(live_box: BoxProcess, tmp_path: Path, scheme: str) -> None:
    """Debian's Motion takes the stream for its camera, and what it saves is new, of the right size and in order."""
    folder = tmp_path / scheme
    folder.mkdir()
    config = folder / "motion.conf"
    config.write_text(MOTION.format(url=live_box.url.replace("http", scheme) + "/stream", folder=folder))
    with (folder / "log").open("wb") as log:
        motion = subprocess.Popen(["motion", "-n", "-c", str(config)], cwd=folder, stdout=log, stderr=log)
        try:
            paths = snapshots_of(motion, folder)
        finally:
            motion.terminate()
            try:
                motion.wait(10)
            finally:
                motion.kill()
    assert motion.returncode == 0
    pictures = [simplejpeg.decode_jpeg(path.read_bytes(), "BGR") for path in paths]
    assert {picture.shape for picture in pictures} == {(720, 1280, 3)}
    marks = [mark for mark in map(blocks.read, pictures) if mark is not None]
    assert len(marks) == SNAPSHOTS, marks
    assert all(after > before for before, after in itertools.pairwise(marks)), marks
    ages_s = [path.stat().st_mtime - captured_ms / 1000 for path, (_, captured_ms) in zip(paths, marks, strict=True)]
    print(f"\nMotion {scheme}://: frames {[number for number, _ in marks]}, {max(ages_s):.2f} s old at most")
    assert max(ages_s) < STALEST_S
