"""Box: what the routes know of the program they are part of. Built by main, handed to each route; there are no globals."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

import trio
from msgspec import Struct

from appliance.config import Camera, Config
from appliance.streams.registry import Registry
from appliance.system.board import URGENT, Board
from appliance.system.notices import notices

Values = dict[str, str | int | list[str] | bool]  # of a camera, by key
Limit = Literal["viewers", "viewers_per_address", "connections", "connections_per_address", "message_rate"]


class Notes(Struct, frozen=True, kw_only=True):
    """What there is to know about the configuration file."""

    file: str = ""  # "": there is none
    problem: str = ""  # of the file as it is now: file, key, reason
    last_good: bool = False  # what is in force is what was good last, not what the file says
    needs_restart: list[str] = []  # keys that are in force only after one
    keeps: bool = False  # what people change on the page is to outlive a restart without being asked

    @property
    def warnings(self) -> list[str]:
        """The same in sentences."""
        told = []
        if self.problem:
            instead = "the last good configuration" if self.last_good else "the configuration as it was before"
            told.append(f"The configuration has an error, so {instead} is in force. {self.problem}")
        if self.needs_restart:
            told.append(
                f"In force only after `systemctl restart camera-appliance`: {', '.join(self.needs_restart)} ({self.file})"
            )
        return told


class Keeping(Protocol):
    """Has changes outlive a restart. Each says why that did not work; "": it did."""

    async def change_camera(self, camera_id: str, values: Values) -> str:
        """These keys of a camera."""

    async def add_camera(self, camera: Camera) -> str:
        """One more."""

    async def remove_camera(self, camera_id: str) -> str:
        """One less."""


@dataclass(kw_only=True, eq=False)
class Box:
    """The configuration, the streams, and the ways out of this room."""

    config: Config
    registry: Registry
    attached_cameras: Callable[[], Awaitable[list[dict[str, Any]]]]
    names: list[str]  # host names that mean this box, beside those of the configuration
    warnings: list[str] = field(default_factory=list)  # what the owner should know, shown on the page, beside the notes
    notes: Notes = field(default_factory=Notes)
    keeping: Keeping | None = None  # None: nothing can be kept
    board: Board = field(default_factory=Board)  # as it was seen last
    closing: trio.Event = field(default_factory=trio.Event)
    refused: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(get_args(Limit), 0)
    )  # by the limit that did it
    started_s: float = field(default_factory=time.monotonic)

    @property
    def all_warnings(self) -> list[str]:
        """What is to be said to everybody who opens the page."""
        urgent = (each for each in self.board.concerns if each in URGENT)
        return [*self.warnings, *notices(), *self.notes.warnings, *urgent]

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
