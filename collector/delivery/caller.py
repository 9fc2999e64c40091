"""HTTP to where channels lead: bounded in time and size, and a plain answer to what became of a request.

No redirect is followed and no proxy of the environment used: what is sent goes to the address in the settings or
nowhere. What was refused before it left may be sent again; what left and brought no answer may have arrived.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from collector.delivery import BadDestination, DeliveryFailed, Fate
from collector.tickets.exchange import parsed

TIMEOUT_S: Final = 10.0
MAX_ANSWER: Final = 1024 * 1024
_TRY_AGAIN: Final = frozenset({401, 403, 404, 405, 407, 408, 409, 423, 425, 429})
"""4xx that speak of the channel (its login, its address, its mood) and not of the message."""
_NOT_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` is appended to the address; `value` travels as JSON, `form` as a form, `body` as it is."""

    path: str = ""
    method: str = "POST"
    value: Any = None
    form: Mapping[str, str] | None = field(default=None, repr=False)
    body: bytes | None = field(default=None, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    missing: frozenset[int] = frozenset()
    reads: bool = True
    """Whether the answer's body matters; one that does not is not read: it may be endless."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back: the status, and the JSON of the body, None where it is none or was not read."""

    status: int
    value: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Caller:
    """Sends to one address, which may hold what is secret: no message ever repeats it."""

    def __init__(self, url: str, *, ca: str = "", timeout_s: float = TIMEOUT_S) -> None:
        self._url, self._timeout_s = url, timeout_s
        self._client = httpx2.AsyncClient(
            follow_redirects=False, timeout=timeout_s, trust_env=False, verify=_trusting(ca) if ca else True
        )
        self.headers: dict[str, str] = {}
        self.auth: tuple[str, str] | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def call(self, call: Call) -> Heard:
        """Return the answer to a request: 2xx, or one of `call.missing`; raise `DeliveryFailed`."""
        try:
            async with asyncio.timeout(self._timeout_s):
                status, headers, body = await self._sent(call)
        except TimeoutError:
            raise DeliveryFailed(f"no answer within {self._timeout_s:g} s", Fate.UNKNOWN) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            fate = Fate.RETRY if isinstance(error, _NOT_SENT) else Fate.UNKNOWN
            # Its text may repeat the address with all that is in it.
            raise DeliveryFailed(type(error).__name__, fate) from None
        if not 200 <= status < 300 and status not in call.missing:
            raise _failure(status, headers)
        return Heard(status, _json(body), headers)

    async def _sent(self, call: Call) -> tuple[int, Mapping[str, str], bytes]:
        content, headers = call.body, {**self.headers, **call.headers}
        if call.value is not None:
            content = json.dumps(call.value, ensure_ascii=False).encode("utf-8", "replace")
            headers.setdefault("Content-Type", "application/json")
        async with self._client.stream(
            call.method, self._at(call.path), params=dict(call.params) or None, content=content,
            data=dict(call.form) if call.form is not None else None, headers=headers,
            auth=httpx2.BasicAuth(*self.auth) if self.auth else None,
        ) as response:  # fmt: skip
            status, told = int(response.status_code), {name.lower(): value for name, value in response.headers.items()}
            return status, told, await _body(response) if call.reads else b""

    def _at(self, path: str) -> str:
        return f"{self._url.rstrip('/')}{path}" if path else self._url


async def _body(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MAX_ANSWER:
            raise DeliveryFailed(f"its answer has more than {MAX_ANSWER} bytes", Fate.UNKNOWN)
    return bytes(body)


def _failure(status: int, headers: Mapping[str, str]) -> DeliveryFailed:
    said = headers.get("retry-after", "")
    after_s = float(said) if _SECONDS.fullmatch(said) else 0.0
    if 400 <= status < 500 and status not in _TRY_AGAIN:
        return DeliveryFailed(f"HTTP status {status}", Fate.REJECTED)
    fate = Fate.UNKNOWN if status >= 500 and status != 503 else Fate.RETRY
    return DeliveryFailed(f"HTTP status {status}", fate, after_s)


def _json(body: bytes) -> Any:
    try:
        return parsed(body) if body else None
    except ValueError:
        return None


def checked_url(url: str, what: str = "webhook") -> str:
    """Return `url` if it is one to post to; raise `BadDestination`. The message never repeats what may be secret."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadDestination(f"{what}: not a URL", "url") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise BadDestination(f"{what}: an http:// or https:// URL with a host expected", "url")
    if parts.username is not None or parts.password is not None:
        raise BadDestination(f"{what}: no user name or password in the URL; use the secret", "url")
    if not url.isascii() or any(char.isspace() or not char.isprintable() for char in url):
        raise BadDestination(f"{what}: the URL holds characters that must be escaped", "url")
    return url


def _trusting(ca: str) -> ssl.SSLContext:
    """Return a TLS context that trusts these authorities (PEM) and no other; raise `BadDestination`."""
    try:
        return ssl.create_default_context(cadata=ca)
    except (ssl.SSLError, ValueError):
        raise BadDestination("the certificate of its authority is not PEM", "ca") from None
