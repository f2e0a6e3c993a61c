"""A box that is well, to be broken in one way."""

from pathlib import Path

import pytest

from tests.doctor.box import Box


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)
