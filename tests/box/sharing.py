"""A folder of this machine in the guest, /host, and this project, /appliance; both read-only there."""

from pathlib import Path

from tests.box.machine import Box
from tests.box.places import PROJECT, BoxError

PLACES = ("host", "appliance")
MOUNT = "mkdir -p /{0} && mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro {0} /{0}"


def devices(share: Path) -> tuple[str, ...]:
    """For QEMU."""
    words: list[str] = []
    for tag, folder in zip(PLACES, (share, PROJECT), strict=True):
        words += ["-fsdev", f"local,id={tag},path={folder},security_model=none,multidevs=remap,readonly=on"]
        words += ["-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
    return tuple(words)


def mount(running: Box) -> None:
    """Have them there. Raises BoxError."""
    done = running.run(" && ".join(["modprobe -a 9p 9pnet_virtio", *(MOUNT.format(each) for each in PLACES)]))
    if done.status:
        raise BoxError(f"the shared folders are not there: {done.output}")
