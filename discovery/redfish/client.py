"""A client of one Redfish service (DMTF DSP0266): it reads what links lead to, page after page, all of it bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from discovery.failures import Failed
from discovery.redfish.document import Json, document, path_of
from discovery.redfish.exchange import Answer, Exchange
from discovery.redfish.root import PATH, Root, root
from discovery.redfish.values import objects

EXPAND: Final = "?$expand=.($levels=1)"
NOT_THERE: Final = frozenset({404, 405, 410, 501})
REDIRECTS: Final = frozenset({301, 302, 307, 308})
STATUSES: Final = {401: "login_refused", 403: "authorization"}


@dataclass(frozen=True, slots=True)
class Members:
    """Members of a collection that could be read. `failure`: why these are not all, a word of `discovery.failures`."""

    found: list[Json]
    failure: str | None = None


@dataclass(slots=True)
class Client:
    """Opened by `login.opened`. `origin` is `https://host:port`: no link leads out of it. Raises Failed only."""

    origin: str
    exchange: Exchange
    expands: bool = False
    known: dict[str, Json | None] = field(default_factory=dict)
    """Path → what stands there: a resource is found along several ways, and is asked for once."""

    @property
    def key(self) -> str:
        """The key of who answers, to be pinned; empty before the first answer."""
        return self.exchange.guard.key

    async def root(self) -> Root:
        """Return the root; from then on collections are asked for with their members where the service can do that."""
        body = await self.get(PATH)
        if body is None:
            raise Failed("malformed", "no root of Redfish")
        found = root(body)
        self.expands = found.expands
        return found

    async def get(self, link: object) -> Json | None:
        """Return what stands at a link, None when nothing does. One redirection within the service is followed."""
        path = path_of(link, self.origin)
        if path not in self.known:
            answer = await self.exchange.ask("GET", path)
            if answer.status in REDIRECTS:
                answer = await self.exchange.ask("GET", path_of(answer.location, self.origin))
            self.known[path] = _read(answer, path)
        return self.known[path]

    async def members(self, link: object) -> Members | None:
        """Return the members of a collection over its pages, None when there is no such collection.

        A member that fails costs itself only, a page that fails those after it.
        """
        found, seen = Members([]), set[str]()
        while link is not None:
            path = path_of(link, self.origin)
            if path in seen or len(found.found) >= self.exchange.budget.members:
                return Members(found.found, "budget")
            seen.add(path)
            try:
                page = await self._page(path)
            except Failed as failed:
                if not found.found:
                    raise
                return Members(found.found, failed.cause)
            if page is None:
                return found if len(seen) > 1 else None
            found = await self._listed(page, found)
            link = page.get("Members@odata.nextLink") or page.get("@odata.nextLink")
        return found

    async def each(self, links: list[Json]) -> Members:
        """Return what stands at some links."""
        return await self._listed({"Members": links}, Members([]))

    async def _listed(self, page: Json, so_far: Members) -> Members:
        found, failure = so_far.found, so_far.failure
        for member in objects(page.get("Members")):
            if len(found) >= self.exchange.budget.members:
                return Members(found, "budget")
            try:
                whole = member if _is_whole(member) else await self.get(member)
            except Failed as failed:
                failure = failure or failed.cause
            else:
                found += [] if whole is None else [whole]
        return Members(found, failure)

    async def _page(self, path: str) -> Json | None:
        """Return a page, with its members where that goes; a service that cannot after all is not asked again."""
        if self.expands and "?" not in path:
            try:
                page = await self.get(path + EXPAND)
            except Failed as failed:
                if failed.cause not in ("error_status", "malformed", "budget"):
                    raise
            else:
                if page is not None:
                    return page
            self.expands = False
        return await self.get(path)


def _is_whole(member: Json) -> bool:
    """Return whether a member is the thing itself, not a link to it."""
    return any(not name.startswith("@") for name in member)


def _read(answer: Answer, path: str) -> Json | None:
    if answer.status in NOT_THERE:
        return None
    if answer.status != 200:
        raise Failed(STATUSES.get(answer.status, "error_status"), f"{answer.status} from {path}")
    return document(answer.body)
