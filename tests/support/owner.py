"""A running box, and who edits its configuration."""

from functools import partial
from pathlib import Path
from typing import Any

import httpx
import trio

from appliance.config import ConfigFile
from appliance.main import main
from appliance.reload import begin
from appliance.system import desk

TWO = """
[server]
bind = ["127.0.0.1:0"]

[presets.low]
height = 240 # small

[[cameras]]
id = "front"
source = "pattern"   # for now

[[cameras]]
id = "garden"
source = "pattern"
"""


class Owner:
    """A running box, and who edits its file."""

    def __init__(self, folder: Path, text: str = TWO) -> None:
        self.folder, self.path = folder, folder / "appliance.toml"
        self.state, self.desk = folder / "state", folder / desk.NAME
        self.path.write_text(text)
        self.url = ""

    async def start(self, nursery: trio.Nursery) -> "Owner":
        beginning = begin(ConfigFile(self.path), self.state)
        run = partial(main, beginning, state=self.state, desk_place=self.desk)
        urls: list[str] = await nursery.start(run)
        self.url = urls[0]
        return self

    async def reload(self, text: str | None = None) -> desk.Verdict:
        """As `systemctl reload` does."""
        if text is not None:
            self.path.write_text(text)
        return await trio.to_thread.run_sync(desk.ask, self.desk)

    async def get(self, path: str) -> Any:
        async with httpx.AsyncClient() as http:
            return (await http.get(self.url + path)).json()

    async def restarts(self, stream_id: str) -> int:
        streams = (await self.get("/api/status"))["streams"]
        restarts: int = next(each for each in streams if each["id"] == stream_id)["counters"]["worker_restarts"]
        return restarts
