"""Registry: which streams there are."""

from collections.abc import AsyncIterator, Iterator

import trio

from appliance.config import Camera, Config
from appliance.streams.stream import Stream


class UnknownStreamError(LookupError):
    """There is no stream with this id."""


class StreamExistsError(ValueError):
    """There is a stream with this id already."""


class TooManyStreamsError(RuntimeError):
    """As many streams as this box allows exist already."""


class Registry:
    """All streams by id. New ones are handed to whoever keeps cameras alive, through `added`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._streams: dict[str, Stream] = {}
        # Two places for each stream that can exist: handing one over never waits, and fails only for those who make and remove at once.
        self._added, self._to_capture = trio.open_memory_channel[Stream](2 * config.limits.max_streams)
        for camera in config.cameras:
            stream = self._add(Stream(camera, config.presets, removable=False))
            if camera.autostart:
                stream.start()

    def __iter__(self) -> Iterator[Stream]:
        return iter(list(self._streams.values()))

    def get(self, stream_id: str) -> Stream:
        """The stream with this id. Raises UnknownStreamError."""
        stream = self._streams.get(stream_id)
        if stream is None:
            raise UnknownStreamError(f"there is no stream {stream_id!r}")
        return stream

    def default(self) -> Stream:
        """The first stream: what URLs without an id mean. Raises UnknownStreamError."""
        for stream in self._streams.values():
            return stream
        raise UnknownStreamError("there is no stream on this box")

    def free_id(self) -> str:
        """An id that no stream has."""
        return next(name for number in range(1, 1000) if (name := f"stream-{number}") not in self._streams)

    def create(self, camera: Camera) -> Stream:
        """Start a new stream. Raises StreamExistsError, TooManyStreamsError, or ValueError for an unknown preset."""
        if camera.id in self._streams:
            raise StreamExistsError(f"there is a stream {camera.id!r} already")
        if len(self._streams) >= self._config.limits.max_streams:
            raise TooManyStreamsError(
                f"this box has {len(self._streams)} streams, as many as limits.max_streams allows"
            )
        self._config.check_presets(camera)
        try:
            stream = self._add(Stream(camera, self._config.presets, removable=True))
        except trio.WouldBlock:
            raise TooManyStreamsError("streams come and go faster than cameras can be opened") from None
        stream.start()
        return stream

    def end(self, stream_id: str) -> None:
        """Stop a stream; one that was made at run time is gone. Raises UnknownStreamError."""
        stream = self.get(stream_id)
        if stream.removable:
            del self._streams[stream_id]
            stream.remove()
        else:
            stream.stop()

    def close(self) -> None:
        """End all of them: every viewer gets a clean end."""
        for stream in self:
            stream.remove("this box is stopping")

    async def added(self) -> AsyncIterator[Stream]:
        """Every stream once, from the first on."""
        async for stream in self._to_capture:
            yield stream

    def _add(self, stream: Stream) -> Stream:
        self._added.send_nowait(stream)
        self._streams[stream.id] = stream
        return stream
