"""Which names are this box's own, and which pages may act on it.

A web page on the internet can make a browser inside this network send requests here. Two checks stop it: `Host` must be a name no
stranger can own (against DNS rebinding), and a request that a browser marks with another origin may not open a WebSocket or change
anything (against cross-site requests and WebSocket hijacking).
"""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

# Endings that cannot be registered on the public internet: RFC 6762, RFC 8375, ICANN's .internal, and what home routers use.
LOCAL_ENDINGS = (".local", ".home.arpa", ".internal", ".lan", ".home", ".localdomain", ".localhost", ".fritz.box")
_NAME = re.compile(r"[a-z0-9_.:%-]+")  # a host name, or an IP address without its brackets
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def host_is_ours(host: str, names: Iterable[str]) -> bool:
    """Whether a `Host` header means this box: an address, a name only a local network can give, or one of `names`."""
    name = _name(host)
    if name is None:
        return False
    if _is_address(name) or "." not in name or name.endswith(LOCAL_ENDINGS):
        return True
    return name in {each.lower() for each in names}


def origin_is_ours(origin: str | None, host: str, allowed: Iterable[str]) -> bool:
    """Whether the page a request comes from may act here: none named, this very host, or one that is allowed."""
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:  # no browser names such a page
        return False
    same = parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()
    return same or origin in allowed or "*" in allowed


def _name(host: str) -> str | None:
    """The name in `name:port`, lower case; None when it is none."""
    try:
        name = urlsplit(f"//{host}").hostname
        _ = urlsplit(f"//{host}").port
    except ValueError:
        return None
    return name.rstrip(".") if name and _NAME.fullmatch(name) else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
