"""Changes laid over a configuration file: it means what was asked for, and its comments stay."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.config import Config, ConfigError, loads
from appliance.config.overlay import joined, laid_over, written

SHIPPED = (Path(__file__).parents[1] / "config" / "appliance.toml").read_text()
exactly = settings(derandomize=True, deadline=None)


def changed_lines(changes: dict[str, Any]) -> list[str]:
    before = SHIPPED.splitlines()
    return [line for line in laid_over(SHIPPED, changes).splitlines() if line not in before]


def test_only_what_is_asked_for_changes() -> None:
    assert laid_over(SHIPPED, {"presets": {"high": {"fps": 15}}}).count("\nfps = 30") == SHIPPED.count("\nfps = 30") - 1
    (name,) = changed_lines({"cameras": [{"id": "camera", "name": "Front door"}]})
    assert name.startswith('name = "Front door"')
    assert name.endswith("# what people see; left out: the id")
    assert laid_over(SHIPPED, {}) == SHIPPED
    assert laid_over(SHIPPED, {"server": {"bind": ["127.0.0.1:8000"]}}) == SHIPPED


def test_a_camera_that_was_there_keeps_what_is_not_said() -> None:
    old = '[[cameras]]\nid = "a"\nfps = 5\n[[cameras]]\nid = "b"\nfps = 6\n'
    cameras = loads(laid_over(old, {"cameras": [{"id": "b", "name": "B"}, {"id": "c"}]})).cameras
    assert [(camera.id, camera.name, camera.fps) for camera in cameras] == [("b", "B", 6), ("c", "", 30)]


def test_what_no_box_can_have_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"appliance.toml: presets.high.fps: expected int >= 1"):
        laid_over(SHIPPED, {"presets": {"high": {"fps": 0}}})
    with pytest.raises(tomllib.TOMLDecodeError):
        written("[x", {})


def test_nothing_laid_over_nothing() -> None:
    assert loads(laid_over("", {})) == Config()


listed = st.fixed_dictionaries({"id": st.sampled_from("pq"), "n": st.integers(0, 2)})
leaves = (
    st.integers(0, 3) | st.text("x\"'\n#", max_size=2) | st.lists(listed, max_size=2, unique_by=lambda each: each["id"])
)
inside = st.recursive(leaves, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=2), max_leaves=6)
tables = st.dictionaries(st.sampled_from("abc"), inside, max_size=3)


@given(tables, tables)
@exactly
def test_it_means_what_was_asked_for(old: dict[str, Any], changes: dict[str, Any]) -> None:
    text = written("", old)
    assert tomllib.loads(text) == old
    assert tomllib.loads(written(text, changes)) == joined(old, changes)
