"""The lab: a Debian guest under QEMU with real camera devices made in software, and what our program must show there."""
