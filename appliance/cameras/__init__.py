"""The worker side of a camera: devices, codecs and pixels, each camera in a process of its own.

Rule 1: this is the only room that imports cv2, numpy, simplejpeg and picamera2, and nobody imports this room; it is started:
        `python -m appliance.cameras worker FD`, `… list`, `… list-csi`, `… placeholder WIDTH HEIGHT TITLE REASON`.
Rule 2: it knows no viewer, only its camera, which may be on the network, and the hallway to its server.
"""

import os

# OpenCV reads these once, while it is imported. A camera that freezes holds a read for one second instead of ten.
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
