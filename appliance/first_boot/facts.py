"""What a plan has to know of the box: read once, before anything is changed."""

import re
import tomllib
from typing import Any

from msgspec import Struct

from appliance.first_boot.ground import Ground

STATE = "/var/lib/camera-appliance-first-boot"
SETUP_CODE = f"{STATE}/setup-code"
ETC = "/etc/camera-appliance"
CONFIG = f"{ETC}/appliance.toml"
SECRETS = f"{ETC}/secrets.toml"
TLS_KEY, TLS_CERTIFICATE = f"{ETC}/tls/key.pem", f"{ETC}/tls/certificate.pem"
CONNECTION = "/etc/NetworkManager/system-connections/camera-appliance-wifi.nmconnection"
NETWORK_STATE = "/var/lib/NetworkManager/NetworkManager.state"
GROUP = "camera-appliance"


class Facts(Struct, frozen=True, kw_only=True):
    """A box as it is. Texts of files that are not there are empty."""

    hostname: str = ""
    hosts: str = ""
    serial: str = ""
    machine_id: str = ""
    config: str = ""
    secrets: dict[str, Any] = {}
    secrets_text: str = ""
    setup_code: str = ""
    connection: str = ""  # our Wi-Fi profile
    network_state: str = ""
    has_network_manager: bool = False
    has_cloud_init: bool = False
    has_ssh: bool = False
    has_host_keys: bool = False
    has_tls_key: bool = False
    login: str = "root"  # for whom an SSH key is
    radio_blocks: tuple[str, ...] = ()  # files that keep Wi-Fi switched off
    addresses: tuple[str, ...] = ()


def gathered(ground: Ground) -> Facts:
    """Look at the box below `ground`."""
    secrets_text = ground.text(SECRETS)
    secrets = _toml(secrets_text)
    return Facts(
        hostname=ground.text("/etc/hostname").strip(),
        hosts=ground.text("/etc/hosts"),
        serial=ground.text("/proc/device-tree/serial-number").strip("\0 \n"),
        machine_id=ground.text("/etc/machine-id").strip(),
        config=ground.text(CONFIG),
        secrets=secrets or {},
        secrets_text=secrets_text if secrets is not None else "",
        setup_code=ground.text(SETUP_CODE).strip(),
        connection=ground.text(CONNECTION),
        network_state=ground.text(NETWORK_STATE),
        has_network_manager=ground.has("/etc/NetworkManager"),
        has_cloud_init=ground.has("/etc/cloud/cloud.cfg.d"),
        has_ssh=ground.has("/etc/ssh") and ground.has("/usr/bin/ssh-keygen"),
        has_host_keys=ground.has("/etc/ssh/ssh_host_ed25519_key"),
        has_tls_key=ground.has(TLS_KEY) and ground.has(TLS_CERTIFICATE),
        login=_first_user(ground.text("/etc/passwd")),
        radio_blocks=tuple(_radio_blocks(ground)),
        addresses=tuple(addresses(ground.text("/proc/net/fib_trie"))),
    )


def addresses(trie: str) -> list[str]:
    """This machine's IPv4 addresses, as the kernel's table of routes lists them."""
    found = re.findall(r"\|-- (\d+(?:\.\d+){3})\n\s+/32 host LOCAL", trie)
    return sorted({address for address in found if not address.startswith("127.")})


def group_id(ground: Ground) -> int:
    """The number of the server's group; -1 when there is none, which leaves a file to root's."""
    found = re.search(rf"^{GROUP}:[^:]*:(\d+):", ground.text("/etc/group"), re.MULTILINE)
    return int(found[1]) if found else -1


def _first_user(passwd: str) -> str:
    """Debian gives the first person 1000; an image without people has root."""
    for line in passwd.splitlines():
        words = line.split(":")
        if len(words) == 7 and words[2] == "1000" and re.fullmatch(r"[a-z_][a-z0-9_.-]*", words[0]):
            return words[0]
    return "root"


def _radio_blocks(ground: Ground) -> list[str]:
    """Raspberry Pi OS keeps Wi-Fi switched off until somebody says in which country it is; systemd remembers that."""
    switches = "/sys/class/rfkill"
    now = [
        f"{switches}/{name}/soft"
        for name in ground.names(switches)
        if ground.text(f"{switches}/{name}/type").strip() == "wlan"
    ]
    kept = "/var/lib/systemd/rfkill"
    remembered = [f"{kept}/{name}" for name in ground.names(kept) if name.endswith(":wlan")]
    return [path for path in [*now, *remembered] if ground.text(path).strip() == "1"]


def _toml(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
