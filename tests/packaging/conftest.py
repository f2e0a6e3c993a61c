"""The package without the Python in it, made once: what is in it otherwise is quick to make."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.packaging.told import Machine

PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(PROJECT / "packaging/deb/upgrade"))  # where its programs find each other


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A .deb."""
    folder = tmp_path_factory.mktemp("bare")
    environment = {**os.environ, "HOST_PYTHON": sys.executable, "ARCH": "arm64"}
    build = (str(PROJECT / "packaging/deb/build"), "--bare", str(folder))
    subprocess.run(build, env=environment, check=True, capture_output=True)
    [deb] = folder.glob("*.deb")
    return deb


@pytest.fixture
def machine(tmp_path: Path) -> "Machine":
    """With version 1 installed."""
    from tests.packaging.told import Machine

    if os.geteuid():
        pytest.skip("dpkg installs as root only")
    return Machine(tmp_path)
