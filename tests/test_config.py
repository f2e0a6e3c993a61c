"""The configuration: what the shipped file says, what a person may write, and the one line they get when it is wrong."""

import datetime
import json
import tomllib
import typing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.config import Camera, Config, ConfigError, Limits, Preset, Server, Source, load, loads
from appliance.config.model import MAX_PRESETS, shipped_presets

SHIPPED = Path(__file__).parents[1] / "config" / "appliance.toml"
CAMERA = '[[cameras]]\nid = "front"\n'
exactly = settings(derandomize=True, deadline=None)


# The shipped file.


def test_shipped_file_is_the_defaults() -> None:
    assert load(SHIPPED) == Config() == loads("")


def test_shipped_file_shows_every_key() -> None:
    shown = tomllib.loads(SHIPPED.read_text())
    assert sorted(missing(shown, Config, "")) == []


def missing(shown: object, expected: typing.Any, path: str) -> list[str]:
    """Key paths of `expected`'s structs that the file does not show."""
    arguments = typing.get_args(expected)
    if isinstance(expected, type) and issubclass(expected, msgspec.Struct):
        assert isinstance(shown, dict), path
        fields = typing.get_type_hints(expected)
        lacking = [f"{path}.{name}" for name in fields if name not in shown]
        return lacking + [
            each for name in fields if name in shown for each in missing(shown[name], fields[name], f"{path}.{name}")
        ]
    if isinstance(shown, dict):
        return [each for name, value in shown.items() for each in missing(value, arguments[1], f"{path}.{name}")]
    if isinstance(shown, list) and arguments:
        return [each for value in shown for each in missing(value, arguments[0], path)]
    return []


def test_every_line_of_the_shipped_file_is_explained_or_repeats_one_that_is() -> None:
    explained: set[str] = set()
    for line in SHIPPED.read_text().splitlines():
        key, is_key, rest = line.partition(" = ")
        if is_key and not line.startswith("#"):
            if "#" in rest:
                explained.add(key.strip())
            assert key.strip() in explained, line


# What may be written.


def test_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "appliance.toml"
    file.write_bytes(
        b"\xef\xbb\xbf" + f'[limits]\nmax_viewers = 3\n{CAMERA}name = "Tür"\n'.replace("\n", "\r\n").encode()
    )
    config = load(file)
    assert (config.limits.max_viewers, config.cameras[0].title) == (3, "Tür")


def test_part_of_a_preset_changes_that_part_only() -> None:
    presets = loads("[presets.low]\nfps = 5\n").presets
    shipped = shipped_presets()
    assert presets["low"] == Preset(height=320, fps=5, jpeg_quality=70, max_kbytes_per_s=500)
    assert (presets["medium"], presets["high"]) == (shipped["medium"], shipped["high"])


def test_own_preset_joins_the_shipped_ones_and_can_be_chosen() -> None:
    config = loads(f'[presets.tiny]\nheight = 120\n{CAMERA}preset = "tiny"\npresets = ["tiny", "native"]\n')
    assert config.presets["tiny"] == Preset(height=120)
    assert list(config.presets) == ["low", "medium", "high", "tiny"]


def test_cameras_replace_the_default_one() -> None:
    config = loads(f'{CAMERA}[[cameras]]\nid = "back"\nsource = "usb:2"\n')
    assert [camera.id for camera in config.cameras] == ["front", "back"]
    assert (config.cameras[0].title, config.cameras[0].source) == ("front", "auto")
    assert loads("cameras = []").cameras == []


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("auto", Source("auto")),
        ("pattern", Source("pattern")),
        ("published", Source("published")),
        ("usb:0", Source("usb", "/dev/video0")),
        ("usb:07", Source("usb", "/dev/video7")),
        ("usb:/dev/v4l/by-id/usb-Maker_Camera", Source("usb", "/dev/v4l/by-id/usb-Maker_Camera")),
    ],
)
def test_sources(text: str, source: Source) -> None:
    assert Source.parse(text) == source
    assert loads(f'{CAMERA}source = "{text}"').cameras[0].parsed_source == source


@pytest.mark.parametrize("address", ["0.0.0.0:80", "[::]:8000", "[::1]:1", "camera.local:65535", "127.0.0.1:0"])
def test_addresses_to_listen_on(address: str) -> None:
    assert loads(f'[server]\nbind = ["{address}"]').server.bind == [address]


def test_values_cannot_be_changed() -> None:
    config = Config()
    for value in (config, Camera(id="x"), Preset(height=100), Server(), Limits(), Source("auto")):
        with pytest.raises(AttributeError):
            setattr(value, value.__struct_fields__[0], None)


# What may not: one line, with file, key path and reason.


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
        ("[limits]\nsend_timeout_s = nan", "limits.send_timeout_s: expected float > 0.0"),
        ("[limits]\nsend_timeout_s = inf", "limits.send_timeout_s: expected float <= 600.0"),
        ("[limits]\nsend_timeout_s = 0", "limits.send_timeout_s: expected float > 0.0"),
        ("[server]\nbind = []", "server.bind: expected array of length >= 1"),
        ("[server]\nbind = [80]", "server.bind[0]: expected str, got int"),
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
    ],
)
def test_bad_source_names_those_that_work(source: str) -> None:
    line = refusal(f'{CAMERA}source = "{source}"')
    assert line.startswith("box.toml: cameras[0].source: '")
    assert line.endswith("is not a source; possible are auto, pattern, published, usb:0, usb:/dev/v4l/by-id/…")


@pytest.mark.parametrize("source", ["csi:0", "http://x/y", "https://x", "rtsp://x:8554/y", "ws://x", "wss://x"])
def test_source_of_another_version_says_so(source: str) -> None:
    assert "sources do not work in this version" in refusal(f'{CAMERA}source = "{source}"')


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


# Whatever is written, it is a Config or one line.

KEYS = sorted({name for struct in (Config, Server, Limits, Preset, Camera) for name in struct.__struct_fields__})
junk = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["front", "auto", "native", "usb:0", "0.0.0.0:80", "low", 320, 60, 10])
    | st.datetimes(min_value=datetime.datetime(1, 1, 1))  # noqa: DTZ001 - local times are TOML too
    | st.times(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(exactly, max_examples=200)
@given(st.dictionaries(st.sampled_from(["server", "limits", "presets", "cameras"]), junk, max_size=4))
def test_junk_values_never_raise_anything_else(values: dict[str, object]) -> None:
    text = "\n".join(f"{toml(key)} = {toml(value)}" for key, value in values.items())
    tomllib.loads(text)  # so it is TOML that is refused
    config_or_one_line(text)


@exactly
@given(st.text())
def test_junk_text_never_raises_anything_else(text: str) -> None:
    config_or_one_line(text)


def config_or_one_line(text: str) -> None:
    try:
        config = loads(text)
    except ConfigError as error:
        line = str(error)
    else:
        line = "appliance.toml: good"
        assert msgspec.convert(msgspec.to_builtins(config), Config) == config
    assert line.isprintable()
    assert line.startswith("appliance.toml: ")


def toml(value: object) -> str:
    """`value` as it is written in TOML."""
    match value:
        case bool() | str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case datetime.datetime() | datetime.time():
            return value.isoformat()
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{toml(key)} = {toml(inner)}' for key, inner in value.items())}}}"
    return repr(value)
