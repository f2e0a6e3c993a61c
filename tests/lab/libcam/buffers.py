"""Buffers for `virtual`: allocated by libcamera, mapped whole, shown as YUV420 where that was asked for."""

import mmap

import numpy as np
from libcamera import FrameBufferAllocator
from picamera2.allocators import allocator as base


class NoHeap(base.Allocator):
    """Stands where picamera2 would open /dev/dma_heap, until it is replaced."""

    def cleanup(self):
        pass

    def close(self):
        pass


class VirtualAllocator(base.Allocator):
    """libcamera's own buffers."""

    needs_sync = True

    def __init__(self, picamera):
        super().__init__()
        self.picamera = picamera
        self.sync = _Mapped
        self.maps = {}
        self._allocator = None

    def allocate(self, libcamera_config, _use_case):
        self.cleanup()
        self._allocator = FrameBufferAllocator(self.picamera.camera)
        for config in libcamera_config:
            if self._allocator.allocate(config.stream) < 0:
                raise RuntimeError("Failed to allocate buffers.")
            for buffer in self._allocator.buffers(config.stream):
                end = max(plane.offset + plane.length for plane in buffer.planes)
                memory = mmap.mmap(buffer.planes[0].fd, end, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
                self.maps[buffer] = memory, config.size.width * config.size.height, config.stream

    def buffers(self, stream):
        return self._allocator.buffers(stream)

    def acquire(self, *_):
        pass

    def release(self, *_):
        pass

    def cleanup(self):
        for memory, _, _ in self.maps.values():
            memory.close()
        self.maps = {}
        self._allocator = None

    def close(self):
        self.cleanup()


class _Mapped(base.Sync):
    """A buffer while it is read."""

    def __init__(self, allocator, buffer, _write):
        self.allocator, self.buffer = allocator, buffer

    def __enter__(self):
        memory, pixels, stream = self.allocator.maps[self.buffer]
        picamera = self.allocator.picamera
        name = next((each for each, mine in picamera.stream_map.items() if mine == stream), "main")
        if (picamera.camera_config.get(name) or {}).get("format") != "YUV420":
            return memory
        whole = np.frombuffer(memory, np.uint8, count=pixels * 3 // 2).copy()
        pairs = whole[pixels:].reshape(-1, 2).copy()  # NV12: U and V by turns
        whole[pixels : pixels * 5 // 4] = pairs[:, 0]
        whole[pixels * 5 // 4 :] = pairs[:, 1]
        return whole.data

    def __exit__(self, *_):
        pass
