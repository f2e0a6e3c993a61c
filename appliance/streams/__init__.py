"""Live broadcasts: who receives a camera's frames, and what happens to those that are too slow. No I/O.

Law 1: `publish` is synchronous. Nobody who watches can make a camera wait.
Law 2: buffers hold one frame; when a newer one comes the oldest falls out, is counted once, and its viewer is told.
Law 3: a rendition that nobody watches is not wanted, so nobody encodes it.
"""
