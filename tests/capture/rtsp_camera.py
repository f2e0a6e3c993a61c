"""An RTSP camera for tests: Debian's GStreamer, run by the system's Python. `python3 rtsp_camera.py PORT [NAME PASSWORD]`.

Packages: python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-ugly (x264).
"""

import sys

import gi  # type: ignore[import-not-found]  # the system's Python has it

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402 - GObject libraries are imported after their version is chosen

PICTURES = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=30/1"
    " ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 ! rtph264pay name=pay0 pt=96 config-interval=1 )"
)


def main(port: str, *login: str) -> None:
    """Serve rtsp://127.0.0.1:PORT/front until it is killed."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(PICTURES)
    factory.set_shared(True)
    if login:
        _ask_for(server, factory, *login)
    server.get_mount_points().add_factory("/front", factory)
    server.attach(None)
    GLib.MainLoop().run()


def _ask_for(
    server: GstRtspServer.RTSPServer, factory: GstRtspServer.RTSPMediaFactory, name: str, password: str
) -> None:
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(name, password), token)
    server.set_auth(auth)
    factory.add_role_from_structure(
        Gst.Structure.new_from_string("viewer,media.factory.access=true,media.factory.construct=true")
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
