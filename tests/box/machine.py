"""A box: QEMU with a card in it. Without KVM: every instruction is translated, so it is as quick as a Zero 2 W at best.

    with box(card, folder) as running:
        running.wait_until_up(90)
        print(running.run("systemctl --failed").output)
        running.cut_power()

While it runs, `running.url` is its port 80. What the tests add to the boot (a way in for root, drop-ins) comes from outside, as systemd's
credentials: the image has nothing of it.
"""

import base64
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.box.card import Card
from tests.box.channel import Answer, Channel, credentials
from tests.box.places import INITRD, KERNEL, BoxError, check_built
from tests.lab.machine import TRANSLATED_MIB, UNNEEDED
from tests.support.boxes import free_port

# As a Pi's cmdline.txt, and what makes an emulator quicker.
KERNEL_WORDS = (
    "console=ttyS0 fsck.repair=yes cgroup_enable=memory quiet loglevel=4 systemd.show_status=false audit=0 "
    "mitigations=off tsc=reliable no_timer_check random.trust_cpu=on nokaslr 8250.nr_uarts=1 "
    f"module_blacklist={UNNEEDED}"
)
CONSOLE_LINES = 40
STARTS_WITHIN_S = 20.0


@dataclass(frozen=True)
class Hardware:
    """What can be chosen of it."""

    memory_mib: int = 1024
    cpus: int = 2
    reaches_out: bool = False  # let the guest use the host's network
    with_network: bool = True
    watchdog: bool = False  # a hardware watchdog that resets the machine
    kernel_words: str = ""  # more of them
    credentials: dict[str, bytes] = field(
        default_factory=dict
    )  # such as systemd.unit-dropin.NAME~TAG: more text for a unit
    more: tuple[str, ...] = ()  # arguments for QEMU

    def command(self, card: Path, folder: Path, port: int) -> list[str]:
        """QEMU with its arguments."""
        restrict = "off" if self.reaches_out else "on"
        network = f"-netdev user,id=n0,restrict={restrict},hostfwd=tcp:127.0.0.1:{port}-:80 -device virtio-net-pci,netdev=n0,romfile="
        arguments = [
            "qemu-system-x86_64 -machine q35,usb=off,vmport=off -nodefaults -no-user-config -display none",
            f"-accel tcg,thread=multi,tb-size={TRANSLATED_MIB} -cpu max -m {self.memory_mib} -smp {self.cpus}",
            "-device virtio-rng-pci -device virtio-serial-pci",
            "-device virtserialport,chardev=agent,name=box.agent",
            network if self.with_network else "-nic none",
            "-device i6300esb -action watchdog=reset" if self.watchdog else "",
        ]
        return [
            *" ".join(arguments).split(),
            *("-chardev", f"socket,id=agent,path={folder / 'agent'},server=on,wait=off"),
            *("-kernel", str(KERNEL), "-initrd", str(INITRD), "-append", f"{KERNEL_WORDS} {self.kernel_words}".strip()),
            *("-drive", f"file={card},format=raw,if=none,id=card", "-device", "virtio-blk-pci,drive=card"),
            *("-serial", f"file:{folder / 'console'}", "-monitor", f"unix:{folder / 'monitor'},server=on,wait=off"),
            *_smbios({**credentials(), **self.credentials}),
            *self.more,
        ]


class Box:
    """One that runs. Times are of the host's monotonic clock."""

    def __init__(self, process: subprocess.Popen[bytes], channel: Channel, folder: Path, port: int) -> None:
        self.process, self.folder, self.port = process, folder, port
        self.url = f"http://127.0.0.1:{port}"
        self.started_s = time.monotonic()  # QEMU, a second or so before the kernel
        self._channel = channel

    def wait_until_up(self, within_s: float = 120.0, *, boot: int = 1) -> None:
        """Until root may run something, early in boot number `boot` of this machine. Raises BoxError."""
        self._channel.await_boot(boot, within_s)

    def run(self, script: str, within_s: float = 60.0) -> Answer:
        """In the guest, as root, by bash. Raises BoxError when there is no answer in time."""
        return self._channel.run(script, within_s)

    def says(self, script: str, within_s: float = 60.0) -> str:
        """What it prints, without the white space around."""
        return self.run(script, within_s).output.strip()

    def kernel_started_s(self) -> float:
        """When its kernel did, on our clock."""
        asked_s = time.monotonic()
        uptime_s = float(self.says("cut -d' ' -f1 /proc/uptime"))
        return (asked_s + time.monotonic()) / 2 - uptime_s

    def shut_down(self, within_s: float = 60.0) -> None:
        """As `poweroff` does. What hangs on after that is cut off."""
        with suppress(BoxError):  # it may be gone before it has answered; whether it is, is asked below
            self.run("systemctl poweroff --no-block")
        try:
            self.process.wait(within_s)
        finally:
            self.cut_power()

    def cut_power(self) -> None:
        """Now."""
        self.process.kill()
        self.process.wait()

    def console(self) -> str:
        """What its kernel and systemd printed last."""
        text = (self.folder / "console").read_text(errors="replace") if (self.folder / "console").exists() else ""
        return "\n".join(text.splitlines()[-CONSOLE_LINES:])


@contextmanager
def box(card: Card, folder: Path, hardware: Hardware | None = None) -> Iterator[Box]:
    """Switch it on; at the end its power is cut, if it still runs. `folder`: for its sockets and console, another one each time."""
    check_built()
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    process = subprocess.Popen((hardware or Hardware()).command(card.file, folder, port), stdin=subprocess.DEVNULL)
    channel = Channel(folder / "agent")
    try:
        running = Box(process, channel, folder, port)
        channel.connect(STARTS_WITHIN_S)
        yield running
    finally:
        channel.close()
        process.kill()
        process.wait()


def _smbios(secrets: dict[str, bytes]) -> list[str]:
    """As systemd takes them from a machine's firmware."""
    words = []
    for name, content in secrets.items():
        value = f"io.systemd.credential.binary:{name}={base64.b64encode(content).decode()}"
        words += ["-smbios", f"type=11,value={value.replace(',', ',,')}"]
    return words
