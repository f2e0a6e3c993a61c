"""Box: what the routes know of the program they are part of. Built by main, handed to each route; there are no globals."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import trio

from appliance.config import Config
from appliance.streams.registry import Registry


@dataclass(kw_only=True, eq=False)
class Box:
    """The configuration, the streams, and the ways out of this room."""

    config: Config
    registry: Registry
    attached_cameras: Callable[[], Awaitable[list[dict[str, Any]]]]
    names: list[str]  # host names that mean this box
    warnings: list[str] = field(default_factory=list)  # what the owner should know, shown on the page
    closing: trio.Event = field(default_factory=trio.Event)
    started_s: float = field(default_factory=time.monotonic)

    @property
    def viewers(self) -> int:
        """Everybody who watches, over all streams."""
        return sum(stream.viewers for stream in self.registry)

    @property
    def full(self) -> bool:
        """As many watch as the configuration allows."""
        return self.viewers >= self.config.limits.max_viewers

    def close(self) -> None:
        """The box stops: every viewer gets a clean end."""
        self.closing.set()
        self.registry.close()
