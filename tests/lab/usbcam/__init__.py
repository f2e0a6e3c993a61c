"""A USB webcam in software: a UVC 1.1 device behind USB/IP's vhci_hcd, on the machine this runs on (as root).

The kernel sees an ordinary high-speed webcam and drives it with its own uvcvideo: one bulk endpoint, MJPG and YUYV, six controls.
MJPG frames are JPEG files, sent byte for byte in name order, paced at the committed interval. Faults come on command.
Only Python's standard library is needed to run it.
"""
