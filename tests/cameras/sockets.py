"""A USB socket that does not exist: the part of sysfs that tells which device is in it."""

from pathlib import Path


def plug_in(
    sys: Path, ids: str, *, number: str = "81:0", socket: str = "1.2", mbit: str = "480", serial: str = ""
) -> None:
    """A camera with the `ids` of a make, whose video node is the device `number`, as the kernel would list it under `sys`."""
    vendor, product = ids.split(":")
    device = sys / "devices" / "usb1" / f"1-{socket}"
    node = device / f"1-{socket}:1.0" / "video4linux" / "video0"
    node.mkdir(parents=True)
    (node / "device").symlink_to("../../../" + f"1-{socket}:1.0")
    told = {"idVendor": vendor, "idProduct": product, "devpath": socket, "speed": mbit, "serial": serial}
    for name, content in told.items():
        if content:
            (device / name).write_text(content + "\n")
    (sys / "dev" / "char").mkdir(parents=True, exist_ok=True)
    (sys / "dev" / "char" / number).symlink_to(node)
