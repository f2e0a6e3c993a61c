"""Cameras: are they there, may this user open them, does somebody else have them, are their names their own."""

import stat
from collections.abc import Iterator

from appliance.config import Config
from appliance.doctor.board import has_ribbon_camera
from appliance.doctor.finding import Finding
from appliance.doctor.processes import Processes, User, group_number, group_of, myself
from appliance.system.machine import Machine, Node

_READ_WRITE = 0o6


def camera_names(machine: Machine) -> list[str]:
    """Paths of USB cameras, best names first, each camera once. As the list of cameras has them, but opens nothing."""
    links = [
        f"/dev/v4l/{folder}/{name}"
        for folder in ("by-id", "by-path")
        for name in machine.entries(f"/dev/v4l/{folder}")
        if "usb" in name and ("-index" not in name or name.endswith("-index0"))
    ]
    found: dict[str, str] = {}
    for link in links:
        if machine.node(link) is not None:
            found.setdefault(machine.real(link), link)
    return list(found.values()) or [f"/dev/{name}" for name in _usb_video(machine)]


def present(machine: Machine, config: Config) -> Iterator[Finding]:
    """Is every configured camera attached?"""
    there = camera_names(machine)
    for camera in config.cameras:
        source = camera.parsed_source
        on_ribbon = source.kind in ("auto", "csi") and has_ribbon_camera(machine)
        if source.kind == "csi" and not on_ribbon and "Raspberry Pi" in machine.text("/proc/device-tree/model"):
            what = f"{camera.id}: the kernel found no camera on the ribbon cable when the box started"
            fix = "sudo poweroff  # then push the cable in straight at both ends, and: rpicam-hello --list-cameras"
            yield Finding("fault", "camera", what, "/sys/class/video4linux", fix)
        elif source.kind == "auto" and not there and not on_ribbon:
            what = f"{camera.id}: no USB camera is attached, so it shows the test pattern"
            yield Finding("warning", "camera", what, fix="plug a camera in, then: camera-appliance cameras")
        elif source.kind == "usb" and machine.node(source.device) is None:
            known = f"there are {', '.join(there)}" if there else "no USB camera is attached"
            what = f"{camera.id}: its camera is not there; {known}"
            fix = "camera-appliance cameras" if there else "plug it in, then: camera-appliance cameras"
            yield Finding("fault", "camera", what, source.device, fix)
        else:
            # of other kinds nothing is shown: what people paste into a report must hold no login
            where = {"usb": source.device, "auto": ", ".join(there)}.get(source.kind, "")
            yield Finding("ok", "camera", f"{camera.id}: {source.kind}", where)


def own_names(machine: Machine, config: Config) -> Iterator[Finding]:
    """Two cameras with one name: in the file, or of one make without serial numbers."""
    owners: dict[str, str] = {}
    titles: dict[str, str] = {}
    for camera in config.cameras:
        source = camera.parsed_source
        first = owners.setdefault(machine.real(source.device), camera.id) if source.kind == "usb" else camera.id
        if first != camera.id:
            what = f"{first} and {camera.id} are the same camera; only one of them will get pictures"
            yield Finding("fault", "names", what, source.device, "camera-appliance cameras")
        if titles.setdefault(camera.title, camera.id) != camera.id:
            what = f"{titles[camera.title]} and {camera.id} have the same name, {camera.title!r}; people cannot tell them apart"
            yield Finding("warning", "names", what, "cameras.name", "camera-appliance check-config")
    named = {machine.real(f"/dev/v4l/by-id/{name}") for name in machine.entries("/dev/v4l/by-id")}
    for name in machine.entries("/dev/v4l/by-path"):
        path = f"/dev/v4l/by-path/{name}"
        if named and "usb" in name and name.endswith("-index0") and machine.real(path) not in named:
            what = "this camera's by-id name belongs to a twin with the same serial number; call it by its socket"
            yield Finding("warning", "names", what, machine.real(path), f'write in the file: source = "usb:{path}"')


def permitted(machine: Machine, config: Config) -> Iterator[Finding]:
    """May this user open what cameras need?"""
    user = myself(machine)
    if user.uid == 0:
        yield Finding("ok", "permission", "asked as root, who may open everything; ask as the user of the service, too")
        return
    refused = 0
    for path in _device_nodes(machine):
        node = machine.node(path)
        if node is not None and not _may_use(user, node):
            refused += 1
            yield _refused(machine, user, path, node)
    video = group_number(machine, "video")
    if not refused and video is not None and video not in user.groups:
        what = f"{user.name} is not in group video, so a camera of this box may be refused"
        yield Finding("warning", "permission", what, "/etc/group", f"sudo usermod -aG video {user.name}")
    elif not refused:
        yield Finding("ok", "permission", f"{user.name} may open every camera device")


def held(machine: Machine, config: Config) -> Iterator[Finding]:
    """Does another program have a camera?"""
    processes = Processes(machine)
    devices = [f"/dev/{name}" for name in _usb_video(machine)]
    devices = sorted({*devices, *(machine.real(path) for path in camera_names(machine))})
    others = [(path, holder) for path in devices for holder in processes.holders(path) if not holder.is_camera_worker]
    for path, holder in others:
        yield Finding("fault", "held", f"{path} is in use by {holder.described}", path, holder.stop)
    if devices and not others:
        seen = "" if myself(machine).uid == 0 else "; only root sees what other users' programs hold"
        yield Finding("ok", "held", f"no other program has a camera{seen}")


def _refused(machine: Machine, user: User, path: str, node: Node) -> Finding:
    owner, _ = group_of(machine, 0) if node.gid == 0 else group_of(machine, node.gid)
    _, members = group_of(machine, node.gid)
    shown = f"{stat.filemode(node.mode)} group {owner}"
    state = "fault" if path.startswith("/dev/video") else "warning"  # the others are for cameras on the ribbon cable
    if node.gid == 0 or node.mode >> 3 & _READ_WRITE != _READ_WRITE:
        fix = (
            "sudo apt install raspberrypi-sys-mods"
            if "dma_heap" in path
            else f"sudo chgrp video {path} && sudo chmod 660 {path}"
        )
    elif user.name in members:
        return Finding(
            state,  # type: ignore[arg-type]  # one of two words, two lines above
            "permission",
            f"{user.name} is in group {owner} only since its last login ({shown})",
            path,
            f"newgrp {owner}",
        )
    else:
        fix = f"sudo usermod -aG {owner} {user.name}"
    return Finding(state, "permission", f"{user.name} may not open {path} ({shown})", path, fix)  # type: ignore[arg-type]


def _may_use(user: User, node: Node) -> bool:
    shift = 6 if node.uid == user.uid else 3 if node.gid in user.groups else 0
    return node.mode >> shift & _READ_WRITE == _READ_WRITE


def _device_nodes(machine: Machine) -> list[str]:
    names = [name for name in machine.entries("/dev") if name.startswith(("video", "media"))]
    heaps = [f"/dev/dma_heap/{name}" for name in machine.entries("/dev/dma_heap")]
    renderers = [f"/dev/dri/{name}" for name in machine.entries("/dev/dri") if name.startswith("renderD")]
    return [*(f"/dev/{name}" for name in names), *heaps, *renderers]


def _usb_video(machine: Machine) -> list[str]:
    """`video0` and so on, of USB cameras: a box has many video devices that are none, such as its decoders."""
    names = [name for name in machine.entries("/dev") if name.startswith("video") and name[5:].isdecimal()]
    return [name for name in names if "/usb" in machine.real(f"/sys/class/video4linux/{name}/device")]
