"""Alerts of other systems taken: kept, bound to a CI, their incidents opened or resolved, in the same transaction.

An alert is one by (account, source, fingerprint), an episode of it by when it began: what is told twice, or late,
changes nothing, nor does what another account tells, by whatever name of a source. Whoever told it hears that it was
taken once that is on disk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.clock import Clock
from collector.desk.table import BUILT_IN, Table
from collector.identifiers import Policy
from collector.incident.foreign import EXPIRED, FIRING, RESOLVED, ForeignAlert, told_by
from collector.model import Member
from collector.security.audit import COLLECTOR, Act, Actor, recorded
from collector.services.inbound import binding, gathering
from collector.services.inbound.binding import Bound
from collector.store import desk, foreign_alerts, interning, members
from collector.store.desk import Mark
from collector.store.engine import Store
from collector.store.failure import StoreFailed, reading, writing
from collector.store.foreign_alerts import Kept as Kept
from collector.store.foreign_alerts import Key

MAX_WAITING: Final = 16
"""Messages under way at once; more are told to come back."""
TOGETHER: Final = 1_000
"""Alerts of a message in one transaction: nobody who writes something else waits for more. What is told again after a
failure in between changes nothing twice."""
TOLD, OVER, BOUND = "alert_told", "alert_over", "alert_bound"
"""What the trail of an incident says of its alerts."""

Told = Mapping[Key, ForeignAlert]
"""What one account tells."""
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


@dataclass(frozen=True, slots=True)
class Moved:
    """An alert that is news, the CI it was about before, and the one it is about now."""

    alert: ForeignAlert
    was: int | None
    ci_id: int | None


@dataclass(slots=True)
class Inbox:
    """Takes alerts. `settle` is the pipeline's; `policy` says what identifies nothing."""

    store: Store
    clock: Clock
    policy: Policy
    settle: Settle
    table: Table = BUILT_IN
    _under_way: int = field(default=0, init=False)

    async def take(self, alerts: Sequence[ForeignAlert], who: Actor) -> Taken:
        """Take what `who` tells; raise `Busy`."""
        told = {(each.source, each.fingerprint): told_by(who.name, each) for each in alerts}
        moved: list[Moved] = []
        async with self._turn():
            try:
                for part in interning.chunks(told.items(), TOGETHER):
                    moved += await self._taken(dict(part), who)
            except StoreFailed:
                raise Busy from None
        return Taken(len(moved), len(alerts) - len(moved), _unbound(moved))

    async def _taken(self, told: Told, who: Actor) -> list[Moved]:
        found = await self._bound(told, who.name)
        async with writing(self.store) as tx, recorded(tx, who, self.clock()) as act:
            return await self._take(act, told, found)

    async def _bound(self, told: Told, account: str) -> dict[Key, Bound]:
        """Return which CIs alerts are about, where that is still to be found out: while others may write."""
        async with reading(self.store) as connection:
            known = await foreign_alerts.known(connection, account, told)
            asked = {key: each for key, each in told.items() if each.state == FIRING and _is_asked(known.get(key))}
            its = await binding.bound(connection, list(asked.values()), self.policy)
        return dict(zip(asked, its, strict=True))

    async def _take(self, act: Act, told: Told, found: Mapping[Key, Bound]) -> list[Moved]:
        known = await foreign_alerts.held(act.tx, act.by, told)
        saved: list[tuple[ForeignAlert, int | None, str]] = []
        moved: list[Moved] = []
        for key, alert in told.items():
            kept = known.get(key)
            standing = as_it_stands(kept.alert if kept else None, alert)
            if standing is None:
                continue
            its = _its(kept, found.get(key))
            saved.append((standing, its.ci_id, its.by))
            if _is_news(kept, standing, its.ci_id):
                moved.append(Moved(standing, kept.ci_id if kept else its.ci_id, its.ci_id))
        await foreign_alerts.save(act.tx, saved, act.at)
        await self.settled(act, moved, TOLD)
        if moved:
            over = sum(each.alert.state != FIRING for each in moved)
            said = {"firing": len(moved) - over, "over": over, "unbound": _unbound(moved)}
            act.tell("alert.take", f"source/{moved[0].alert.source}", after=said)
        return moved

    async def expire(self) -> None:
        """End what nobody tells of any more; raise `StoreFailed`."""
        async with writing(self.store) as tx, recorded(tx, COLLECTOR, self.clock()) as act:
            over = await foreign_alerts.expire(tx, act.at)
            await self.settled(act, [Moved(each.alert, each.ci_id, each.ci_id) for each in over], OVER)

    async def settled(self, act: Act, moved: Sequence[Moved], word: str) -> None:
        """Bring incidents in line with alerts that moved, and say in their trails whose `word` that was."""
        if not moved:
            return
        over = {each.alert.cause_key for each in moved if each.alert.state != FIRING}
        left = await members.of_causes(act.tx, over)
        if unknown := [(each.alert, each.ci_id) for each in moved if None in (each.was, each.ci_id)]:
            await gathering.gather(act.tx, unknown, self.table, act.at)
        if concerned := {each for one in moved for each in (one.was, one.ci_id) if each is not None}:
            await self.settle(act.tx, sorted(concerned), act.at)
        here = await members.of_causes(act.tx, {each.alert.cause_key for each in moved} - over)
        await _note(act, here, word, moved[0].alert.source)
        await _note(act, left, OVER, moved[0].alert.source)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._under_way >= MAX_WAITING:
            raise Busy
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


async def _note(act: Act, its: Iterable[Member], word: str, source: str) -> None:
    """Say once in each incident of these members who told that, of which source; the clock needs no saying."""
    if act.who != COLLECTOR:
        mark = Mark(act.at, act.by, word, detail={"reference": source})
        await desk.note(act.tx, [(number, mark) for number in sorted({each.incident_id for each in its})])


def _is_asked(kept: Kept | None) -> bool:
    """Return whether it is asked which CI an alert is about: until one is found, and of a new episode unless a person
    has said it."""
    return kept is None or kept.ci_id is None or (kept.alert.state != FIRING and not kept.bound_by)


def _its(kept: Kept | None, found: Bound | None) -> Bound:
    """Return the CI of an alert: the one just found, else the one it has."""
    if kept is None or (found is not None and found.ci_id is not None and _is_asked(kept)):
        return found or Bound()
    return Bound(kept.ci_id, kept.bound_by)


def _unbound(moved: Iterable[Moved]) -> int:
    return sum(each.ci_id is None for each in moved)


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
    return replace(told, cause_key=known.cause_key)


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
