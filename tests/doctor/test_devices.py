"""Cameras that are absent, refused, taken, or called like another."""

from appliance.config import Camera, Config
from appliance.doctor import devices
from appliance.doctor.finding import Check, Finding
from tests.doctor.box import PI, RENDER, ROOT, VIDEO, Box


def usb(*paths: str) -> Config:
    return Config(cameras=[Camera(id=f"c{number}", source=f"usb:{path}") for number, path in enumerate(paths)])


def only(box: Box, check: Check, config: Config | None = None) -> Finding:
    found = list(check(box, config or Config()))
    assert len(found) == 1, found
    return found[0]


def test_a_camera_that_is_there(box: Box) -> None:
    name = box.usb_camera()
    assert only(box, devices.present, usb(name)) == Finding("ok", "camera", "c0: usb", name)
    assert only(box, devices.present).where == name


def test_a_camera_elsewhere_is_named_by_its_kind_only(box: Box) -> None:
    config = Config(cameras=[Camera(id="far", source="published")])
    assert only(box, devices.present, config) == Finding("ok", "camera", "far: published")


def test_a_camera_without_udev_names(box: Box) -> None:
    box.usb_camera()
    box.gone("/dev/v4l")
    box.device("/dev/video10")  # a decoder
    assert devices.camera_names(box) == ["/dev/video0"]


def test_a_box_without_cameras_shows_the_pattern(box: Box) -> None:
    found = only(box, devices.present)
    assert (found.state, "test pattern" in found.what) == ("warning", True)


def test_a_camera_on_the_ribbon_cable(box: Box) -> None:
    config = Config(cameras=[Camera(id="nest", source="csi:0")])
    assert only(box, devices.present, config).what.startswith("nest: the kernel found no camera on the ribbon cable")
    box.file("/proc/device-tree/model", "Some PC\0")  # what its libcamera has, only libcamera knows
    assert only(box, devices.present, config) == Finding("ok", "camera", "nest: csi")
    box.file("/sys/class/video4linux/video0/name", "unicam-image\n")
    assert only(box, devices.present).state == "ok"  # auto takes it
    box.file("/proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.5\0")
    assert only(box, devices.present, config).state == "ok"


def test_a_configured_camera_that_is_absent(box: Box) -> None:
    there = box.usb_camera(serial="SN1")
    gone = there.replace("SN1", "SN2")
    found = only(box, devices.present, usb(gone))
    assert found == Finding(
        "fault", "camera", f"c0: its camera is not there; there are {there}", gone, "camera-appliance cameras"
    )


def test_a_dangling_name_is_absent(box: Box) -> None:
    name = box.usb_camera()
    box.gone("/dev/video0")
    assert only(box, devices.present, usb(name)).state == "fault"


def test_two_entries_for_one_camera(box: Box) -> None:
    name = box.usb_camera()
    found = only(box, devices.own_names, usb(name, "/dev/video0"))
    assert (found.state, found.what.startswith("c0 and c1 are the same camera")) == ("fault", True)


def test_two_cameras_with_one_title(box: Box) -> None:
    config = Config(cameras=[Camera(id=name, name="Door", source="pattern") for name in ("a", "b")])
    found = only(box, devices.own_names, config)
    assert (found.state, found.what) == ("warning", "a and b have the same name, 'Door'; people cannot tell them apart")


def test_twins_without_serial_numbers(box: Box) -> None:
    box.usb_camera("1-1.2", 0)
    box.usb_camera("1-1.3", 2, serial="")
    found = only(box, devices.own_names)
    assert (found.state, found.where) == ("warning", "/dev/video2")
    assert found.fix.endswith('source = "usb:/dev/v4l/by-path/platform-usb-0:1.3:1.0-video-index0"')
    box.usb_camera("1-1.3", 2, serial="SN2")
    box.points("/dev/v4l/by-path/platform-usb-0:1.3:1.0-video-index1", "../../video3")  # its metadata
    assert list(devices.own_names(box, Config())) == []


def test_a_user_who_may(box: Box) -> None:
    box.usb_camera()
    assert only(box, devices.permitted) == Finding("ok", "permission", "pi may open every camera device")


def test_the_rights_of_the_owner_count_alone(box: Box) -> None:
    box.usb_camera()
    box.device("/dev/video0", mode=0o600, uid=PI)
    assert only(box, devices.permitted).state == "ok"
    box.device("/dev/video0", mode=0o066, uid=PI)
    assert only(box, devices.permitted).state == "fault"


def test_root_is_told_that_it_is_root(box: Box) -> None:
    box.usb_camera()
    box.user(ROOT)
    assert "root" in only(box, devices.permitted).what


def test_a_user_outside_group_video(box: Box) -> None:
    box.usb_camera()
    box.user(PI, RENDER)
    box.groups(video="")
    expected = "pi may not open /dev/video0 (crw-rw---- group video)"
    assert only(box, devices.permitted) == Finding(
        "fault", "permission", expected, "/dev/video0", "sudo usermod -aG video pi"
    )
    box.gone("/dev/video0")
    assert only(box, devices.permitted).state == "warning"


def test_a_user_who_has_not_logged_in_again(box: Box) -> None:
    box.usb_camera()
    box.user(PI)
    assert only(box, devices.permitted).fix == "newgrp video"


def test_heaps_that_belong_to_root(box: Box) -> None:
    box.device("/dev/dma_heap/linux,cma", 0o600, gid=ROOT)
    found = only(box, devices.permitted)
    assert (found.state, found.fix) == ("warning", "sudo apt install raspberrypi-sys-mods")
    assert found.what == "pi may not open /dev/dma_heap/linux,cma (crw------- group root)"


def test_media_and_render_nodes(box: Box) -> None:
    box.device("/dev/media0")
    box.device("/dev/dri/renderD128", gid=RENDER)
    assert only(box, devices.permitted).state == "ok"
    box.user(PI, VIDEO)
    box.file("/etc/group", f"video:x:{VIDEO}:pi\nrender:x:{RENDER}:\n")
    assert only(box, devices.permitted).fix == "sudo usermod -aG render pi"


def test_a_camera_in_use_by_a_unit(box: Box) -> None:
    box.usb_camera()
    box.process(812, "motion", unit="/system.slice/motion.service", holds=("/dev/video0",))
    expected = "/dev/video0 is in use by motion (process 812)"
    assert only(box, devices.held) == Finding("fault", "held", expected, "/dev/video0", "sudo systemctl stop motion")


def test_a_camera_in_use_by_a_program_or_a_unit_of_a_user(box: Box) -> None:
    box.usb_camera()
    box.process(900, "cheese", holds=("/dev/video0", "/dev/video0"))
    assert only(box, devices.held).fix == "sudo kill 900"
    session = "/user.slice/user-1000.slice/user@1000.service"
    box.process(900, "wireplumber", unit=f"{session}/session.slice/wireplumber.service", holds=("/dev/video0",))
    assert only(box, devices.held).fix == "systemctl --user stop wireplumber.service"
    for group in (f"{session}/app.slice/cheese.scope", session):
        box.process(900, "cheese", unit=group, holds=("/dev/video0",))
        assert only(box, devices.held).fix == "sudo kill 900"


def test_our_own_worker_is_no_stranger(box: Box) -> None:
    box.usb_camera()
    box.process(77, "python", "python", "-P", "-m", "appliance.cameras", "worker", "5", holds=("/dev/video0",))
    assert only(box, devices.held).state == "ok"
