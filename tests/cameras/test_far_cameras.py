"""Cameras on the network: what they send in many forms, and each failure with its one true reason."""

import base64
import re
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from appliance.config import Camera
from appliance.wire.hallway import Beat, Failed, Opening
from tests.cameras.far_ends import MULTIPART, Serve, answering, box, chunked, far_end, guarded, parts, silent, snapshots
from tests.cameras.server_end import NATIVE, ServerEnd
from tests.support.boxes import free_port

Far = Callable[[Callable[[], bool]], Serve]
LOGIN = b"Authorization: Basic " + base64.b64encode(b"me:se cret")
OK = b"HTTP/1.1 200 OK\r\n"


def watching(url: str, fps: int = 30, env: dict[str, str] | None = None) -> ServerEnd:
    worker = ServerEnd(Camera(id="front", source=url, width=640, height=360, fps=fps), env=env)
    worker.want(NATIVE)
    return worker


@pytest.mark.parametrize("form", ["parts", "no length", "quoted", "chunked", "snapshots", "box"])
def test_pictures_come_byte_for_byte(form: str, photos: list[bytes]) -> None:
    forms: dict[str, Far] = {
        "parts": parts(photos),
        "no length": parts(photos, length=False),
        "quoted": parts(photos, head=MULTIPART.replace(b"--far", b'"far"').replace(b"1.1", b"1.0")),
        "chunked": chunked(photos),
        "snapshots": snapshots(photos),
        "box": box(photos),
    }
    scheme = "ws" if form == "box" else "http"
    with far_end(forms[form]) as far, watching(f"{scheme}://127.0.0.1:{far.port}/x?y=z") as worker:
        assert worker.until(Opening).device == f"{scheme}://127.0.0.1:{far.port}/x"
        frames = worker.frames(12)
        assert {frame.data for frame in frames} <= set(photos)
        assert len({frame.data for frame in frames}) > 5
        assert {frame.jpeg_quality for frame in frames} == {0}
        assert far.asked[0].startswith(b"GET /x?y=z HTTP/1.1\r\n")
        assert worker.until(Beat).rejected == 0


def test_snapshots_are_asked_for_at_the_cameras_rate(photos: list[bytes]) -> None:
    with far_end(snapshots(photos)) as far, watching(f"http://127.0.0.1:{far.port}/", fps=5) as worker:
        first, *_, last = worker.frames(6)
        assert 0.8 < last.captured_s - first.captured_s < 2


def test_what_is_not_whole_is_rejected(photos: list[bytes]) -> None:
    with (
        far_end(parts([photos[0], photos[1][:5000], photos[2]])) as far,
        watching(f"http://127.0.0.1:{far.port}/") as worker,
    ):
        assert {frame.data for frame in worker.frames(8)} <= {photos[0], photos[2]}
        assert worker.until(Beat, lambda beat: beat.rejected > 2).captured


@pytest.mark.parametrize("challenge", [b'Basic realm="x"', b'Digest realm="x", nonce="abc", qop="auth", algorithm=MD5'])
def test_login(challenge: bytes, photos: list[bytes]) -> None:
    answer = LOGIN if challenge.startswith(b"Basic") else b'Authorization: Digest username="me", realm="x", nonce="abc"'
    with (
        far_end(guarded(challenge, answer, parts(photos))) as far,
        watching(f"http://me:se%20cret@127.0.0.1:{far.port}/") as worker,
    ):
        assert worker.until(Opening).device == f"http://127.0.0.1:{far.port}/"
        assert worker.frames(2)
        assert b"Authorization" not in far.asked[0], "a password goes only to who asked for it"
        assert (LOGIN in far.asked[1]) == challenge.startswith(b"Basic")


