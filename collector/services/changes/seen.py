"""One change with all a person needs to judge it: who approved what when, what collides, who depends, what is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change import approval, freeze, lifecycle
from collector.change.approval import Flaw, Gap, Need
from collector.change.covering import RECORD_WITHIN_MS
from collector.change.flow import TABLES, Step
from collector.change.freeze import Freeze
from collector.change.lifecycle import Actor, Why
from collector.change.record import Change, ChangeType, Line, State, Word
from collector.change.verification import LineCheck
from collector.services.changes.desk import Desk, plans_only
from collector.services.changes.impact import Impact, impact
from collector.services.missing import NotFound
from collector.store import change_trail, changes, unverified
from collector.store.browse import changes as browsed
from collector.store.browse.changes import ChangeQuery, ChangeRow
from collector.store.browse.page import Page, Window
from collector.store.browse.ref import CiRef
from collector.store.change_trail import Decision, Mark
from collector.store.changes import Kept
from collector.store.unverified import Owed


@dataclass(frozen=True, slots=True)
class Said:
    """A word that was given, and why it does not count (None: it does, as far as it is its turn)."""

    word: Word
    flaw: Flaw | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A step that exists in this state, and every reason why the one who looks may not do it; none: they may."""

    step: Step
    part: str
    denied: tuple[Why, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A change at one moment, for one person.

    `checks` are by line, only once the work is done; `late_ms`: how long after its claimed start an emergency was
    recorded, beyond what the regulation allows (0: in time, or no emergency); `unverified`: what nobody saw in time.
    """

    kept: Kept
    cis: Mapping[int, CiRef]
    said: tuple[Said, ...]
    needs: tuple[Need, ...]
    gap: Gap | None
    offers: tuple[Offer, ...]
    may_edit: bool
    checks: tuple[LineCheck, ...]
    decisions: Mapping[int, Decision]
    collisions: tuple[Change, ...]
    freezes: tuple[Freeze, ...]
    impact: Impact
    trail: tuple[Mark, ...]
    late_ms: int
    unverified: Owed | None

    @property
    def change(self) -> Change:
        return self.kept.change

    @property
    def lines(self) -> tuple[tuple[Line, LineCheck | None, Decision | None], ...]:
        """Each line with where it stands and what a person decided of it."""
        checks = self.checks or (None,) * len(self.change.lines)
        return tuple(
            (line, check, self.decisions.get(place))
            for place, (line, check) in enumerate(zip(self.change.lines, checks, strict=True))
        )


async def one(connection: AsyncConnection, desk: Desk, number: str, who: Actor, now: int) -> Seen:
    """Return the change with this number as `who` sees it at `now` (ms); raise `NotFound`."""
    kept = await changes.find(connection, number)
    if kept is None:
        raise NotFound("change", number)
    change, plan = kept.change, kept.change.plan
    around = await desk.around(connection, kept, now)
    others = await changes.at_work(connection, change.request.ci_ids, plan.window) if plan else ()
    finished = change.state in {State.IMPLEMENTED, State.CLOSED}
    checks = around.checks or (await desk.checks(connection, kept, now) if finished else ())
    return Seen(
        kept=kept,
        cis=await browsed.refs(connection, change.request.ci_ids | {line.ci_id for line in _planned(change)}),
        said=tuple(Said(word, _flaw(change, word)) for word in change.words),
        needs=approval.NEEDS[change.type],
        gap=approval.gap(change, now),
        offers=_offers(change, who, around),
        may_edit=_may_edit(change, who, now),
        checks=checks,
        decisions=(await change_trail.decisions(connection, [kept.id])).get(kept.id, {}),
        collisions=freeze.colliding(change, others),
        freezes=freeze.forbidding(around.freezes, change),
        impact=await impact(connection, change.request.ci_ids),
        trail=await change_trail.of(connection, kept.id),
        late_ms=_late_ms(change),
        unverified=(await unverified.owed(connection, [kept.id])).get(number),
    )


async def listed(connection: AsyncConnection, query: ChangeQuery, window: Window) -> Page[ChangeRow]:
    """Return one page of changes, newest first; raise `BadCursor`."""
    return await browsed.list_changes(connection, query, window)


def _planned(change: Change) -> tuple[Line, ...]:
    return change.plan.lines if change.plan else ()


def _flaw(change: Change, word: Word) -> Flaw | None:
    need = next((need for need in approval.NEEDS[change.type] if need.stage is word.stage), None)
    return approval.flaw(change, need, word) if need else None


def _offers(change: Change, who: Actor, around: lifecycle.Surroundings) -> tuple[Offer, ...]:
    """Return the steps of this state; that a reason is missing is seen to when it is asked for."""
    steps = [step for step in TABLES[change.type] if step.before is change.state]
    return tuple(
        Offer(step.act, step.part, lifecycle.refusals(change, step.act, who, reason="…", around=around))
        for step in steps
    )  # fmt: skip


def _may_edit(change: Change, who: Actor, now: int) -> bool:
    """Return whether `who` may write it anew: tried on a copy, so there is one place that says so."""
    given = None if plans_only(change, who) else change.request
    try:
        lifecycle.edit(change, who, now, request=given, plan=change.plan)
    except lifecycle.Denied:
        return False
    return True


def _late_ms(change: Change) -> int:
    if change.type is not ChangeType.EMERGENCY or change.plan is None:
        return 0
    after = change.recorded_at - change.plan.window.start
    return after if after > RECORD_WITHIN_MS else 0
