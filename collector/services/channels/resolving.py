"""What was resolved in another system is resolved here, in that system's words, by the collector for whoever did it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.flow import LINES, MANAGER, Deed, State
from collector.desk.lifecycle import Denied, Person
from collector.security.audit import COLLECTOR, recorded
from collector.services.incidents.desk import ServiceDesk, Wish, read
from collector.services.missing import NotFound

WHO: Final = Person(COLLECTOR.name, frozenset({MANAGER, *LINES.values()}))


@dataclass(frozen=True, slots=True)
class Resolving:
    """Resolves incidents at the service desk. `code`: how, one of the desk's codes."""

    desk: ServiceDesk
    code: str = "fixed"

    async def __call__(self, tx: AsyncConnection, number: str, said: str, now: int) -> bool:
        """Resolve the incident with a number at `now` (ms); return whether it was open and is resolved."""
        async with recorded(tx, COLLECTOR, now) as act:
            try:
                found = await read(tx, number)
                if found.resolved_at is not None:
                    return False
                if found.state == State.NEW:
                    await self.desk.do(act, WHO, number, Deed.TAKE, Wish())
                await self.desk.do(act, WHO, number, Deed.RESOLVE, Wish(said, code=self.code))
            except (NotFound, Denied):
                return False
        return True
