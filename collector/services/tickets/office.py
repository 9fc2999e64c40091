"""One look at another system: everything is read first; only then is each record taken, whole or not at all.

What was not taken stays written down with the reason until a later look takes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from collector.clock import Clock
from collector.security.vault import Vault
from collector.services.changes.desk import Desk
from collector.services.changes.foreign import Taking
from collector.services.refused import Refused
from collector.services.tickets import systems
from collector.store import tickets
from collector.store.engine import Store
from collector.store.failure import Unacceptable, reading, writing
from collector.tickets import BadAnswer, tables
from collector.tickets.exchange import Exchange, Sleep
from collector.tickets.products import look
from collector.tickets.record import Foreign, Pulled
from collector.tickets.system import System
from collector.tickets.tables import under

log = structlog.get_logger(__name__)

MAX_NOT_TAKEN: Final = 200
MAX_MADE: Final = 200


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A record, or a step of one, that was not taken, and why. `since`: since when for this reason (ms)."""

    reference: str
    title: str
    why: str
    field: str = ""
    since: int = 0


@dataclass(slots=True)
class Report:
    """What a look brought. `failed`: why nothing was read; what was not taken before stands then.

    `made`: numbers of new changes, the first of them; `new`, `known` and `left`: how many there were of each.
    """

    at: int
    failed: str = ""
    seen: int = 0
    new: int = 0
    known: int = 0
    left: int = 0
    made: list[str] = field(default_factory=list)
    not_taken: list[NotTaken] = field(default_factory=list)

    def leave(self, what: NotTaken) -> None:
        self.left += 1
        if len(self.not_taken) < MAX_NOT_TAKEN:
            self.not_taken.append(what)


@dataclass(frozen=True, slots=True)
class Office:
    """Looks at systems. `words`: the file of what products call things; `sleep`: waits for a system that is busy."""

    store: Store
    vault: Vault
    desk: Desk
    words: Path
    clock: Clock
    sleep: Sleep = asyncio.sleep

    @classmethod
    def checked(cls, store: Store, vault: Vault, desk: Desk, words: Path, clock: Clock) -> Office:
        """Return an office whose file of words can be used; raise `BadFile`."""
        tables.load(words)
        return cls(store, vault, desk, words, clock)

    async def pull(self, name: str) -> Report:
        """Take the changes of a system; raise `NotFound`, `StoreFailed`. What fails there is in the report."""
        async with reading(self.store) as connection:
            row = await systems.find(connection, name)
            before = report_of((await tickets.last(connection)).get(name))
        system, report = systems.opened(row), Report(self.clock())
        try:
            secret = systems.secret_of(self.vault, row)
            words = tables.load(self.words)
            async with Exchange(system.url, ca=system.ca, sleep=self.sleep) as exchange:
                pulled = await look(system, words, secret, exchange)
        except (BadAnswer, Refused, ValueError) as error:
            report.failed = str(error)
            report.not_taken, report.left = (before.not_taken, before.left) if before else ([], 0)
        else:
            await self._take_all(report, Taking(self.desk, system, under(words[system.kind], system)), pulled)
        await self._note(name, _aged(report, before))
        log.info("changes pulled", system=name, seen=report.seen, new=report.new, left=report.left, why=report.failed)
        return report

    async def _take_all(self, report: Report, taking: Taking, pulled: Pulled) -> None:
        report.seen = len(pulled.records) + len(pulled.unread)
        for each in pulled.unread:
            report.leave(NotTaken(each.reference, "", each.why, each.field, report.at))
        for foreign in pulled.records:
            await self._take(report, taking, foreign)

    async def _take(self, report: Report, taking: Taking, foreign: Foreign) -> None:
        named = (foreign.reference[:100], foreign.title[:200])
        try:
            async with writing(self.store) as tx:
                came = await taking.take(tx, foreign, self.clock())
        except Refused as error:
            report.leave(NotTaken(*named, str(error), error.field, report.at))
            return
        except Unacceptable:  # the unique key of (system, reference) kept it from being made twice
            report.leave(NotTaken(*named, "another collector took it at the same moment", "reference", report.at))
            return
        report.new, report.known = report.new + came.is_new, report.known + (not came.is_new)
        if came.is_new and len(report.made) < MAX_MADE:
            report.made.append(came.number)
        if came.why:
            report.leave(NotTaken(*named, came.why, "", report.at))

    async def _note(self, name: str, report: Report) -> None:
        async with writing(self.store) as tx:
            if await tickets.find(tx, name) is not None:  # it may have been removed meanwhile
                await tickets.note(tx, name, asdict(report))

    async def listed(self) -> list[tuple[System, Report | None]]:
        """Return the systems by name, each with what the last look at it brought; raise `StoreFailed`."""
        async with reading(self.store) as connection:
            known, last = await systems.listed(connection), await tickets.last(connection)
        return [(system, report_of(last.get(system.name))) for system in known]


def report_of(told: Mapping[str, Any] | None) -> Report | None:
    """Return a report as it was written."""
    if told is None:
        return None
    return Report(**{**told, "not_taken": [NotTaken(**each) for each in told["not_taken"]]})


def _aged(report: Report, before: Report | None) -> Report:
    """Let what was not taken for the same reason before be that old."""
    since = {(each.reference, each.why): each.since for each in before.not_taken} if before else {}
    report.not_taken = [
        NotTaken(each.reference, each.title, each.why, each.field, since.get((each.reference, each.why), each.since))
        for each in report.not_taken
    ]
    return report
