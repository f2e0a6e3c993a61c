"""Modules that picamera2 imports, that Debian does not have, and that no picture of ours needs."""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from unittest.mock import MagicMock

# The DRM preview; raw files as DNG; raw files as EXR. Each with the modules of it that are imported.
UNNEEDED = {
    "pykms": ("pykms",),
    "pidng": ("pidng", "pidng.camdefs", "pidng.core"),
    "OpenEXR": ("OpenEXR", "Imath"),
}


def install() -> None:
    """Those that are missing become empty shells."""
    for package, modules in UNNEEDED.items():
        if importlib.util.find_spec(package) is None:
            for name in modules:
                shell = MagicMock(name=name)
                shell.__spec__, shell.__path__ = ModuleSpec(name, None), []
                sys.modules[name] = shell
