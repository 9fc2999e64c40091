"""Asks another system over HTTP: a bounded answer of JSON or one declared error, which holds no secret.

Redirects are not followed: what logs in goes to the address in the settings or nowhere.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from collector.tickets import BadAnswer

MAX_BYTES: Final = 8 * 1024 * 1024
"""Of one answer, as it is unpacked."""
MAX_REQUESTS: Final = 3_000
"""In one pull."""
MAX_DEPTH: Final = 60
TIMEOUT_S: Final = 30.0
WHOLE_S: Final = 600.0
"""For one pull."""
TRIES: Final = 4
FIRST_WAIT_S: Final = 1.0
MAX_WAIT_S: Final = 60.0
_LATER: Final = frozenset({429, 502, 503, 504})
_WRONG: Final = {
    401: "it refuses the login", 403: "it refuses the login, or what it may read", 404: "there is nothing at this path",
}  # fmt: skip

Sleep = Callable[[float], Awaitable[None]]


class BadUrl(ValueError):
    """Not an address to ask; the message never repeats what may be secret."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, headers by lower-case name, and the JSON."""

    status: int
    headers: Mapping[str, str]
    value: Any


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `params` go into the address, `form` into the body; `missing`: statuses that are an answer too."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    missing: frozenset[int] = frozenset()


class Exchange:
    """A conversation with one system, for one pull. `await`able waits go through `sleep`."""

    def __init__(self, url: str, *, ca: str = "", timeout_s: float = TIMEOUT_S, sleep: Sleep = asyncio.sleep) -> None:
        self._url, self._timeout_s, self._sleep = url.rstrip("/"), timeout_s, sleep
        self._client = httpx2.AsyncClient(
            follow_redirects=False, timeout=timeout_s, trust_env=False, verify=_context(ca) if ca else True
        )
        self._left = MAX_REQUESTS
        self.headers: dict[str, str] = {"Accept": "application/json"}
        self.auth: tuple[str, str] | None = None

    async def __aenter__(self) -> Exchange:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._client.aclose()

    async def get(self, path: str, params: Mapping[str, str], missing: frozenset[int] = frozenset()) -> Answer:
        """Return the answer to a GET; raise `BadAnswer`."""
        return await self.ask(Ask(path, params, missing=missing))

    async def ask(self, ask: Ask) -> Answer:
        """Return the answer, however often the system has to be asked again; raise `BadAnswer`."""
        for tried in range(1, TRIES + 1):
            status, headers, body = await self._once(ask)
            if status not in _LATER:
                return _answer(ask, status, headers, body)
            if tried < TRIES:
                await self._sleep(_wait(headers.get("retry-after", ""), tried))
        raise BadAnswer(f"{ask.path}: it answers {status}, and did so {TRIES} times")

    async def _once(self, ask: Ask) -> tuple[int, Mapping[str, str], bytes]:
        self._left -= 1
        if self._left < 0:
            raise BadAnswer(f"more than {MAX_REQUESTS} requests would be needed: ask for fewer changes")
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._sent(ask)
        except TimeoutError:
            raise BadAnswer(f"{ask.path}: no answer within {self._timeout_s:g} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            # Its text may repeat the address with all that is in it.
            raise BadAnswer(f"{ask.path}: {type(error).__name__}") from None

    async def _sent(self, ask: Ask) -> tuple[int, Mapping[str, str], bytes]:
        method = "GET" if ask.form is None else "POST"
        auth = httpx2.BasicAuth(*self.auth) if self.auth else None
        async with self._client.stream(
            method, f"{self._url}/{ask.path}", params=dict(ask.params), data=dict(ask.form or {}) or None,
            headers={**self.headers, **ask.headers}, auth=auth,
        ) as response:  # fmt: skip
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_BYTES:
                    raise BadAnswer(f"{ask.path}: its answer has more than {MAX_BYTES} bytes")
            return response.status_code, {name.lower(): value for name, value in response.headers.items()}, bytes(body)


def checked_url(url: str, *, unencrypted: bool = False) -> str:
    """Return `url` if it is one to ask; raise `BadUrl`. A password goes unencrypted only where somebody says so."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrl("not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise BadUrl("an https:// URL with a host is expected")
    if parts.scheme == "http" and not unencrypted:
        raise BadUrl("http:// sends what logs in unencrypted: say so with unencrypted, or use https://")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise BadUrl("no user, password, query or fragment stands in the URL")
    if not url.isascii() or any(each.isspace() or not each.isprintable() for each in url) or len(url) > 500:
        raise BadUrl("the URL holds characters that must be escaped, or more than 500 of them")
    return url


def parsed(body: bytes) -> Any:
    """Return the JSON value of an answer; raise `ValueError`."""
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deep") from None
    _check_depth(value)
    return value


def _answer(ask: Ask, status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    if status in ask.missing:
        return Answer(status, headers, _perhaps(body))
    if not 200 <= status < 300:
        raise BadAnswer(f"{ask.path}: {_WRONG.get(status, f'it answers {status}')}")
    if "json" not in headers.get("content-type", "").lower() and not body.lstrip().startswith((b"{", b"[")):
        raise BadAnswer(f"{ask.path}: it answers with something that is not JSON, such as a page to log in")
    try:
        return Answer(status, headers, parsed(body))
    except ValueError:
        raise BadAnswer(f"{ask.path}: its answer is damaged or cut off: not JSON") from None


def _perhaps(body: bytes) -> Any:
    """Return what an answer says of what is missing, None where that is not JSON."""
    try:
        return parsed(body)
    except ValueError:
        return None


def _wait(said: str, tried: int) -> float:
    """Return how long to wait (s): what Retry-After says in seconds, else longer each time; never beyond a minute."""
    asked = float(said) if said.isascii() and said.isdigit() and len(said) < 10 else FIRST_WAIT_S * 4 ** (tried - 1)
    return min(max(asked, FIRST_WAIT_S), MAX_WAIT_S)


def _context(ca: str) -> ssl.SSLContext:
    """Return a TLS context that trusts these authorities (PEM) and no other; raise `BadAnswer`."""
    try:
        return ssl.create_default_context(cadata=ca)
    except (ssl.SSLError, ValueError):
        raise BadAnswer("the certificate of its authority is not PEM") from None


def _no_number(_name: str) -> None:
    raise ValueError("not a number")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            below
            for each in level
            if isinstance(each, dict | list)
            for below in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise ValueError("nested too deep")
