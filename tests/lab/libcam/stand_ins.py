"""Modules that picamera2 imports, that Debian does not have, and that no picture of ours needs."""

import importlib.util
import sys
from unittest.mock import MagicMock

# The DRM preview; raw files as DNG; raw files as EXR
UNNEEDED = ("pykms", "pidng", "pidng.camdefs", "pidng.core", "OpenEXR", "Imath")


def install() -> None:
    """Those that are missing become empty shells."""
    for name in UNNEEDED:
        if name not in sys.modules and importlib.util.find_spec(name.partition(".")[0]) is None:
            shell = MagicMock(name=name)
            shell.__spec__ = None
            sys.modules[name] = shell
