"""One request and its answer over the one connection of a visit, with what a visit may take counted down."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from discovery.failures import Failed
from discovery.redfish.document import Inflating, Json
from discovery.redfish.trust import Guard

SILENCES: Final = 3
"""Answers in a row that did not come, after which nothing more is asked."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a visit may take: `seconds` in all and `wait` for one answer; `requests`; octets of one answer and of all;
    `members` of one collection over all its pages."""

    seconds: float = 180.0
    wait: float = 20.0
    requests: int = 1500
    answer_bytes: int = 1024 * 1024
    all_bytes: int = 8 * 1024 * 1024
    members: int = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """`location` and `token` are the headers Location and X-Auth-Token, empty where there is none."""

    status: int
    location: str
    token: str
    body: bytes


@dataclass(slots=True)
class Exchange:
    """`http` sends, `guard` looks at whom it has connected to, `name` is the one in the certificate, empty for the
    address. Raises Failed and nothing else."""

    http: httpx2.AsyncClient
    guard: Guard
    budget: Budget
    name: str = ""
    ends_at: float = field(init=False)
    requests: int = 0
    received: int = 0
    silences: int = 0
    refused: bool = False

    def __post_init__(self) -> None:
        self.ends_at = asyncio.get_running_loop().time() + self.budget.seconds

    async def ask(self, method: str, path: str, said: Json | None = None) -> Answer:
        """Send a request. A GET is sent once more where a kept connection was closed meanwhile."""
        for again in (method == "GET", False):
            try:
                return await self._once(method, path, said)
            except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError) as error:
                if not again:
                    self.silences += 1
                    raise Failed("malformed", f"the connection broke: {type(error).__name__}") from None
        raise AssertionError("the second try returns or raises")

    async def _once(self, method: str, path: str, said: Json | None) -> Answer:
        self._spend()
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(now + self.budget.wait, self.ends_at)):
                answer = await self._sent(method, path, said)
        except (TimeoutError, httpx2.TimeoutException):
            self.silences += 1
            raise Failed("timeout", f"no answer from {path} in time") from None
        except (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError):
            raise
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise _unreachable(error) from None
        self.silences = 0
        # Basic sends the password with every request: were it asked on, each would count as one more wrong login.
        self.refused = answer.status == 401 and "Authorization" in self.http.headers
        return answer

    async def last(self, method: str, path: str) -> Answer:
        """Send a request that counts for nothing; raise what HTTPX raises besides."""
        return await self._sent(method, path, None)

    def _spend(self) -> None:
        """Count a request, unless nothing more is to be asked."""
        if self.refused:
            raise Failed("login_refused", "401 to its user and password")
        if self.silences >= SILENCES:
            raise Failed("timeout", "it has fallen silent")
        if self.requests >= self.budget.requests or asyncio.get_running_loop().time() >= self.ends_at:
            raise Failed("budget", "the service has had its time")
        if self.received >= self.budget.all_bytes:
            raise Failed("budget", f"more than {self.budget.all_bytes} octets in all")
        self.requests += 1

    async def _sent(self, method: str, path: str, said: Json | None) -> Answer:
        extensions: dict[str, Any] = {"trace": self.guard} | ({"sni_hostname": self.name} if self.name else {})
        async with self.http.stream(method, path, json=said, extensions=extensions) as response:
            headers = response.headers
            body = Inflating(headers.get("content-encoding", "").strip().lower(), self.budget.answer_bytes)
            async for some in response.aiter_raw():
                body.add(some)
            self.received += len(body.body)
            location, token = headers.get("location", ""), headers.get("x-auth-token", "")
            return Answer(response.status_code, location, token, bytes(body.body))


def _unreachable(error: Exception) -> Failed:
    """Return why there is no connection. A certificate that nobody vouches for is told from all else."""
    causes = list(_chain(error))
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in causes):
        return Failed("unpinned", "no authority vouches for its certificate")
    if any(isinstance(each, ConnectionRefusedError) for each in causes):
        return Failed("refused", "the port of HTTPS is closed")
    return Failed("malformed", f"no HTTPS: {type(error).__name__}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(8):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
