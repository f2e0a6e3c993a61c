"""Configurations that cannot be: one line each, with file, key path and reason."""

from pathlib import Path

import pytest

from appliance.config import ConfigError, load, loads
from appliance.config.model import MAX_PRESETS, SOURCE_FORMS

CAMERA = '[[cameras]]\nid = "front"\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[server]\nbnd = []", "server.bnd: unknown key; did you mean bind?"),
        ("[sever]", "sever: unknown key; did you mean server?"),
        ("xyz = 1", "xyz: unknown key; possible are server, limits, presets, cameras"),
        (f"{CAMERA}hieght = 1", "cameras[0].hieght: unknown key; did you mean height?"),
        (f"{CAMERA}{CAMERA}fsp = 1", "cameras[1].fsp: unknown key; did you mean fps?"),
        ("[presets.tiny]\njpg_quality = 1", "presets.tiny.jpg_quality: unknown key; did you mean jpeg_quality?"),
        ('"two\\nlines" = 1', r"two\nlines: unknown key; possible are server, limits, presets, cameras"),
        ("server = 3", "server: expected table, got int"),
        ("[cameras]\nid = 'x'", "cameras: expected array, got table"),
        ("cameras = [1]", "cameras[0]: expected table, got int"),
        ("presets = 5", "presets: expected table, got int"),
        ("[presets]\ntiny = 5", "presets.tiny: expected table, got int"),
        ("[presets.tiny]\nfps = 5", "presets.tiny: missing key height"),
        ("[presets.low]\nheight = '320p'", "presets.low.height: expected int, got str"),
        ("[presets.low]\nheight = 3", "presets.low.height: expected int >= 16"),
        ("[presets.low]\njpeg_quality = 96", "presets.low.jpeg_quality: expected int <= 95"),
        ("[presets.low]\njpeg_quality = 49", "presets.low.jpeg_quality: expected int >= 50"),
        (
            "[presets.Low]\nheight = 100",
            "presets.Low: expected 1 to 32 of a-z, 0-9, - and _, the first a letter or digit",
        ),
        (
            '[presets."a\\n"]\nheight = 100',
            r"presets.a\n: expected 1 to 32 of a-z, 0-9, - and _, the first a letter or digit",
        ),
        ("[presets.native]\nheight = 100", "presets: the name 'native' is reserved; choose another"),
        ("[presets.auto]\nheight = 100", "presets: the name 'auto' is reserved; choose another"),
        (f"{CAMERA}fps = 0", "cameras[0].fps: expected int >= 1"),
        (f"{CAMERA}fps = 29.97", "cameras[0].fps: expected int, got float"),
        (f"{CAMERA}fps = true", "cameras[0].fps: expected int, got bool"),
        (f"{CAMERA}{CAMERA}width = 9000", "cameras[1].width: expected int <= 8192"),
        (f"{CAMERA}width = {'9' * 400}", "cameras[0].width: expected int <= 8192"),
        (f"{CAMERA}rotation = 45", "cameras[0].rotation: invalid enum value 45"),
        (f"{CAMERA}flip = 'over'", "cameras[0].flip: invalid enum value 'over'"),
        (f"{CAMERA}autostart = 1", "cameras[0].autostart: expected bool, got int"),
        (f"{CAMERA}name = 1979-05-27", "cameras[0].name: expected str, got date"),
        (f'{CAMERA}name = "bell\\u0007"', "cameras[0].name: holds characters that cannot be printed"),
        (f"{CAMERA}name = '{'x' * 65}'", "cameras[0].name: expected str of length <= 64"),
        ("[[cameras]]\nname = 'x'", "cameras[0]: missing key id"),
        (
            '[[cameras]]\nid = "a\\n"',
            "cameras[0].id: expected 1 to 32 of a-z, 0-9, - and _, the first a letter or digit",
        ),
        (CAMERA * 2, "cameras: the id 'front' stands twice"),
        (
            f"{CAMERA}preset = 'ultra'",
            "cameras[0].preset: there is no preset 'ultra'; there are low, medium, high, native, auto",
        ),
        (
            f"{CAMERA}presets = ['ultra']",
            "cameras[0].presets: there is no preset 'ultra'; there are low, medium, high, native",
        ),
        (
            f"{CAMERA}presets = ['auto']\npreset = 'auto'",
            "cameras[0].presets: there is no preset 'auto'; there are low, medium, high, native",
        ),
        (f"{CAMERA}presets = ['low']", "cameras[0].preset: 'high' is not among the presets that 'front' offers"),
        (
            f"[limits]\nmax_streams = 1\n{CAMERA}{CAMERA.replace('front', 'b')}",
            "cameras: 2 cameras, but limits.max_streams is 1",
        ),
        ("[limits]\nmax_conections = 1", "limits.max_conections: unknown key; did you mean max_connections?"),
        ("[limits]\nmax_viewers_per_address = 0", "limits.max_viewers_per_address: expected int >= 1"),
        ("[limits]\nrequest_timeout_s = 0", "limits.request_timeout_s: expected float > 0.0"),
        (
            "[limits]\nmax_viewers = 700",
            "limits.max_connections: 640 are too few for max_viewers = 700 and the page's own requests; make it 716 or more",
        ),
        ("[limits]\nsend_timeout_s = nan", "limits.send_timeout_s: expected float > 0.0"),
        ("[limits]\nsend_timeout_s = inf", "limits.send_timeout_s: expected float <= 600.0"),
        ("[limits]\nsend_timeout_s = 0", "limits.send_timeout_s: expected float > 0.0"),
        ("[server]\nbind = []", "server.bind: expected array of length >= 1"),
        ("[server]\nbind = [80]", "server.bind[0]: expected str, got int"),
        ('[server]\nbind = ["a:1", "b:1", "a:1"]', "server.bind: 'a:1' stands twice"),
        ("a = 1\nb = = 2", "not valid TOML: Invalid value (at line 2, column 5)"),
        ("a = " + "[" * 5000, "not valid TOML: nested too deeply"),
    ],
)
def test_bad_file_is_one_line(text: str, line: str) -> None:
    assert refusal(text) == f"box.toml: {line}"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "usb",
        "usb:",
        "usb:camera",
        "usb:-1",
        "usb:1234",
        "usb:٣",
        "file:/x",
        "AUTO",
        "usb:/dev/\\u0000",
        "usb:/" + "x" * 255,
        "csi",
        "csi:",
        "csi:-1",
        "csi:100",
        "csi:٣",
        "csi:/base/a b",
        "csi:/base/ä",
        "csi:/" + "x" * 255,
    ],
)
def test_bad_source_names_those_that_work(source: str) -> None:
    line = refusal(f'{CAMERA}source = "{source}"')
    assert line.startswith("box.toml: cameras[0].source: '")
    assert f"is not a source; possible are {SOURCE_FORMS}" in line


