"""A board of plain files: /proc, /sys and /run as a Raspberry Pi has them, for the real program to look at."""

from pathlib import Path

MEMINFO = "MemTotal: 3884008 kB\nMemAvailable: 2400000 kB\nCmaTotal: 524288 kB\nCmaFree: 400000 kB\n"
WIRELESS = (
    "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
    " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
    " wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0\n"
)
ZONE, HWMON = "/sys/class/thermal/thermal_zone0", "/sys/class/hwmon/hwmon1"
THROTTLED = "/sys/devices/platform/soc/soc:firmware/get_throttled"


class Sysfs:
    """Nothing is wrong with it until a test writes that."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write(f"{ZONE}/type", "cpu-thermal")
        self.celsius(48.3)
        self.write(f"{HWMON}/name", "rpi_volt")
        self.under_voltage(False)
        self.throttled(0)
        self.write("/proc/meminfo", MEMINFO)
        self.write("/proc/net/wireless", WIRELESS)
        self.write("/proc/uptime", "86400.50 300000.00")
        self.write("/proc/sys/kernel/osrelease", "6.12.62+rpt-rpi-v8")
        self.write("/proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.5\0")
        self.write("/etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"')
        self.write("/run/systemd/timesync/synchronized", "")
        package = "Package: {}\nStatus: install ok installed\nVersion: {}\n\n"
        packages = [("zsh", "5.9-8"), ("python3-libcamera", "0.5.2+rpt20250903-1"), ("python3-picamera2", "0.3.31-1")]
        self.write("/var/lib/dpkg/status", "".join(package.format(*each) for each in packages))

    def write(self, path: str, text: str) -> None:
        """A file with one line, whole at every moment."""
        at = self.root / path.lstrip("/")
        at.parent.mkdir(parents=True, exist_ok=True)
        new = at.with_name(f".{at.name}.new")
        new.write_text(f"{text}\n")
        new.replace(at)

    def gone(self, path: str) -> None:
        """Take a file away."""
        (self.root / path.lstrip("/")).unlink()

    def celsius(self, celsius: float) -> None:
        """So hot is the processor."""
        self.write(f"{ZONE}/temp", str(round(celsius * 1000)))

    def under_voltage(self, low: bool) -> None:
        """Is the supply too weak now?"""
        self.write(f"{HWMON}/in0_lcrit_alarm", str(int(low)))

    def throttled(self, bits: int) -> None:
        """What the firmware says."""
        self.write(THROTTLED, f"{bits:x}")
