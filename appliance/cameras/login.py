"""Who we are, for cameras that ask: Basic, or Digest as the standard library answers it.

Rule 1: over HTTP a password goes only to who asked for it, and as Digest where that is offered. A WebSocket gets it with the upgrade:
        a box answers that once.
"""

from base64 import b64encode
from urllib.error import URLError
from urllib.request import (
    AbstractDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    Request,
    parse_http_list,
    parse_keqv_list,
)

from appliance.cameras.base import CameraError
from appliance.config.address import Address


class Login:
    """Remembers what the camera asked, and answers it in each request."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._url = f"{address.scheme}://{address.netloc}{address.target}"
        self._challenge: dict[str, str] | None = None
        self._basic = False
        passwords = HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, self._url, address.user, address.password)
        self._digest = AbstractDigestAuthHandler(passwords)

    @property
    def can_answer(self) -> bool:
        """Is there a name to give, not given yet?"""
        return bool(self._address.user) and self._challenge is None and not self._basic

    def take(self, challenges: list[str]) -> None:
        """What the camera asked in its WWW-Authenticate lines. Raises CameraError."""
        for challenge in challenges:
            scheme, _, rest = challenge.partition(" ")
            if scheme.lower() == "digest":
                try:
                    self._challenge = parse_keqv_list(list(filter(None, parse_http_list(rest))))
                except ValueError:
                    continue
                return
        self._basic = any(challenge.lower().startswith("basic") for challenge in challenges)
        if not self._basic:
            raise CameraError(f"{self._address.end} asks for a login that is neither Basic nor Digest")

    def header(self) -> str | None:
        """The Authorization of the next request. Raises CameraError."""
        if self._basic:
            return basic(self._address)
        if self._challenge is None:
            return None
        try:
            answer = self._digest.get_authorization(Request(self._url), self._challenge)  # noqa: S310 - never opened
        except (ValueError, URLError) as error:
            raise CameraError(f"{self._address.end} asks for a Digest of an unknown kind") from error
        if not answer:
            raise CameraError(f"{self._address.end} asks for a Digest of an unknown kind")
        return f"Digest {answer}"


def basic(address: Address) -> str:
    """Name and password as they are."""
    return "Basic " + b64encode(f"{address.user}:{address.password}".encode()).decode()
