"""One visit to a management controller: whom to trust, log in, read, and say what was found."""

from __future__ import annotations

from dataclasses import dataclass

from discovery.credentials import Login
from discovery.explore import Explored
from discovery.failures import Failed
from discovery.identify import Identified
from discovery.redfish.client import Client
from discovery.redfish.documents import Documents, read
from discovery.redfish.exchange import Budget
from discovery.redfish.inventory import inventory
from discovery.redfish.login import DEFAULT, Way, connected, logged_in
from discovery.redfish.root import PATH, Root, root
from discovery.redfish.trust import Trust


@dataclass(frozen=True, slots=True)
class Visited:
    """`key`: SHA-256 of the public key that answered, to be pinned."""

    identified: Identified
    explored: Explored
    key: str


async def visit(
    address: str, port: int, login: Login, trust: Trust, budget: Budget = DEFAULT, way: Way = "session"
) -> Visited:
    """Read the service at an address. Raises Failed when nothing could be read; what is in parts says so by section."""
    async with connected(address, port, trust, budget) as client:
        found = await _root(client)
        if found is None:  # the root is open to all; where it is not there is no telling where sessions are opened
            found, way = root({"RedfishVersion": "unknown"}), "basic"
        async with logged_in(client, found, login, way):
            documents = await _documents(client, found)
        return Visited(*inventory(documents, address), client.key)


async def _root(client: Client) -> Root | None:
    try:
        return await client.root()
    except Failed as failed:
        if failed.cause != "login_refused":
            raise
        return None


async def _documents(client: Client, found: Root) -> Documents:
    """Read with the root as it shows itself to who has logged in: some tell more then. Raises Failed."""
    client.known.pop(PATH, None)
    documents = await read(client, await client.root() if "Systems" not in found.body else found)
    if not documents.found:
        causes = [*documents.failures.values(), "unparsed"]
        raise Failed(causes[0], "nothing below the root could be read")
    return documents
