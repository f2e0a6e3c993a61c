"""The guest's hardware, as arguments for QEMU."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.places import INITRD, KERNEL, PROJECT

# Drivers of devices that this machine lacks, and that would cost seconds of looking for them.
UNNEEDED = (
    "ahci,ata_piix,ata_generic,iTCO_wdt,psmouse,pcspkr,i2c_i801,i2c_piix4,lpc_ich,kvm_amd,kvm_intel,kvm,ccp,"
    "button,serio_raw,evdev,qemu_fw_cfg"
)
KERNEL_WORDS = (
    "root=/dev/vda rw console=ttyS0 quiet loglevel=4 mitigations=off tsc=reliable no_timer_check random.trust_cpu=on "
    f"audit=0 nokaslr 8250.nr_uarts=1 module_blacklist={UNNEEDED} systemd.show_status=false"
)
TRANSLATED_MIB = 512  # of code that TCG keeps translated


@dataclass(frozen=True)
class Machine:
    """What can be chosen of it."""

    memory_mib: int = 2048
    cpus: int = min(2, os.cpu_count() or 1)
    accel: str = "tcg"  # "kvm" where /dev/kvm can boot stock kernels
    forwards: tuple[tuple[int, int], ...] = ()  # (port of 127.0.0.1 here, port of the guest)
    reaches_out: bool = False  # let the guest use the host's network
    kernel_words: str = ""  # more of them
    more: tuple[str, ...] = field(default=())  # arguments for QEMU

    def command(self, *, drive: str, errand: Path, share: Path, console: Path, monitor: Path | None) -> list[str]:
        """QEMU with its arguments. The guest's own words come on standard output."""
        tcg = self.accel == "tcg"
        accel = f"tcg,thread=multi,tb-size={TRANSLATED_MIB}" if tcg else "kvm"
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{here}-:{there}" for here, there in self.forwards)
        arguments = [
            "qemu-system-x86_64 -machine q35,usb=off,vmport=off -nodefaults -no-user-config -display none -no-reboot",
            f"-accel {accel} -cpu {'max' if tcg else 'host'} -m {self.memory_mib} -smp {self.cpus}",
            "-device virtio-rng-pci -device virtio-serial-pci",
            f"-netdev user,id=n0,restrict={'off' if self.reaches_out else 'on'}{forwards}",
            "-device virtio-net-pci,netdev=n0,romfile=",
            "-chardev stdio,id=out,signal=off -device virtserialport,chardev=out,name=lab.out",
        ]
        return [
            *" ".join(arguments).split(),
            *("-kernel", str(KERNEL), "-initrd", str(INITRD), "-append", f"{KERNEL_WORDS} {self.kernel_words}".strip()),
            *("-drive", f"{drive},if=none,id=d0", "-device", "virtio-blk-pci,drive=d0", "-serial", f"file:{console}"),
            *_shared("errand", errand),
            *_shared("host", share),
            *_shared("appliance", PROJECT, ",readonly=on"),
            *("-monitor", f"unix:{monitor},server=on,wait=off" if monitor else "none"),
            *self.more,
        ]


def _shared(tag: str, folder: Path, options: str = "") -> list[str]:
    filesystem = f"local,id={tag},path={folder},security_model=none,multidevs=remap{options}"
    return ["-fsdev", filesystem, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
