"""Names in /dev and places in /sys, on made-up boxes."""

import os
from pathlib import Path

import pytest

from appliance.capture.device import Node, lasting_name, node_of, usb_port_of


class MadeUpBox:
    """A /dev and a /sys. Its devices are plain files, which all have the number 0:0."""

    def __init__(self, folder: Path) -> None:
        self.dev, self.sys = folder / "dev", folder / "sys"
        (self.sys / "dev" / "char" / "0:0").mkdir(parents=True)

    def plug(self, node: str, port: str, *, by_id: str = "", make: str = "046d", serial: str = "SN1") -> Path:
        """A USB camera with its links; the last one plugged has the number 0:0 in /sys."""
        device = self.sys / "devices" / "platform" / "usb1" / port
        (device / f"{port}:1.0" / "video4linux" / node).mkdir(parents=True)
        for key, value in (("idVendor", make), ("idProduct", "0825"), ("serial", serial)):
            (device / key).write_text(f"{value}\n")
        self.link(self.sys / "bus" / "usb" / "devices" / port, device)
        self.link(self.sys / "dev" / "char" / "0:0" / "device", device / f"{port}:1.0")
        self.dev.mkdir(exist_ok=True)
        (self.dev / node).touch()
        self.link(self.dev / "v4l" / "by-path" / f"platform-usb-0:{port}:1.0-video-index0", self.dev / node)
        if by_id:
            self.link(self.dev / "v4l" / "by-id" / f"usb-{by_id}-video-index0", self.dev / node)
        return self.dev / node

    @staticmethod
    def link(link: Path, target: Path) -> None:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target)


@pytest.fixture
def made_up(tmp_path: Path) -> MadeUpBox:
    return MadeUpBox(tmp_path)


def has_left(node: Node) -> bool:
    return node.left  # a property, of which mypy believes that it cannot change


def test_a_node_is_the_same_as_long_as_it_is_plugged_in(made_up: MadeUpBox) -> None:
    video0 = made_up.plug("video0", "1-1", by_id="Cam_SN1")
    link = made_up.dev / "v4l" / "by-id" / "usb-Cam_SN1-video-index0"
    node = node_of(str(link))
    assert node is not None
    assert node == node_of(str(video0))
    video0.chmod(0o600)  # as udev does, sometimes late
    assert not has_left(node)
    video0.unlink()
    assert has_left(node)
    assert node_of(str(link)) is None
    (made_up.dev / "another").touch()  # so that the number of the old file is not given to the new one
    video0.touch()
    assert has_left(node), "another one in its place"


def test_a_link_that_means_another_camera_now(made_up: MadeUpBox) -> None:
    """Twins: when one is pulled out, udev gives its name by-id to the other."""
    made_up.plug("video0", "1-1", by_id="Cam")
    video2 = made_up.plug("video2", "1-2", by_id="Cam")
    link = str(made_up.dev / "v4l" / "by-id" / "usb-Cam-video-index0")
    node = node_of(link)
    assert node is not None
    made_up.link(Path(link), made_up.dev / "video0")
    assert not has_left(node), "it is plugged in, whatever its name means"
    video2.unlink()
    assert has_left(node)


@pytest.mark.parametrize("name", ["", "/dev/nothing/there", "\0", "/dev/" + "x" * 300])
def test_no_node(name: str) -> None:
    assert node_of(name) is None
    assert lasting_name(name) == ""
    assert usb_port_of(name) is None


def test_a_loop_of_links_is_no_device(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert node_of(str(tmp_path / "a")) is None


def test_by_id_before_by_path(made_up: MadeUpBox) -> None:
    video0 = made_up.plug("video0", "1-1.2", by_id="Cam_SN1")
    assert lasting_name(str(video0), made_up.sys) == str(made_up.dev / "v4l/by-id/usb-Cam_SN1-video-index0")
    anonymous = made_up.plug("video2", "1-1.3", serial="SN2")
    assert lasting_name(str(anonymous), made_up.sys) == str(
        made_up.dev / "v4l/by-path/platform-usb-0:1-1.3:1.0-video-index0"
    )


def test_twins_are_told_apart_by_their_place(made_up: MadeUpBox) -> None:
    made_up.plug("video0", "1-1", serial="")
    video2 = made_up.plug("video2", "1-2", by_id="Cam", serial="")
    assert lasting_name(str(video2), made_up.sys) == str(
        made_up.dev / "v4l/by-path/platform-usb-0:1-2:1.0-video-index0"
    )


def test_only_numbers_need_another_name(made_up: MadeUpBox) -> None:
    made_up.plug("video0", "1-1", by_id="Cam_SN1")
    assert lasting_name(str(made_up.dev / "v4l/by-id/usb-Cam_SN1-video-index0"), made_up.sys) == ""
    bare = made_up.dev / "video7"
    bare.touch()
    assert lasting_name(str(bare), made_up.sys) == "", "and it may have none"


def test_the_place_on_the_bus(made_up: MadeUpBox) -> None:
    assert usb_port_of(str(made_up.plug("video0", "1-1.2.4")), made_up.sys) == "1-1.2.4"
    (made_up.sys / "dev/char/0:0/device").unlink()
    made_up.link(made_up.sys / "dev/char/0:0/device", made_up.sys / "devices" / "platform" / "bcm2835-codec")
    assert usb_port_of(str(made_up.dev / "video0"), made_up.sys) is None
    assert usb_port_of(os.devnull) is None
