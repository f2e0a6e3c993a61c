"""An address that gives pictures, taken apart: `http://name:password@host:port/path?query`.

Rule 1: the login never leaves this value by itself: what people and logs see is `shown` and `end`.
"""

import re
from urllib.parse import unquote, urlsplit

from msgspec import Struct

PORTS = {"http": 80, "https": 443, "rtsp": 554, "ws": 80, "wss": 443}
LONGEST_ADDRESS = 1000
_LOGIN = re.compile(r"//.*@", re.DOTALL)
_WRITABLE = re.compile(r"[!-~]+")  # what may stand in a request line; the rest is written %20 and so on
_HOST = re.compile(r"[0-9A-Za-z._-]{1,253}|[0-9A-Fa-f:.]{2,45}")


def without_login(text: str) -> str:
    """`text` for people, whatever it is."""
    return _LOGIN.sub("//", text)


class Address(Struct, frozen=True):
    """Where to connect, what to ask for, and as whom."""

    scheme: str
    host: str
    port: int
    target: str  # path and query
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read an address of one of the schemes in PORTS. Raises ValueError, which shows no login."""
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):  # such as port 99999 or half an IPv6 address
            host, port = "", 0
        if not (port and _HOST.fullmatch(host) and _WRITABLE.fullmatch(text) and len(text) <= LONGEST_ADDRESS):
            raise ValueError(f"{without_login(text)[:LONGEST_ADDRESS]!r} is not an address")
        if parts.fragment:
            raise ValueError(f"{without_login(text)!r}: what stands behind # never leaves a browser")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, host, port, target, unquote(parts.username or ""), unquote(parts.password or ""))

    @property
    def secure(self) -> bool:
        """Is it TLS?"""
        return self.scheme in ("https", "wss")

    @property
    def end(self) -> str:
        """HOST:PORT, for people."""
        return f"{self._host}:{self.port}"

    @property
    def netloc(self) -> str:
        """HOST, and PORT where it is not the usual one, as requests name it."""
        return self._host if self.port == PORTS[self.scheme] else self.end

    @property
    def shown(self) -> str:
        """The address without the login, and without its query: cameras take passwords there too."""
        return f"{self.scheme}://{self.netloc}{self.target.partition('?')[0]}"

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host
