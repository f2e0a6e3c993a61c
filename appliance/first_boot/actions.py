"""What can be done to a box: a few small things, each a value that says it, and the one place that does it."""

import os
import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

from appliance.first_boot.facts import TLS_CERTIFICATE, TLS_KEY, group_id
from appliance.first_boot.ground import Ground

TOOL_TIMEOUT_S = 60.0  # making an RSA key takes a Zero some seconds
TEN_YEARS_DAYS = "3650"
HOST_NAME = "/proc/sys/kernel/hostname"  # sethostname(2) would need CAP_SYS_ADMIN, which is nearly everything


class Write(Struct, frozen=True):
    """A whole file. Shared: the server's group may read it."""

    path: str
    text: str
    mode: int = 0o644
    shared: bool = False


class Rewrite(Struct, frozen=True):
    """A whole file that may be there already, and then stays whose it was; a new one is shared."""

    path: str
    text: str
    mode: int = 0o640


class Poke(Struct, frozen=True):
    """Some bytes into a file that is there."""

    path: str
    text: str


class Remove(Struct, frozen=True):
    """A file less."""

    path: str


class Rename(Struct, frozen=True):
    """The running machine is called so; what keeps the name is a file."""

    hostname: str


class Run(Struct, frozen=True):
    """A command for the running system; never for a folder. One that is not installed is done."""

    argv: tuple[str, ...]


class HostKeys(Struct, frozen=True):
    """SSH keys of this box, of every kind that it lacks."""


class TlsKey(Struct, frozen=True):
    """A TLS key of this box and a certificate by itself for `hostname`."""

    hostname: str


Action = Write | Rewrite | Poke | Remove | Rename | Run | HostKeys | TlsKey


class Deed(Struct, frozen=True):
    """What belongs together: done whole, or said to have failed. `told` says it in the status; empty: not worth a line."""

    part: str
    told: str
    actions: list[Action]


def do(action: Action, ground: Ground) -> None:
    """Raises OSError, or subprocess.SubprocessError when a tool fails."""
    match action:
        case Write(path, text, mode, shared):
            ground.write(path, text, mode, group_id(ground) if shared else -1)
        case Rewrite(path, text, mode):
            ground.rewrite(path, text, mode, group_id(ground))
        case Poke(path, text):
            ground.poke(path, text)
        case Remove(path):
            ground.remove(path)
        case Rename(hostname) if ground.is_live:
            ground.poke(HOST_NAME, hostname)
        case Run(argv) if ground.is_live and shutil.which(argv[0]):
            _output(argv)
        case HostKeys():
            _make_host_keys(ground)
        case TlsKey(hostname):
            _make_tls_key(ground, hostname)


def _make_host_keys(ground: Ground) -> None:
    for name in ground.names("/etc/ssh"):
        if name.startswith("ssh_host_") and not ground.has(f"/etc/ssh/{name}"):
            ground.remove(f"/etc/ssh/{name}")  # an image's placeholder
    _output(("ssh-keygen", "-A", "-f", str(ground.root)))


def _make_tls_key(ground: Ground, hostname: str) -> None:
    """The key last: without it the pair counts as missing, and is made again."""
    names = f"subjectAltName=DNS:{hostname}.local,DNS:{hostname}"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc")
    about = ("-days", TEN_YEARS_DAYS, "-subj", f"/CN={hostname}.local", "-addext", names)
    pems = _output(("openssl", "req", "-x509", *curve, "-keyout", "-", "-out", "-", *about))
    key, begin, certificate = pems.partition("-----BEGIN CERTIFICATE-----")
    ground.write(TLS_CERTIFICATE, begin + certificate, 0o644)
    ground.write(TLS_KEY, key, 0o640, group_id(ground))


def _output(argv: tuple[str, ...]) -> str:
    environment = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin"), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=TOOL_TIMEOUT_S,
        env=environment,
        cwd=Path("/"),
    )
    return done.stdout
