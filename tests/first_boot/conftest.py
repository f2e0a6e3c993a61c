"""Fixtures for the start of a box."""

from pathlib import Path

import pytest

from tests.first_boot.box import Card


@pytest.fixture
def card(tmp_path: Path) -> Card:
    """A card that was started before, without a file."""
    return Card(tmp_path)
