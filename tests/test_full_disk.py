"""A disk with no room: what stands there stays, and nothing half written lies beside it."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.config import ConfigFile, NotKeptError
from appliance.system import state

BEFORE = b'[[cameras]]\nid = "front"\n'


@contextmanager
def room_for(most_bytes: int) -> Iterator[None]:
    """No file of this process can become longer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))  # the kernel's signal for it is ignored by Python
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_configuration_stays(tmp_path: Path) -> None:
    path = tmp_path / "appliance.toml"
    path.write_bytes(BEFORE)
    with room_for(len(BEFORE)), pytest.raises(NotKeptError, match="cannot be written"):
        ConfigFile(path).change_camera("front", {"name": "Front door"})
    assert path.read_bytes() == BEFORE
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_remembered_stays(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(BEFORE)
    with room_for(len(BEFORE)), pytest.raises(state.StateError, match="cannot be written"):
        state.write(path, 2 * BEFORE)
    assert path.read_bytes() == BEFORE
    assert list(tmp_path.iterdir()) == [path]