REFUSALS = [
    ("http", answering(OK + b"Content-Type: text/html\r\n\r\nhello"), "not MJPEG: text/html"),
    ("http", answering(OK + b"\r\n"), "not MJPEG: no content type"),
    ("http", answering(OK + b"Content-Type: multipart/mixed\r\n\r\n"), "not MJPEG: no boundary given"),
    (
        "http",
        answering(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n"),
        "302: it points to another",
    ),
    ("http", answering(b"HTTP/1.1 404 Not Found\r\n\r\n"), "404: no such address there"),
    ("http", guarded(b"Basic", b"never", silent), "401: name or password wrong"),
    ("http", guarded(b"Digest nonce", b"never", silent), "neither Basic nor Digest"),
    ("http", guarded(b'Digest realm="x", nonce="y", algorithm=NEW', b"never", silent), "a Digest of an unknown kind"),
    ("http", answering(b"220 mail\r\n\r\n"), "does not speak HTTP"),
    ("http", answering(b"x" * 100_000), "does not speak HTTP"),
    ("http", answering(b""), "ended the connection"),
    ("http", answering(MULTIPART), "ended the stream"),
    ("http", answering(MULTIPART + b"--far\r\nContent-Length: 99999999\r\n\r\n"), "a picture of 99999999 bytes"),
    ("http", answering(MULTIPART + b"--far\r\nContent-Length: -1\r\n\r\n"), "Content-Length is no number"),
    ("http", answering(MULTIPART + b"--far\r\nX: " + b"x" * 9000), "a part's header does not end"),
    ("http", answering(MULTIPART + b"--far--\r\n"), "the stream was ended"),
    ("http", answering(OK + b"Content-Type: image/jpeg\r\nContent-Length: 9\r\n\r\n1234"), "ended the connection"),
    ("http", silent, "no answer"),
    ("ws", answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), "404: there is no such stream"),
    ("ws", answering(OK + b"Content-Type: text/html\r\nContent-Length: 0\r\n\r\n"), "200: it offers no WebSocket here"),
    ("ws", answering(b"220 mail\r\n\r\n"), "does not speak WebSocket"),
    ("ws", silent, "no answer within 5 s"),
    ("ws", box([], '{"type":"stream_info","data":{"status":"offline","reason":"unplugged\\u0007"}}'), ": unplugged"),
    ("ws", box([], '{"type":"error","data":{"code":"x","message":"full"}}'), ": full"),
    ("ws", box([], "hello"), "does not speak as a box does"),
    ("rtsp", answering(b"220 mail\r\n\r\n"), "does not speak RTSP"),
    ("rtsp", answering(b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n"), "401: name or password wrong"),
    ("rtsp", answering(b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n"), "404: there is no such stream"),
]


def test_each_failure_has_its_reason(capfd: pytest.CaptureFixture[str]) -> None:
    """All in one, because some take the seconds after which silence is a failure."""
    with ExitStack() as opened:
        waiting = []
        for scheme, serve, words in REFUSALS:
            far = opened.enter_context(far_end(serve))
            waiting.append(
                (far.port, words, opened.enter_context(watching(f"{scheme}://me:secret@127.0.0.1:{far.port}/x")))
            )
        told = [(port, words, worker.until(Failed).reason, worker.ended()) for port, words, worker in waiting]
    assert not [each for each in told if each[1] not in each[2] or not each[2].startswith(f"127.0.0.1:{each[0]}")]
    assert {status for *_, status in told} == {1}
    assert "secret" not in str(told)
    assert "secret" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("scheme", ["https", "wss"])
def test_tls(scheme: str, photos: list[bytes], tmp_path: Path) -> None:
    key, certificate = tmp_path / "far.key", tmp_path / "far.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=far -days 1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with far_end(box(photos) if scheme == "wss" else parts(photos), tls=context) as far:
        url = f"{scheme}://127.0.0.1:{far.port}/x"
        with watching(url) as stranger, watching(url, env={"SSL_CERT_FILE": str(certificate)}) as friend:
            assert {frame.data for frame in friend.frames(8)} <= set(photos)
            assert "its certificate is not trusted (self-signed certificate)" in stranger.until(Failed).reason


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp", "ws", "wss"])
def test_nobody_there(scheme: str) -> None:
    port = free_port()
    with watching(f"{scheme}://127.0.0.1:{port}/x") as worker:
        assert worker.until(Failed).reason == f"127.0.0.1:{port} refuses the connection"


def test_it_falls_silent(photos: list[bytes]) -> None:
    def once(tick: Callable[[], bool]) -> Serve:
        def serve(connection: socket.socket, head: bytes) -> None:
            connection.sendall(MULTIPART + one)
            silent(tick)(connection, head)

        return serve

    one = b"--far\r\nContent-Length: %d\r\n\r\n" % len(photos[0]) + photos[0]
    with far_end(once) as far, watching(f"http://127.0.0.1:{far.port}/") as worker:
        assert worker.frames(1)
        assert re.fullmatch(r"127\.0\.0\.1:\d+ stopped sending pictures", worker.until(Failed).reason)
