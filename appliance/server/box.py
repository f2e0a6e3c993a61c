"""Box: what the routes know of the program they are part of. Built by main, handed to each route; there are no globals."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import trio

from appliance.config import Config
from appliance.streams.registry import Registry

Limit = Literal["viewers", "viewers_per_address", "connections", "connections_per_address", "message_rate"]


@dataclass(kw_only=True, eq=False)
class Box:
    """The configuration, the streams, and the ways out of this room."""

    config: Config
    registry: Registry
    attached_cameras: Callable[[], Awaitable[list[dict[str, Any]]]]
    names: list[str]  # host names that mean this box
    warnings: list[str] = field(default_factory=list)  # what the owner should know, shown on the page
    closing: trio.Event = field(default_factory=trio.Event)
    refused: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(get_args(Limit), 0)
    )  # by the limit that did it
    started_s: float = field(default_factory=time.monotonic)

    @property
    def viewers(self) -> int:
        """Everybody who watches, over all streams."""
        return sum(stream.viewers for stream in self.registry)

    def viewers_of(self, address: str) -> int:
        """Those of them who watch from this IP address."""
        return sum(each.address == address for stream in self.registry for each in stream.subscriptions)

    def lack_of_room(self, address: str) -> Limit | None:
        """Which limit keeps one more viewer of `address` out. Clients of a local socket have none (""): only the total counts."""
        limits = self.config.limits
        if self.viewers >= limits.max_viewers:
            return "viewers"
        if address and self.viewers_of(address) >= limits.max_viewers_per_address:
            return "viewers_per_address"
        return None

    def close(self) -> None:
        """The box stops: every viewer gets a clean end."""
        self.closing.set()
        self.registry.close()
