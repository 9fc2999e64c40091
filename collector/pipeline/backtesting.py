"""A past period judged anew: the same pure functions over what is kept, by other terms. Nothing is written.

Read a few CIs at a time, so what is held in memory does not grow with the estate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import drift
from collector.change.track import Judged
from collector.model import CI, FOREVER, Path, Value, Verdict
from collector.pipeline import following
from collector.pipeline.policies import Policies
from collector.pipeline.terms import Terms
from collector.services.lookback.asked import Asked
from collector.services.lookback.report import Report, Row
from collector.store import cis, courses, interning, past
from collector.store.courses import Allowed, Course
from collector.store.past import Place

AT_ONCE = 50
"""CIs that are read together."""


async def backtest(connection: AsyncConnection, asked: Asked, now: int, policies: Policies) -> Report:
    """Return what moved in the period as it is held, and as it would be by the terms that are asked for."""
    report, beyond = Report(asked.start, asked.end), 0
    testing = _Testing(connection, asked, policies.terms, now)
    while ci_ids := await past.next_cis(connection, beyond, AT_ONCE):
        beyond = ci_ids[-1]
        await testing.add(ci_ids, report)
    return report


class _Testing:
    """Judges a few CIs by terms that are asked for."""

    def __init__(self, connection: AsyncConnection, asked: Asked, present: Terms, now: int) -> None:
        self._connection, self._asked, self._now = connection, asked, now
        self._present, margins = present.governance, asked.margins
        usual = present.margins if margins is None else lambda _: margins
        self._terms = Terms(asked.governance or present.governance, usual, present.telling)

    async def add(self, ci_ids: Sequence[int], report: Report) -> None:
        """Add what moved on these CIs to `report`."""
        start, end = self._asked.start, self._asked.end
        places = await past.moved(self._connection, ci_ids, start, end)
        if not places:
            return
        found = await self._courses(places, await past.unsettled(self._connection, ci_ids, start - 1))
        followed = await following.followed(self._connection, found, self._terms, self._now)
        was = await past.judged(self._connection, ci_ids, start, end)
        would = [each for course in followed.values() for each in course.items if start <= each.item.hi < end]
        self._compare(await cis.by_ids(self._connection, ci_ids), was, would, report)

    async def _courses(self, places: Sequence[Place], unsettled: Mapping[Place, int]) -> dict[Place, Course]:
        """Return each value's course from where it was at rest when the period began."""
        since = {place: unsettled.get(place, self._asked.start - 1) for place in places}
        paths = await interning.known_paths(self._connection, {path for _, path in places})
        found = await courses.read(self._connection, since, paths)
        if self._asked.governance is None:
            return found
        stood = await past.stood(self._connection, places, self._asked.start - 1)
        return {place: self._based(place, course, stood.get(place)) for place, course in found.items()}

    def _based(self, place: Place, course: Course, stood: Value) -> Course:
        """Let what was not held against anything be authorised as it stood when the period began."""
        base = course.base.value if course.base else None
        held = drift.controlled(place[1], stood, self._present.of(course.ci_class))
        value = _joined(base, stood, held)
        return replace(course, allowed=(Allowed(0, FOREVER, 0, "arrival", "", value),))

    def _compare(self, known: Mapping[int, CI], was: Sequence[Judged], would: Sequence[Judged], report: Report) -> None:
        before, after = ({_key(each): each for each in side} for side in (was, would))
        report.cis += len({key[0] for key in (*before, *after)})
        for key in sorted({*before, *after}, key=lambda each: (each[-1], each)):
            old, new = before.get(key), after.get(key)
            item, told = (new or before[key]).item, (new or before[key]).judgement
            report.add(Row(known[key[0]], item, _verdict(old), _verdict(new), told.change))


def _verdict(judged: Judged | None) -> Verdict | None:
    return None if judged is None else judged.judgement.verdict


def _key(judged: Judged) -> tuple[int, str, Path, str, int]:
    item = judged.item
    return item.ci_id, item.source, item.path, item.field, item.hi


def _joined(base: Value, stood: Value, held: Value) -> Value:
    """Return what is authorised, joined with what of `stood` was held against nothing: all but `held` of it."""
    if held is None:
        return stood if base is None else base
    if not (isinstance(base, dict) and isinstance(stood, dict) and isinstance(held, dict)):
        return base
    return {name: value for name, value in stood.items() if name not in held} | {
        name: value for name, value in base.items() if name in held or name not in stood
    }
