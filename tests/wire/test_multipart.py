"""multipart/x-mixed-replace, read the two ways that readers read it: by length and by boundary."""

import re

import pytest

from appliance.frame import Frame
from appliance.wire import multipart

# What programs say when they ask for a picture, or open a page.
IMG = "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"  # Chromium 156
OLD_IMG = "image/webp,image/*,*/*;q=0.8"
PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
ANYTHING = "*/*"
BLINK = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"{WINDOWS} Chrome/156.0.0.0 Safari/537.36"
WEBVIEW = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UQ1A.240205.004; wv) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Version/4.0 Chrome/130.0.6723.102 Mobile Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
DRAW_LATE = {
    "Chrome": (CHROME, IMG),
    "Chrome, the stream as a page": (CHROME, PAGE),
    "Brave says that it is Chrome": (CHROME, IMG),
    "a Chrome of 2017": (f"{BLINK} Chrome/58.0.3029.110 Safari/537.36", OLD_IMG),
    "HeadlessChrome": (f"{BLINK} HeadlessChrome/156.0.0.0 Safari/537.36", IMG),
    "Chromium of a distribution": (f"{BLINK} Ubuntu Chromium/80.0.3987.87 Chrome/80.0.3987.87 Safari/537.36", IMG),
    "Edge": (f"{CHROME} Edg/156.0.0.0", IMG),
    "Opera": (f"{CHROME} OPR/140.0.0.0", PAGE),
    "Vivaldi": (f"{CHROME} Vivaldi/7.6.3797.63", IMG),
    "Samsung Internet": (
        f"{ANDROID} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
        IMG,
    ),
    "Android's WebView": (WEBVIEW, IMG),
    "Home Assistant's app for Android": (f"{WEBVIEW} Home Assistant/2024.10.3-14217 (Android 14; Pixel 8)", IMG),
    "QtWebEngine": (f"{BLINK} QtWebEngine/6.5.2 Chrome/108.0.5359.220 Safari/537.36", IMG),
}
READ_LENGTHS = {
    "Chrome's fetch": (CHROME, ANYTHING),
    "Firefox": (
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    ),
    "Firefox, the stream as a page": (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
        PAGE,
    ),
    "Safari": (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
        "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    ),
    "Safari on an iPhone": (f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1", PAGE),
    "Chrome on an iPhone is Safari": (f"{IPHONE} CriOS/130.0.6723.90 Mobile/15E148 Safari/604.1", PAGE),
    "Epiphany": (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
        "image/webp,image/avif,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    ),
    "Home Assistant": ("HomeAssistant/2026.10.1 aiohttp/3.12.15 Python/3.13", ANYTHING),
    "aiohttp": ("Python/3.11 aiohttp/3.12.15", ANYTHING),
    "ffmpeg, OpenCV, Motion": ("Lavf/59.27.100", ANYTHING),
    "curl": ("curl/7.88.1", ANYTHING),
    "VLC": ("VLC/3.0.21 LibVLC/3.0.21", ANYTHING),
    "go2rtc": ("Go-http-client/1.1", ""),
    "a script under Chrome's name": (CHROME, ""),
    "nothing said": ("", ""),
}


def frame(data: bytes, captured_us: int = 1_790_000_000_000_042, *, placeholder: bool = False) -> Frame:
    return Frame(data, number=1, captured_us=captured_us, captured_s=1.0, width=2, height=2, placeholder=placeholder)


def test_exact_bytes() -> None:
    assert multipart.CONTENT_TYPE == "multipart/x-mixed-replace;boundary=boundarydonotcross"
    assert multipart.OPENING == b"--boundarydonotcross\r\n"
    assert multipart.part(frame(b"\xff\xd8 picture \xff\xd9")) == (
        b"Content-Type: image/jpeg\r\nContent-Length: 13\r\nX-Timestamp: 1790000000.000042\r\n\r\n"
        b"\xff\xd8 picture \xff\xd9\r\n--boundarydonotcross\r\n"
    )


def test_exact_bytes_with_the_next_head_in_advance() -> None:
    head = b"--boundarydonotcross\r\nContent-Type: image/jpeg\r\n\r\n"
    assert multipart.opening(advance=True) == head
    assert multipart.part(frame(b"\xff\xd8 picture \xff\xd9"), advance=True) == b"\xff\xd8 picture \xff\xd9\r\n" + head
    assert multipart.closing(advance=True) == b"\r\n--boundarydonotcross--\r\n"


def test_a_head_in_advance_tells_nothing_of_its_picture() -> None:
    """It has gone before there is one: such readers learn neither the time nor that it is a placeholder."""
    shown = frame(b"picture", placeholder=True)
    assert b"X-Placeholder: 1\r\n" in multipart.part(shown)
    assert multipart.part(shown, advance=True) == multipart.part(frame(b"picture", 0), advance=True)


def test_boundary_follows_the_picture_at_once(jpeg: bytes) -> None:
    assert multipart.part(frame(jpeg)).endswith(jpeg + b"\r\n--boundarydonotcross\r\n")


def test_built_once_for_all_viewers() -> None:
    shared = frame(b"picture")
    assert multipart.part(shared) is multipart.part(shared)
    assert multipart.part(shared) is not multipart.part(frame(b"picture"))
    assert multipart.part(shared, advance=True) is multipart.part(shared, advance=True)
    assert multipart.advance_buffers(shared) is multipart.advance_buffers(shared)
    assert multipart.advance_buffers(shared).pieces[0] is shared.data is multipart.buffers(shared).pieces[1]


@pytest.mark.parametrize("advance", [False, True])
def test_pieces_and_part_are_the_same(jpeg: bytes, advance: bool) -> None:
    made = (multipart.advance_buffers if advance else multipart.buffers)(frame(jpeg))
    part = multipart.part(frame(jpeg), advance=advance)
    assert (b"".join(made.pieces), made.size_bytes) == (part, len(part))


@pytest.mark.parametrize(
    ("captured_us", "timestamp"), [(0, "0.000000"), (999_999, "0.999999"), (2**53 + 1, "9007199254.740993")]
)
def test_timestamp_keeps_every_microsecond(captured_us: int, timestamp: str) -> None:
    assert f"X-Timestamp: {timestamp}\r\n".encode() in multipart.part(frame(b"x", captured_us))


def test_stream_read_by_length_and_by_boundary(jpeg: bytes) -> None:
    pictures = [jpeg, b"\xff\xd8\r\n--almost\r\n\r\n\xff\xd9", jpeg[:-1] + b"\n"]
    body = multipart.OPENING + b"".join(multipart.part(frame(picture)) for picture in pictures) + multipart.CLOSING
    assert by_length(body) == by_boundary(body) == pictures


def test_stream_with_heads_in_advance_read_by_boundary(jpeg: bytes) -> None:
    """Also at its end: the part that was opened in advance stays empty, and the body is whole all the same."""
    pictures = [jpeg, b"\xff\xd8\r\n--almost\r\n\r\n\xff\xd9", jpeg[:-1] + b"\n"]
    parts = [multipart.part(frame(picture), advance=True) for picture in pictures]
    body = multipart.opening(advance=True) + b"".join(parts) + multipart.closing(advance=True)
    first, *taken, last = (b"\r\n" + body).split(b"\r\n--boundarydonotcross")
    assert (first, last) == (b"", b"--\r\n")
    assert taken == [b"\r\nContent-Type: image/jpeg\r\n\r\n" + picture for picture in [*pictures, b""]]


@pytest.mark.parametrize("says", DRAW_LATE.values(), ids=DRAW_LATE)
def test_chromium_gets_heads_in_advance(says: tuple[str, str]) -> None:
    assert multipart.wants_advance(*says)


@pytest.mark.parametrize("says", READ_LENGTHS.values(), ids=READ_LENGTHS)
def test_others_get_lengths(says: tuple[str, str]) -> None:
    assert not multipart.wants_advance(*says)


def by_length(body: bytes) -> list[bytes]:
    """As Mainsail and go2rtc do."""
    taken = []
    while head := re.match(rb"\s*--boundarydonotcross\r\n((?:[\w-]+: [^\r\n]+\r\n)+)\r\n", body):
        length = re.search(rb"Content-Length: (\d+)\r\n", head[1])
        assert length is not None
        taken.append(body[head.end() :][: int(length[1])])
        body = body[head.end() + int(length[1]) :]
    assert body.strip().startswith(b"--boundarydonotcross")
    return taken


def by_boundary(body: bytes) -> list[bytes]:
    """As RFC 2046 says: a delimiter is a line break and the boundary; the last one ends with two dashes."""
    first, *parts, last, rest = (b"\r\n" + body).split(b"\r\n--boundarydonotcross")
    assert (first, rest) == (b"", b"--\r\n")
    assert last in (b"", b"\r\n")  # the part that was opened and stays empty
    return [part.partition(b"\r\n\r\n")[2] for part in parts]
