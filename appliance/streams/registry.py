"""Registry: which streams there are."""

from collections.abc import AsyncIterator, Iterator

import trio
from msgspec import structs

from appliance.config import AUTO, Camera, Config
from appliance.streams.ceiling import NONE, Ceiling
from appliance.streams.change import Change
from appliance.streams.lowering import put_under
from appliance.streams.stream import Stream

MOST_STREAMS = 64  # limits.max_streams goes no further


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
        self.ceiling = NONE  # the most that viewers get for now
        self.changed = Change()  # other streams are there, or are the configuration's
        # Two places for each stream that can exist: handing one over never waits, and fails only for those who make and remove at once.
        self._added, self._to_capture = trio.open_memory_channel[Stream](2 * MOST_STREAMS)
        for camera in config.cameras:
            self._add_configured(camera)

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

    def end(self, stream_id: str, *, for_good: bool = False) -> None:
        """Stop a stream; one that was made at run time, or that ends `for_good`, is gone. Raises UnknownStreamError."""
        stream = self.get(stream_id)
        if stream.removable or for_good:
            del self._streams[stream_id]
            stream.remove()
            self.changed.tell()
        else:
            stream.stop()

    def take_in(self, stream: Stream, camera: Camera) -> None:
        """From now on a stream that was made at run time is one of the configuration's, as this camera."""
        stream.camera, stream.removable = camera, False
        self.changed.tell()

    def reconfigure(self, config: Config) -> None:
        """Be what the configuration says now. Streams that did not change go on undisturbed, and so do those made at run time."""
        self._config = config
        configured = {camera.id: camera for camera in config.cameras}
        for stream in self:
            if stream.id in configured:
                self._renew(stream, configured[stream.id])
            elif stream.removable:
                stream.reconfigure(self._possible(stream.camera), config.presets)
            else:
                del self._streams[stream.id]
                stream.remove("removed from the configuration")
        for camera in config.cameras:
            if camera.id not in self._streams:
                self._add_configured(camera)
        others = [stream for stream in self if stream.id not in configured]
        self._streams = {each.id: each for each in [*map(self.get, configured), *others]}  # the first is the default
        self.changed.tell()

    def _renew(self, stream: Stream, camera: Camera) -> None:
        starts = camera.autostart and not stream.camera.autostart
        stream.removable = False
        stream.reconfigure(camera, self._config.presets)
        if starts:
            stream.start()

    def _possible(self, camera: Camera) -> Camera:
        """A camera that the configuration does not know, with presets that it does."""
        try:
            self._config.check_presets(camera)
        except ValueError:
            return structs.replace(camera, presets=[], preset=AUTO)
        return camera

    def close(self) -> None:
        """End all of them: every viewer gets a clean end."""
        for stream in self:
            stream.remove("this box is stopping")

    def limit(self, ceiling: Ceiling) -> None:
        """From now on nobody gets more than this, of any stream there is or will be. To be called now and then while it is the same."""
        self.ceiling = ceiling
        for stream in self:
            put_under(stream, ceiling)

    async def added(self) -> AsyncIterator[Stream]:
        """Every stream once, from the first on."""
        async for stream in self._to_capture:
            yield stream

    def _add_configured(self, camera: Camera) -> None:
        stream = self._add(Stream(camera, self._config.presets, removable=False))
        if camera.autostart:
            stream.start()

    def _add(self, stream: Stream) -> Stream:
        self._added.send_nowait(stream)
        self._streams[stream.id] = stream
        stream.offer.ceiling = self.ceiling
        return stream
