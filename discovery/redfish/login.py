"""Log in to a Redfish service: by a session that is closed again (DSP0266 §13.3.4), or by Basic where there are none.

A password is sent once. Where it is refused nothing else is tried with it: accounts of controllers get locked.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Final, Literal
from urllib.parse import urlsplit

import httpx2

from discovery.credentials import Login
from discovery.failures import Failed
from discovery.redfish.client import NOT_THERE, Client
from discovery.redfish.document import document, path_of
from discovery.redfish.exchange import Answer, Budget, Exchange
from discovery.redfish.root import Root
from discovery.redfish.trust import Guard, Trust

GOODBYE_S: Final = 5.0
NO_SESSION: Final = NOT_THERE | {500, 502, 503}
Way = Literal["session", "basic"]
DEFAULT: Final = Budget()
HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "OData-Version": "4.0",
    "User-Agent": "Muster",
}


@contextlib.asynccontextmanager
async def connected(address: str, port: int, trust: Trust, budget: Budget = DEFAULT) -> AsyncIterator[Client]:
    """Open a client that has not logged in: it sees the root. Raises Failed.

    What is asked of it within is bounded by `budget`. No proxy and no .netrc of this machine has a say.
    """
    host = f"[{address}]" if ":" in address else address
    origin = f"https://{host}:{port}"
    guard = Guard(trust)
    one = httpx2.Limits(max_connections=1, max_keepalive_connections=1)
    http = httpx2.AsyncClient(
        base_url=origin, verify=trust.context(), headers=HEADERS, limits=one, timeout=budget.wait,
        follow_redirects=False, trust_env=False,
    )  # fmt: skip
    async with http:
        yield Client(origin, Exchange(http, guard, budget, trust.name))


@contextlib.asynccontextmanager
async def logged_in(client: Client, root: Root, login: Login, way: Way = "session") -> AsyncIterator[None]:
    """Log in, and out in the end. Raises Failed: `login_refused` for a wrong user or password."""
    session = await _session(client, root, login) if way == "session" else None
    if session is None:
        told = f"{login.user}:{login.secret.reveal()}".encode()
        client.exchange.http.headers["Authorization"] = f"Basic {base64.b64encode(told).decode('ascii')}"
    try:
        yield
    finally:
        if session:
            await _log_out(client, session)


async def _session(client: Client, root: Root, login: Login) -> str | None:
    """Open a session and return its path as far as it is told; None when the service has no session to give."""
    if root.sessions is None:
        return None
    said = {"UserName": login.user, "Password": login.secret.reveal()}
    answer = await client.exchange.ask("POST", path_of(root.sessions, client.origin), said)
    if answer.status in NO_SESSION or (answer.status == 400 and b"SessionLimitExceeded" in answer.body):
        return None
    if answer.status in (400, 401, 403):
        raise Failed("login_refused", f"{answer.status} to a session")
    if answer.status not in (200, 201, 202) or not answer.token:
        return None
    client.exchange.http.headers["X-Auth-Token"] = answer.token
    return _place(client, answer)


def _place(client: Client, answer: Answer) -> str:
    """Return the path of a session, empty when it is not told. Some have another name for their host in Location."""
    with contextlib.suppress(ValueError, Failed):
        return path_of(urlsplit(answer.location).path, client.origin)
    with contextlib.suppress(Failed):
        return path_of(document(answer.body), client.origin)
    return ""


async def _log_out(client: Client, session: str) -> None:
    """Close a session, also when its visit has used up what it may: controllers have few of them."""
    with contextlib.suppress(TimeoutError, httpx2.HTTPError, Failed):
        async with asyncio.timeout(GOODBYE_S):
            await client.exchange.last("DELETE", session)
