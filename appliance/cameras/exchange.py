"""One HTTP exchange with a camera: the request, the head of the answer, then its body as it comes.

Rule 1: a redirect is never followed: the configured address is the only one that we ask.
"""

import time

import h11

from appliance.cameras.base import CameraError
from appliance.cameras.connection import CONNECT_S, Connection
from appliance.cameras.login import Login
from appliance.config.address import Address

MAX_HEAD_BYTES = 32 * 1024
_HEADERS = [("User-Agent", "camera-appliance"), ("Accept", "*/*"), ("Connection", "close")]
_MEANS = {401: "name or password wrong", 403: "it does not let us", 404: "no such address there"}


class Exchange:
    """A GET that was answered 200."""

    def __init__(self, address: Address, login: Login, within_s: float = CONNECT_S) -> None:
        self._address = address
        deadline_s = time.monotonic() + within_s
        response = self._ask(login, deadline_s)
        if response.status_code == 401 and login.can_answer:
            login.take([value.decode("latin-1") for name, value in response.headers if name == b"www-authenticate"])
            self.close()
            response = self._ask(login, deadline_s)
        if response.status_code != 200:
            self.close()
            raise CameraError(self._refusal(response))
        self.content_type = _header(response, b"content-type")

    def body(self, wait_s: float) -> bytes | None:
        """What has come of the body, b"" when all of it has, None after `wait_s`. Raises CameraError."""
        event = self._event(wait_s)
        if event is None:
            return None
        return bytes(event.data) if isinstance(event, h11.Data) else b""

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()

    def _ask(self, login: Login, deadline_s: float) -> h11.Response:
        """Connect, ask, and take in the head of the answer."""
        authorization = login.header()
        self._connection = Connection(self._address, max(deadline_s - time.monotonic(), 0.1))
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        headers = [*_HEADERS, ("Host", self._address.netloc)]
        if authorization:
            headers.append(("Authorization", authorization))
        request = h11.Request(method="GET", target=self._address.target, headers=headers)
        try:
            self._connection.send((self._http.send(request) or b"") + (self._http.send(h11.EndOfMessage()) or b""))
            return self._response(deadline_s)
        except BaseException:
            self._connection.close()
            raise

    def _response(self, deadline_s: float) -> h11.Response:
        while (left_s := deadline_s - time.monotonic()) > 0:
            event = self._event(left_s)
            if isinstance(event, h11.Response):
                return event
        raise CameraError(f"{self._address.end}: no answer in time")

    def _event(self, wait_s: float) -> h11.Event | None:
        """The next event, or None after one receive that brought too little."""
        try:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                data = self._connection.receive(wait_s)
                if data is None:
                    return None
                self._http.receive_data(data)
                event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            if self._http.trailing_data[1]:
                raise CameraError(f"{self._address.end} ended the connection") from error
            raise CameraError(f"{self._address.end} does not speak HTTP ({error})") from error
        if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            raise CameraError(f"{self._address.end} ended the connection")
        return event if isinstance(event, h11.Event) else None

    def _refusal(self, response: h11.Response) -> str:
        status, end = response.status_code, self._address.end
        if 300 <= status < 400:
            return f"{end}: {status}: it points to another address; give that one as source"
        if status == 401 and not self._address.user:
            return f"{end}: 401: it asks for name and password"
        meaning = _MEANS.get(status) or bytes(response.reason).decode("latin-1")[:60] or "no picture"
        return f"{end}: {status}: {meaning}"


def _header(response: h11.Response, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in response.headers if name == wanted), "")