@pytest.mark.parametrize(
    "address",
    [
        "http:",
        "http:x",
        "http://",
        "http://x:99999/",
        "http://[::1/",
        "ws://x/a b",
        "rtsp://x/ä",
        "https://ä/",
        "ws://x/#y",
    ],
)
def test_bad_address_shows_no_login(address: str) -> None:
    line = refusal(f'{CAMERA}source = "{address.replace("//", "//me:secret@")}"')
    assert line.startswith("box.toml: cameras[0].source: ")
    assert "secret" not in line


def test_login_of_an_unknown_scheme_is_not_shown_either() -> None:
    assert "secret" not in refusal(f'{CAMERA}source = "htp://me:secret@x/y"')


@pytest.mark.parametrize(
    "address",
    [
        "",
        "8000",
        ":8000",
        "127.0.0.1",
        "127.0.0.1:",
        "x:65536",
        "x:100000",
        "::1:80",
        "[::1]",
        "a b:80",
        "x:٨٠",
        "http://x:80",
        "x:80\\n",
    ],
)
def test_bad_bind_says_how_it_looks(address: str) -> None:
    line = refusal(f'[server]\nbind = ["0.0.0.0:1", "{address}"]')
    assert line.startswith("box.toml: server.bind: '")
    assert line.endswith("is not HOST:PORT (an IPv6 host stands in brackets)")


def test_too_many_presets() -> None:
    text = "".join(f"[presets.p{n}]\nheight = 100\n" for n in range(MAX_PRESETS))
    assert refusal(text) == "box.toml: presets: expected table of length <= 64"


def test_thousands_of_digits_are_no_traceback() -> None:
    assert refusal(f"[limits]\nmax_viewers = {'9' * 5000}").startswith("box.toml: not valid TOML: ")


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        loads(text, "box.toml")
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"\xff\xfe[\x00", "is not UTF-8 text"), (None, "No such file or directory")]
)
def test_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, reason: str) -> None:
    file = tmp_path / "appliance.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        load(file)
    assert str(refused.value) == f"{file}: {reason}"


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Is a directory"):
        load(tmp_path)
