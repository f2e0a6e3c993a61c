"""The server's side of a camera: its worker process is started, watched, ended and started again here.

Rule 1: this is the one retry loop of a camera.
Rule 2: SIGKILL is a normal way for a worker to end; nothing here waits for a worker's goodwill.
Rule 3: why there is no picture is always known and always shown.
"""
