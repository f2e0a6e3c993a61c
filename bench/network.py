"""Bad links: a network namespace at the other end of a veth pair, a token bucket before it, and a long wire where one is wanted.

Needs root. All of it is gone when the `with` block ends; `sweep` takes away what a killed run has left.
The addresses are of 198.18.0.0/15, which is set aside for benchmarks (RFC 2544).
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.figures import NotRunError
from bench.workbench import Workbench

PREFIX = "camera-bench-"
BURST_BYTES = 2048  # one packet: a larger bucket would let whole pictures pass at once
NAMESPACES = Path("/run/netns")


class Link(NamedTuple):
    """A way from here to a client. `server` is our address on it."""

    namespace: str
    interface: str  # ours; its queue is the router's
    server: str

    def be(self, mbit_per_s: float, queue_bytes: int, verb: str = "change") -> None:
        """Carry so much from here to the client, with a queue of so many bytes before it."""
        rate = ["rate", f"{mbit_per_s}mbit", "burst", str(BURST_BYTES), "limit", str(queue_bytes)]
        _do("tc", "qdisc", verb, "dev", self.interface, "root", "tbf", *rate)

    def inside(self, command: list[str]) -> list[str]:
        """The command, to run at the client's end."""
        return ["ip", "netns", "exec", self.namespace, *command]


def check() -> None:
    """Raise NotRunError where links cannot be built."""
    if os.geteuid():
        raise NotRunError("links need root (network namespaces)")
    for tool in ("ip", "tc"):
        if shutil.which(tool) is None:
            raise NotRunError(f"links need `{tool}` (iproute2)")


def sweep() -> None:
    """Remove namespaces of runs that no longer exist."""
    for path in NAMESPACES.glob(f"{PREFIX}*"):
        if not Path(f"/proc/{path.name.removeprefix(PREFIX).partition('-')[0]}").exists():
            _do("ip", "netns", "del", path.name)


@contextmanager
def link(
    bench: Workbench, number: int, mbit_per_s: float, queue_bytes: int, round_trip_ms: float = 0
) -> Iterator[Link]:
    """Link `number` of this run. Raises NotRunError where the kernel has no such thing."""
    pid = os.getpid()
    server, client = (f"198.18.{pid % 200}.{4 * number + end}" for end in (1, 2))
    interface = f"cb{pid}s{number}"
    with ExitStack() as stack:
        namespace = stack.enter_context(_namespace(f"{PREFIX}{pid}-{number}"))
        middle = ""
        if round_trip_ms:
            middle = stack.enter_context(_namespace(f"{PREFIX}{pid}-{number}m"))
            _do("ip", "link", "add", interface, "type", "veth", "peer", "name", "near", "netns", middle)
            _do("ip", "-n", middle, "link", "add", "far", "type", "veth", "peer", "name", "end", "netns", namespace)
        else:
            _do("ip", "link", "add", interface, "type", "veth", "peer", "name", "end", "netns", namespace)
        stack.callback(subprocess.run, ["ip", "link", "del", interface], stderr=subprocess.DEVNULL, check=False)
        _do("ip", "addr", "add", f"{server}/30", "dev", interface)
        _do("ip", "link", "set", interface, "up")
        _do("ip", "-n", namespace, "addr", "add", f"{client}/30", "dev", "end")
        _do("ip", "-n", namespace, "link", "set", "end", "up")
        made = Link(namespace, interface, server)
        made.be(mbit_per_s, queue_bytes, "add")
        if round_trip_ms:
            stack.enter_context(_long_wire(bench, middle, round_trip_ms / 2))
        yield made


@contextmanager
def _namespace(name: str) -> Iterator[str]:
    _do("ip", "netns", "add", name)
    try:
        yield name
    finally:
        _do("ip", "netns", "del", name)


@contextmanager
def _long_wire(bench: Workbench, namespace: str, one_way_ms: float) -> Iterator[None]:
    for interface in ("near", "far"):
        _do("ip", "-n", namespace, "link", "set", interface, "up")
    command = ["ip", "netns", "exec", namespace, bench.tool("delay"), "near", "far", f"{one_way_ms:g}"]
    process = subprocess.Popen(command)
    try:
        time.sleep(0.2)
        if process.poll() is not None:
            raise NotRunError("the long wire (delay.c) does not work here")
        yield
    finally:
        process.terminate()
        process.wait(5)


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotRunError(f"`{' '.join(command[:4])} …` says {done.stderr.strip().partition(chr(10))[0]}")
