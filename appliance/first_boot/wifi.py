"""Wi-Fi for NetworkManager: a profile, the country, and power saving off, with which a picture comes up to a second late.

The password is kept as the key that WPA derives from it, so the words themselves are nowhere on the box; WPA3 alone needs them.
"""

import configparser
import hashlib
import re
import uuid

from appliance.first_boot.actions import Action, Deed, Poke, Run, Write
from appliance.first_boot.facts import CONNECTION, NETWORK_STATE, Facts
from appliance.first_boot.wishes import Wifi

POWER_SAVE = "/etc/NetworkManager/conf.d/camera-appliance-powersave.conf"
_COUNTRY = "/etc/modprobe.d/camera-appliance-wifi.conf"
_IDS = uuid.UUID("6e0d61fc-33a4-4dc6-9d1a-1b1a5f8cbe2a")


def awake(facts: Facts) -> list[Deed]:
    """Also for networks that somebody else sets up."""
    why = "# 2 is off. With it on, pictures come up to a second late.\n"
    text = f"{why}[connection-camera-appliance]\nmatch-device=type:wifi\nwifi.powersave=2\n"
    return [Deed("wifi power save", "", [Write(POWER_SAVE, text)])] if facts.has_network_manager else []


def lack(wifi: Wifi, facts: Facts) -> tuple[str, str]:
    """Which key keeps the network from being joined, and why; the reason is empty when it can be."""
    if not facts.has_network_manager:
        return "", "cannot be had: this system has no NetworkManager"
    if wifi.password is None and not _kept(wifi, facts):
        return "password", 'is missing; an open network has password = ""'
    if wifi.security == "wpa3" and wifi.password is not None and len(wifi.password) == 64:
        return "password", "is a key; WPA3 needs the password itself"
    return "", ""


def joined(wifi: Wifi, facts: Facts) -> list[Deed]:
    """The network `wifi`, for which `lack` found nothing."""
    country = wifi.country.upper()
    actions: list[Action] = [
        Write(CONNECTION, profile(wifi, _kept(wifi, facts)), 0o600),
        Write(_COUNTRY, f"options cfg80211 ieee80211_regdom={country}\n"),
        *(Poke(path, "0\n") for path in facts.radio_blocks),
        Run(("iw", "reg", "set", country)),
    ]
    if "WirelessEnabled=false" in facts.network_state:
        on = facts.network_state.replace("WirelessEnabled=false", "WirelessEnabled=true")
        actions.append(Write(NETWORK_STATE, on))
    actions.append(Run(("systemctl", "--no-block", "try-restart", "NetworkManager.service")))
    return [Deed("wifi", f"Wi-Fi {wifi.ssid} ({country})", actions)]


def profile(wifi: Wifi, kept: dict[str, str]) -> str:
    """NetworkManager's file; `kept` is the security of the one that is there."""
    identity = uuid.uuid5(_IDS, wifi.ssid)
    lines = [
        "# Written by camera-appliance from the file on the boot partition.",
        "[connection]",
        "id=camera-appliance",
    ]
    lines += [f"uuid={identity}", "type=wifi", "autoconnect=true", "autoconnect-retries=0", "", "[wifi]"]
    lines += ["mode=infrastructure", f"ssid={_ssid(wifi.ssid)}", "powersave=2"]
    lines += ["hidden=true"] if wifi.hidden else []
    security = kept if wifi.password is None else _security(wifi)
    if security:
        lines += ["", "[wifi-security]", *(f"{key}={value}" for key, value in security.items())]
    return "\n".join([*lines, "", "[ipv4]", "method=auto", "", "[ipv6]", "method=auto", ""])


def _security(wifi: Wifi) -> dict[str, str]:
    password = wifi.password or ""
    if not password:
        return {}
    if wifi.security == "wpa3":
        return {"key-mgmt": "sae", "psk": _escaped(password)}
    if len(password) == 64:
        return {"key-mgmt": "wpa-psk", "psk": password.lower()}
    key = hashlib.pbkdf2_hmac("sha1", password.encode(), wifi.ssid.encode(), 4096, 32)  # as WPA2 defines it
    return {"key-mgmt": "wpa-psk", "psk": key.hex()}


def _kept(wifi: Wifi, facts: Facts) -> dict[str, str]:
    """The security of our profile, if it is for this network."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    try:
        parser.read_string(facts.connection)
        if parser.get("wifi", "ssid") != _ssid(wifi.ssid):
            return {}
        return dict(parser["wifi-security"])
    except (configparser.Error, KeyError):
        return {}


def _ssid(ssid: str) -> str:
    """As it is where it cannot be mistaken, else as its bytes in decimal, which NetworkManager takes too."""
    if re.fullmatch(r"[A-Za-z]([A-Za-z0-9 ._-]*[A-Za-z0-9._-])?", ssid):
        return ssid
    return "".join(f"{byte};" for byte in ssid.encode())


def _escaped(text: str) -> str:
    """GLib's key files take \\ and a space at the beginning for something else."""
    plain = text.replace("\\", "\\\\")
    return "\\s" + plain[1:] if plain.startswith(" ") else plain
