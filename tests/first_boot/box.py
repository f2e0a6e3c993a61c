"""A folder that looks like a flashed card: what Raspberry Pi OS and our package put there, before or after its first start."""

from pathlib import Path

from appliance.cli import main
from appliance.first_boot.facts import CONFIG, CONNECTION, SECRETS, SETUP_CODE, TLS_CERTIFICATE, TLS_KEY
from appliance.first_boot.starting import NOTICE

HOUSE = Path(__file__).parents[2]
FILE = "/boot/firmware/camera-appliance.toml"
STATUS = "/boot/firmware/camera-appliance-status.txt"
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKoKOcnMBCHx6jNFvUqTHCBUrVTJCpcYP7IAd9cG7cJv me@laptop"
HASH = "$scrypt$ln=14,r=8,p=5$cS23ActK+BY8H8drMAoZZA$LzSPFPzVKN/gjsPlyETKsCupLEmm16iX8/tBD/RHLxs"
CODE = "ABCD-EFGH-JKLM"
GOOD = f"""
hostname = "hall"           # its name
[wifi]
ssid = "Home"
password = "correct horse"  # of the router
country = "de"
[admin]
password = "battery staple 42"
[ssh]
public_key = "{SSH_KEY}"
[config.presets.high]
fps = 15
[[config.cameras]]
id = "camera"
name = "Front door"
"""


class Card:
    """A box's files. Made so: with a setup code and a TLS key, as after a start without a file; `flashed` has neither."""

    def __init__(self, root: Path, *, flashed: bool = False) -> None:
        self.root = root
        self.file("/etc/hostname", "camera-appliance\n")
        self.file("/etc/hosts", "127.0.0.1\tlocalhost\n127.0.1.1\tcamera-appliance\n")
        self.file("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
        self.file("/etc/group", "root:x:0:\n")
        self.file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\npi:x:1000:1000:,,,:/home/pi:/bin/bash\n")
        self.file("/proc/device-tree/serial-number", "10000000abcd1a2b\0")
        self.file("/usr/bin/ssh-keygen", "#!")
        self.file("/etc/ssh/ssh_host_ed25519_key", "" if flashed else "a key")
        self.file("/etc/NetworkManager/NetworkManager.conf", "[main]\n")
        self.file("/boot/firmware/cmdline.txt", "root=PARTUUID=…\n")
        self.file(CONFIG, (HOUSE / "config" / "appliance.toml").read_text())
        if not flashed:
            self.file(SECRETS, f'[admin]\nsetup_code = "{HASH}"\n')
            self.file(SETUP_CODE, f"{CODE}\n")
            self.file(TLS_KEY, "a key")
            self.file(TLS_CERTIFICATE, "a certificate")

    def file(self, path: str, content: str | bytes) -> None:
        """Write a file."""
        at = self.root / path.lstrip("/")
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(content.encode() if isinstance(content, str) else content)

    def text(self, path: str) -> str:
        """Read one; empty when there is none."""
        at = self.root / path.lstrip("/")
        return at.read_bytes().decode("utf-8-sig") if at.exists() else ""

    def mode(self, path: str) -> int:
        """Who may use it."""
        return (self.root / path.lstrip("/")).stat().st_mode & 0o777

    def start(self) -> str:
        """The box starts; returns what its status says. Status 0 whatever comes."""
        assert main(["first-boot", "--root", str(self.root)]) == 0
        return self.status

    @property
    def status(self) -> str:
        """The file for people, which has line ends for Notepad."""
        text = self.text(STATUS)
        assert text.count("\n") == text.count("\r\n") > 5
        return text.replace("\r\n", "\n")

    @property
    def notices(self) -> list[str]:
        """What the page shows."""
        return self.text(NOTICE).splitlines()

    @property
    def everything(self) -> bytes:
        """All that the boot partition's files hold."""
        return b"".join(each.read_bytes() for each in (self.root / "boot/firmware").iterdir() if each.is_file())

    @property
    def connection(self) -> str:
        """NetworkManager's profile."""
        return self.text(CONNECTION)
