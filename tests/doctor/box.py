"""A folder that looks like a box: /proc, /sys, /dev and /etc as the kernel and Debian write them.

What a folder of ours cannot hold is said aloud instead: whose a device is, the kernel's log, the time, the room on the card.
"""

import shutil
from pathlib import Path

from appliance.system.machine import Node, ThisMachine

ROOT, PI, VIDEO, RENDER = 0, 1000, 44, 105
MAKER = "usb-Lab_Camera"
PASSWD = "root:x:0:0:root:/root:/bin/bash\npi:x:1000:1000:,,,:/home/pi:/bin/bash\n"
MEMINFO = "MemTotal: 3884008 kB\nMemAvailable: 2400000 kB\nCmaTotal: 524288 kB\nCmaFree: 400000 kB\n"
LIMITS = (
    "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 1048576              files\n"
)
NO_SOCKETS = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


class Box(ThisMachine):
    """A Raspberry Pi of user pi, who is in groups video and render, with nothing attached and nothing wrong."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root = root
        self._owners: dict[str, Node] = {}
        self.log: list[str] | None = ["Booting Linux on physical CPU 0x0"]
        self.time: tuple[float, bool | None] = (1_800_000_000.0, True)
        self.room: int | None = 8_000_000_000
        self.user(PI, PI, VIDEO, RENDER)
        self.file("/etc/passwd", PASSWD)
        self.groups()
        self.file("/etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n')
        self.file("/proc/sys/kernel/osrelease", "6.12.62+rpt-rpi-v8\n")
        self.file("/proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.5\0")
        self.file("/proc/meminfo", MEMINFO)
        self.file("/proc/self/limits", LIMITS)
        self.file("/proc/net/tcp", NO_SOCKETS)
        self.file("/proc/net/tcp6", NO_SOCKETS)
        self.file("/run/udev/control", "")
        self.file("/sys/class/thermal/thermal_zone0/temp", "48300\n")
        self.file("/sys/class/hwmon/hwmon1/name", "rpi_volt\n")
        self.file("/sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n")
        self.file("/sys/devices/platform/soc/soc:firmware/get_throttled", "0\n")

    def file(self, path: str, text: str) -> None:
        """Write a file."""
        at = self._made(path)
        at.write_text(text)

    def points(self, path: str, to: str) -> None:
        """Make a link."""
        at = self._made(path)
        at.unlink(missing_ok=True)
        at.symlink_to(to)

    def device(self, path: str, mode: int = 0o660, uid: int = ROOT, gid: int = VIDEO) -> None:
        """A device node, as `ls -l` would show it."""
        self.file(path, "")
        self._owners[path] = Node(0o20000 | mode, uid, gid)

    def user(self, uid: int, *groups: int, rights: int = 0) -> None:
        """As whom the doctor runs."""
        words = " ".join(map(str, groups))
        self.file(
            "/proc/self/status",
            f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{uid}\t{uid}\nGroups:\t{words} \nCapEff:\t{rights:016x}\n",
        )

    def groups(self, video: str = "pi") -> None:
        """Who is in group video, as /etc/group has it."""
        self.file("/etc/group", f"root:x:0:\nvideo:x:{VIDEO}:{video}\nrender:x:{RENDER}:pi\npi:x:{PI}:\n")

    def process(self, pid: int, name: str, *arguments: str, unit: str = "", holds: tuple[str, ...] = ()) -> None:
        """One that runs; `unit` is its control group."""
        self.file(f"/proc/{pid}/comm", f"{name}\n")
        self.file(f"/proc/{pid}/cmdline", "".join(f"{word}\0" for word in arguments or (name,)))
        self.file(f"/proc/{pid}/cgroup", f"0::{unit or '/user.slice/user-1000.slice/session-1.scope'}\n")
        for number, target in enumerate(("/dev/null", *holds)):
            self.points(f"/proc/{pid}/fd/{number}", target)

    def listens(self, address: str, inode: int, table: str = "tcp") -> None:
        """A socket that waits for connections, at `0100007F:1F40`."""
        row = f"   0: {address} 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 {inode} 1 0\n"
        self.file(f"/proc/net/{table}", NO_SOCKETS + row)

    def usb_camera(self, at: str = "1-1.2", video: int = 0, serial: str = "SN1", speed: str = "480") -> str:
        """A USB camera with its driver and its names; returns the by-id one. No `serial`: udev gave the name to a twin."""
        of = f"/sys/devices/platform/usb{at[0]}/{at}"
        interface = f"{of}/{at}:1.0"
        for attribute, value in (("speed", speed), ("product", "Lab Camera"), ("busnum", at[0])):
            self.file(f"{of}/{attribute}", f"{value}\n")
        self.file(f"{of}/power/control", "auto\n")
        self.file(f"{of}/power/autosuspend_delay_ms", "2000\n")
        self.file(f"{interface}/bInterfaceClass", "0e\n")
        self.points(f"{interface}/driver", "/sys/bus/usb/drivers/uvcvideo")
        self.points(f"/sys/bus/usb/devices/{at}", str(self.root / of[1:]))
        self.points(f"/sys/bus/usb/devices/{at}:1.0", str(self.root / interface[1:]))
        self.points(f"/sys/class/video4linux/video{video}/device", str(self.root / interface[1:]))
        self.device(f"/dev/video{video}")
        self.points(f"/dev/v4l/by-path/platform-usb-0:{at[2:]}:1.0-video-index0", f"../../video{video}")
        if serial:
            self.points(f"/dev/v4l/by-id/{MAKER}_{serial}-video-index0", f"../../video{video}")
        return f"/dev/v4l/by-id/{MAKER}_{serial}-video-index0"

    def gone(self, path: str) -> None:
        """Take a file or folder away."""
        self._owners.pop(path, None)
        at = self.root / path.lstrip("/")
        shutil.rmtree(at) if at.is_dir() and not at.is_symlink() else at.unlink()

    def node(self, path: str) -> Node | None:
        """As it was said; a folder of ours cannot hold devices of others."""
        return self._owners.get(self.real(path), super().node(path))

    def free_bytes(self, path: str) -> int | None:
        """As it was said."""
        return self.room if path == "/" else super().free_bytes(path)

    def kernel_log(self) -> list[str] | None:
        """As it was said."""
        return self.log

    def clock(self) -> tuple[float, bool | None]:
        """As it was said."""
        return self.time

    def _made(self, path: str) -> Path:
        at = self.root / path.lstrip("/")
        at.parent.mkdir(parents=True, exist_ok=True)
        return at
