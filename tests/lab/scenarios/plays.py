"""All scenarios, in the order in which they are played."""

from tests.lab.scenarios import broken, csi, doctor, far, late, live, refused, silent, stuck, twins, unplugged  # noqa: F401 - each adds its own
from tests.lab.scenarios.stage import ALL

__all__ = ["ALL"]
