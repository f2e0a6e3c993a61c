"""The configuration: what the shipped file says, what a person may write, and nothing that makes it fail otherwise than by one line."""

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
from appliance.config.model import shipped_presets

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
        ("csi:0", Source("csi", "0")),
        ("csi:/base/soc/i2c0mux/i2c@1/imx219@10", Source("csi", "/base/soc/i2c0mux/i2c@1/imx219@10")),
        ("csi:Virtual0", Source("csi", "Virtual0")),
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
