"""Alerts of other systems taken: kept, bound to a CI, their incidents opened or resolved, in one transaction.

An alert is one by (source, fingerprint), an episode of it by when it began: what is told twice, or late, changes
nothing. Whoever told it hears that it was taken once that is on disk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident
from collector.clock import Clock
from collector.desk.table import BUILT_IN, Table
from collector.identifiers import Policy
from collector.incident.foreign import EXPIRED, FIRING, FOREIGN, RESOLVED, ForeignAlert
from collector.security.audit import Act
from collector.services.inbound import binding
from collector.services.incidents import admitting
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import cis, foreign_alerts, incidents
from collector.store.engine import Store
from collector.store.failure import StoreFailed, writing
from collector.store.foreign_alerts import Kept as Kept

MAX_WAITING: Final = 16
"""Messages under way at once; more are told to come back."""
MAX_LISTED: Final = 500

Settle = Callable[[AsyncConnection, Collection[int], int], Awaitable[None]]
"""Bring the incidents of some CIs in line with what stands of them, at a time (ms)."""


class Busy(Exception):
    """Too much is under way, or the database does not answer: to be told again in a moment."""

    def __init__(self) -> None:
        super().__init__("come back in a moment")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message: alerts that were news, those that were not, and of the news those of no CI."""

    new: int
    known: int
    unbound: int


@dataclass(slots=True)
class Inbox:
    """Takes alerts. `settle` is the pipeline's; `policy` says what identifies nothing."""

    store: Store
    clock: Clock
    policy: Policy
    settle: Settle
    table: Table = BUILT_IN
    _under_way: int = field(default=0, init=False)

    async def take(self, alerts: Sequence[ForeignAlert]) -> Taken:
        """Take what was told; raise `Busy`."""
        async with self._turn():
            try:
                async with writing(self.store) as tx:
                    return await self._take(tx, alerts, self.clock())
            except StoreFailed:
                raise Busy from None

    async def bind(self, act: Act, number: int, uid: str) -> None:
        """Say which CI an alert is about; raise `NotFound`, `Refused`."""
        kept = await foreign_alerts.find(act.tx, number)
        if kept is None:
            raise NotFound("alert", str(number))
        ci = (await cis.by_uids(act.tx, [uid])).get(uid)
        if ci is None:
            raise Refused("there is no such CI", "ci")
        await foreign_alerts.bind(act.tx, number, ci.id, act.by)
        await self._unbound(act.tx, act.at)
        await self.settle(act.tx, sorted({ci.id, kept.ci_id or ci.id}), act.at)
        act.tell("alert.bind", f"alert/{number}", {"ci": kept.ci_id}, {"ci": ci.id, "uid": ci.uid})

    async def expire(self) -> None:
        """End what nobody tells of any more; raise `StoreFailed`."""
        now = self.clock()
        async with writing(self.store) as tx:
            over = await foreign_alerts.expire(tx, now)
            await self._settled(tx, over, now)

    async def _take(self, tx: AsyncConnection, alerts: Sequence[ForeignAlert], now: int) -> Taken:
        told = {(each.source, each.fingerprint): each for each in alerts}
        known = await foreign_alerts.known(tx, told)
        saved: list[tuple[ForeignAlert, int | None]] = []
        moved: set[int | None] = set()
        unbound = 0
        for key, alert in told.items():
            kept = known.get(key)
            standing = as_it_stands(kept.alert if kept else None, alert)
            if standing is None:
                continue
            ci_id = kept.ci_id if kept and kept.ci_id else await binding.bound(tx, standing.names, self.policy)
            saved.append((standing, ci_id))
            if _is_news(kept, standing, ci_id):
                moved |= {ci_id, kept.ci_id if kept else ci_id}
                unbound += ci_id is None
        await foreign_alerts.save(tx, saved, now)
        await self._settled(tx, moved, now)
        return Taken(len(saved), len(alerts) - len(saved), unbound)

    async def _settled(self, tx: AsyncConnection, moved: Collection[int | None], now: int) -> None:
        if None in moved:
            await self._unbound(tx, now)
        if concerned := sorted(each for each in moved if each is not None):
            await self.settle(tx, concerned, now)

    async def _unbound(self, tx: AsyncConnection, now: int) -> None:
        """Bring the incidents of alerts of no CI in line with those that stand."""
        causes = [incident.foreign_cause(each.alert, None) for each in await foreign_alerts.unbound(tx)]
        held = await incidents.held_of_kind(tx, FOREIGN, causes, now)
        own = {each.id for each in held.incidents if each.ci_id is None}
        held = replace(
            held, incidents=tuple(each for each in held.incidents if each.id in own),
            members=tuple(each for each in held.members if each.ci_id is None and each.incident_id in own),
        )  # fmt: skip
        plan = incident.plan(held, causes, now)
        if not plan.is_empty:
            await incidents.apply(tx, plan, now, await admitting.admit(tx, plan.open, self.table))

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._under_way >= MAX_WAITING:
            raise Busy
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


async def listed(connection: AsyncConnection) -> list[Kept]:
    """Return the alerts that stand, those of no CI first."""
    return await foreign_alerts.listed(connection, MAX_LISTED)


def as_it_stands(known: ForeignAlert | None, told: ForeignAlert) -> ForeignAlert | None:
    """Return the alert after it was told, None when that is old news.

    An episode that was told to be over does not begin again; one that only ran out does. Alertmanager joins episodes
    that touch, so an end may name an earlier beginning than the one that is known: what it ends after, it ends.
    """
    if known is None:
        return told
    if told.started_at < known.started_at and not (told.state == RESOLVED and _ended(told) >= known.started_at):
        return None
    if known.state == RESOLVED and told.started_at == known.started_at:
        return None
    if told.state == RESOLVED:
        # What ends need not say again what it was.
        began = max(known.started_at, told.started_at)
        return replace(known, state=RESOLVED, ended_at=told.ended_at, until=None, started_at=began)
    return told


def _ended(alert: ForeignAlert) -> int:
    return alert.started_at if alert.ended_at is None else alert.ended_at


def _is_news(kept: Kept | None, standing: ForeignAlert, ci_id: int | None) -> bool:
    """Return whether an incident may have to move: not when the same is only told again."""
    if kept is None:
        return standing.state == FIRING
    before = kept.alert
    if before.state in (RESOLVED, EXPIRED) and standing.state in (RESOLVED, EXPIRED):
        return False
    return (before.state, before.severity, kept.ci_id) != (standing.state, standing.severity, ci_id)
