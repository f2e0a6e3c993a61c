"""What an owner may ask for in the file, and what each of it may be.

Rule 1: a check answers in words, and never with the value of a secret.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from appliance.first_boot.countries import COUNTRIES, OFTEN_MEANT
from appliance.system import passwords

LONGEST_SSID = 32  # bytes
_KEY_KINDS = r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
_PUBLIC_KEY = re.compile(rf"{_KEY_KINDS} ([A-Za-z0-9+/]{{40,}}={{0,2}})( [^\x00-\x1f\x7f]*)?")


class Wifi(Struct, frozen=True, kw_only=True):
    """A network to join."""

    ssid: str
    country: str
    password: str | None = None  # None: the one the box has for this network; "": an open one
    hidden: bool = False
    security: Literal["wpa2", "wpa3"] = "wpa2"


class Admin(Struct, frozen=True, kw_only=True):
    """Who may change the box."""

    password: str | None = None


class Ssh(Struct, frozen=True, kw_only=True):
    """Who may log in."""

    public_key: str | list[str]

    @property
    def keys(self) -> list[str]:
        """All of them."""
        found = [self.public_key] if isinstance(self.public_key, str) else self.public_key
        return [key.strip() for key in found]


class Wishes(Struct, frozen=True, kw_only=True):
    """The file as far as it can be used: a part that says nothing, or something impossible, is None."""

    hostname: str | None = None
    wifi: Wifi | None = None
    admin: Admin | None = None
    ssh: Ssh | None = None
    config: dict[str, Any] | None = None


TABLES: dict[str, type[Struct]] = {"wifi": Wifi, "admin": Admin, "ssh": Ssh}


def host_name_lack(name: str) -> str:
    """What is wrong with a host name; empty when nothing is."""
    if re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)", name) and name.lower() != "localhost":
        return ""
    better = re.sub(r"[^a-z0-9]+", "-", name.lower().removesuffix(".local"))[:63].strip("-")
    hint = f'; "{better}" would do' if better not in ("", "localhost") else ""
    return f"{_shown(name)} cannot be a host name: 1 to 63 of a-z, 0-9 and -, none at its ends{hint}"


def _ssid_lack(ssid: str) -> str:
    size = len(ssid.encode())
    if not 1 <= size <= LONGEST_SSID:
        return f"is {size} bytes long; the name of a Wi-Fi network has 1 to {LONGEST_SSID}"
    return "" if ssid.isprintable() else "holds characters that cannot be printed"


def _country_lack(country: str) -> str:
    if country.upper() in COUNTRIES:
        return ""
    meant = OFTEN_MEANT.get(country.upper())
    hint = f'write "{meant}"' if meant else 'two letters, such as "DE", "GB" or "US"'
    return f"{_shown(country)} is no country code; {hint}"


def _wifi_password_lack(password: str | None) -> str:
    if not password or re.fullmatch(r"[0-9A-Fa-f]{64}", password):
        return ""
    if not re.fullmatch(r"[ -~]*", password):
        return (
            "holds characters that Wi-Fi passwords cannot have: letters, digits and signs of an English keyboard only"
        )
    if not 8 <= len(password) <= 63:
        return f'has {len(password)} characters; Wi-Fi passwords have 8 to 63, and an open network has ""'
    return ""


def _admin_password_lack(password: str | None) -> str:
    return "" if password is None or passwords.is_hash(password) else passwords.lack(password)


def _public_key_lack(value: str | list[str]) -> str:
    keys = [value] if isinstance(value, str) else value
    if any("PRIVATE KEY" in key for key in keys):
        return "is a private key, which nobody else should have; the public one is in the file that ends in .pub"
    if not all(map(_is_public_key, keys)):
        return (
            'is no public key; it is one line that starts with ssh-ed25519 or ssh-rsa, in the file that ends in ".pub"'
        )
    return "" if keys else "is empty"


def _is_public_key(key: str) -> bool:
    """The encoded part begins with the kind, so that half a key is noticed."""
    found = _PUBLIC_KEY.fullmatch(key.strip())
    if found is None:
        return False
    try:
        raw = base64.b64decode(found[4], validate=True)
    except binascii.Error:
        return False
    kind = found[1].encode()
    return raw.startswith(len(kind).to_bytes(4, "big") + kind)


def _shown(text: str) -> str:
    return ascii(text) if len(text) <= 70 else f"{text[:70]!a}…"


CHECKS: Mapping[tuple[str, ...], Callable[[Any], str]] = {
    ("hostname",): host_name_lack,
    ("wifi", "ssid"): _ssid_lack,
    ("wifi", "country"): _country_lack,
    ("wifi", "password"): _wifi_password_lack,
    ("admin", "password"): _admin_password_lack,
    ("ssh", "public_key"): _public_key_lack,
}
SECRETS: frozenset[tuple[str, ...]] = frozenset({("wifi", "password"), ("admin", "password")})
