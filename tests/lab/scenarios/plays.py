"""All scenarios, in the order in which they are played."""

from tests.lab.scenarios import broken, silent, unplugged  # noqa: F401, I001 - each adds its own, in this order
from tests.lab.scenarios import live, refused, late, twins, stuck, doctor  # noqa: F401
from tests.lab.scenarios import csi, far  # noqa: F401
from tests.lab.scenarios.stage import ALL

__all__ = ["ALL"]
