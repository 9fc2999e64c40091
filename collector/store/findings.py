"""Findings and their items: what moved, and what is held of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import bindparam, func, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change import filing
from collector.change.approval import Flaw, Gap
from collector.change.batching import fingerprint
from collector.change.covering import Reason
from collector.change.filing import Filed, Open
from collector.change.flow import BEFORE_WORK
from collector.change.item import Item
from collector.change.matching import Flag, Judgement, Refused
from collector.change.record import Stage, State
from collector.change.track import Judged
from collector.model import Drift, Finding, Path, Verdict
from collector.store import interning, pairs, schema
from collector.store.pairs import Asked, Asking

Place = tuple[int, Path]
AnyRow = Any
_finding, _item = schema.finding.c, schema.finding_item.c
_authorised, _old, _new = (schema.val.alias(name) for name in ("authorised", "old", "new"))
_WHOLE = (
    select(
        _item.finding_id, _item.field, _item.lo, _item.hi.label("hi"), _item.actor, _item.claimed, _item.verdict,
        _item.change, _item.flags, _item.refused, _item.late_ms, _item.due_at, _item.closed_at, _finding.ci_id,
        _finding.closed_at.label("over_at"), _finding.waived_until,
        schema.source.c.code, schema.path.c.section, schema.path.c.key,
        _authorised.c.text.label("a"), _old.c.text.label("o"), _new.c.text.label("n"),
    )
    .select_from(
        schema.finding_item.join(schema.finding, _finding.id == _item.finding_id)
        .join(schema.source, schema.source.c.id == _item.source_id)
        .join(schema.path, schema.path.c.id == _item.path_id)
        .outerjoin(_authorised, _authorised.c.id == _item.auth_val_id)
        .outerjoin(_old, _old.c.id == _item.old_val_id)
        .outerjoin(_new, _new.c.id == _item.new_val_id)
    )
)  # fmt: skip
_ORDER = ("finding_id", "section", "key", "field", "hi")
_OF_OPEN = _WHOLE.where(_finding.ci_id.in_(bindparam("cis", expanding=True)), _finding.closed_at.is_(None))


def _on_paths(asked: Asked) -> Any:
    here = (_finding.ci_id == asked.ci_id) & (_item.path_id == asked.path_id)
    return _WHOLE.join(asked.table, here).where(_finding.hi > bindparam("since"), _item.hi > bindparam("since"))


_OPEN_ITEMS = _OF_OPEN.order_by(*_ORDER)
_ON_PATHS = Asking(lambda asked: _on_paths(asked).order_by(*_ORDER))
_CONCERNING = Asking(
    lambda asked: union_all(_OF_OPEN, _on_paths(asked).where(_finding.closed_at.is_not(None))).order_by(*_ORDER)
)
_OF_FINDINGS = _WHOLE.where(_item.finding_id.in_(bindparam("findings", expanding=True))).order_by(*_ORDER)
_MOVING = (*BEFORE_WORK, State.CANCELLED)
"""States of changes that may still be edited or cancelled, or just were; once work began they say what they say."""
_RESTING = _WHOLE.join(schema.change, schema.change.c.number == _item.change).where(
    _finding.ci_id.in_(bindparam("cis", expanding=True)), schema.change.c.state.in_(_MOVING),
    _item.verdict.in_((Verdict.VERIFIED, Verdict.AUTHORISED, Verdict.ACCEPTED)),
).order_by(*_ORDER)  # fmt: skip
_OPEN = select(schema.finding).where(
    _finding.ci_id.in_(bindparam("cis", expanding=True)), _finding.closed_at.is_(None)
).order_by(_finding.id)  # fmt: skip
_SEEN_AGAIN = (
    select(_finding.ci_id).distinct()
    .select_from(
        schema.finding_item.join(schema.finding, _finding.id == _item.finding_id)
        .join(schema.path, schema.path.c.id == _item.path_id)
        .join(schema.source, schema.source.c.id == _item.source_id)
        .join(
            schema.section,
            (schema.section.c.ci_id == _finding.ci_id) & (schema.section.c.source_id == _item.source_id)
            & (schema.section.c.name == schema.path.c.section),
        )
    )
    .where(_item.once, (schema.section.c.last_ok > _item.hi) | (schema.source.c.confirmed_at > _item.hi))
    .limit(bindparam("most"))
)  # fmt: skip
"""CIs on which one look has shown something, and the same source has spoken of it since."""


@dataclass(slots=True)
class Waiting:
    """What is open: place → the items somebody or some clock still has to do with, CI → its open findings.

    `stood`: CI → the items at the places of `since`, open or not, that were first seen new after the time given there.
    """

    since: Mapping[Place, int] = field(default_factory=dict)
    items: dict[Place, list[Filed]] = field(default_factory=dict)
    homes: dict[int, dict[int, Open]] = field(default_factory=dict)
    stood: dict[int, list[Filed]] = field(default_factory=dict)

    def take(self, row: AnyRow) -> None:
        """Take an item into account."""
        filed = _filed(row)
        place = row.ci_id, filed.judged.item.path
        if place in self.since and row.hi > self.since[place]:
            self.stood.setdefault(row.ci_id, []).append(filed)
        if row.over_at is None:
            self._wait(row, place, filed)

    def _wait(self, row: AnyRow, place: Place, filed: Filed) -> None:
        homes, item = self.homes.setdefault(row.ci_id, {}), filed.judged.item
        home = homes.get(row.finding_id) or Open(row.finding_id, {}, is_waived=row.waived_until is not None)
        lo, hi = home.lanes.get(item.source, (item.lo, item.hi))
        home = replace(home, lanes={**home.lanes, item.source: (min(lo, item.lo), max(hi, item.hi))})
        if not filing.is_final(filed.judged.judgement):
            self.items.setdefault(place, []).append(filed)
            home = replace(home, waiting=(*home.waiting, item))
        homes[row.finding_id] = home


async def waiting(connection: AsyncConnection, ci_ids: Iterable[int]) -> Waiting:
    """Return what is open on these CIs."""
    found = Waiting()
    for part in interning.chunks(ci_ids):
        for row in await connection.execute(_OPEN_ITEMS, {"cis": part}):
            found.take(row)
    return found


async def resting(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[Place, list[Filed]]:
    """Return place → the items on these CIs that are settled by a change which may be edited or cancelled, or was."""
    found: dict[Place, list[Filed]] = {}
    for part in interning.chunks(ci_ids):
        for row in await connection.execute(_RESTING, {"cis": part}):
            found.setdefault((row.ci_id, Path(row.section, row.key)), []).append(_filed(row))
    return found


async def concerning(connection: AsyncConnection, since: Mapping[Place, int], paths: Mapping[Path, int]) -> Waiting:
    """Return what is open on the CIs of `since` and what stands at its places, asked for in one."""
    found, asked_of = Waiting(dict(since)), set[int]()
    for part in interning.chunks(since):
        cis = {ci_id for ci_id, _ in part} - asked_of
        asked = {"cis": sorted(cis), **_asked(part, since, paths)}
        for row in await connection.execute(_CONCERNING.of(connection), asked):
            found.take(row)
        asked_of |= cis
    return found


async def on_paths(
    connection: AsyncConnection, since: Mapping[Place, int], paths: Mapping[Path, int]
) -> dict[int, list[Filed]]:
    """Return CI → the items at the places of `since` that were first seen new after the time given there (ms)."""
    found: dict[int, list[Filed]] = {}
    for part in interning.chunks(since, pairs.MOST):
        for row in await connection.execute(_ON_PATHS.of(connection), _asked(part, since, paths)):
            if row.hi > since[row.ci_id, Path(row.section, row.key)]:
                found.setdefault(row.ci_id, []).append(_filed(row))
    return found


def _asked(places: Sequence[Place], since: Mapping[Place, int], paths: Mapping[Path, int]) -> dict[str, object]:
    return {
        "pairs": pairs.text((ci_id, paths[path]) for ci_id, path in places),
        "since": min(since[each] for each in places),
    }


async def due(connection: AsyncConnection, now: int, limit: int) -> set[int]:
    """Return CIs with a finding whose clock or waiver has ended by `now` (ms), or whose second look has come."""
    is_due = (_finding.due_at <= now) | (_finding.waived_until <= now)
    rows = await connection.execute(
        select(_finding.ci_id).where(is_due, _finding.closed_at.is_(None)).order_by(_finding.due_at).limit(limit)
    )
    return {int(row[0]) for row in (*rows, *await connection.execute(_SEEN_AGAIN, {"most": limit}))}


async def not_looked_for(connection: AsyncConnection, limit: int) -> set[int]:
    """Return CIs on which one look has shown something, and no second one was asked for."""
    its = select(_finding.ci_id).distinct().select_from(schema.finding_item.join(schema.finding))
    rows = await connection.execute(its.where(_item.once, ~_item.looked_for).order_by(_finding.ci_id).limit(limit))
    return set(rows.scalars())


async def of_cis(connection: AsyncConnection, ci_ids: Iterable[int]) -> list[Finding]:
    """Return the open findings of those CIs, with what is open in them: once, however many sources show it."""
    heads: dict[int, AnyRow] = {}
    for part in interning.chunks(ci_ids):
        heads |= {row.id: row for row in await connection.execute(_OPEN, {"cis": part})}
    items = await of_findings(connection, heads)
    return [_finding_of(row, items.get(key, [])) for key, row in heads.items()]


async def of_findings(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, list[Filed]]:
    """Return finding → all its items."""
    found: dict[int, list[Filed]] = {}
    for part in interning.chunks(ids):
        for row in await connection.execute(_OF_FINDINGS, {"findings": part}):
            found.setdefault(row.finding_id, []).append(_filed(row))
    return found


async def count_open(connection: AsyncConnection) -> int:
    row = await connection.execute(select(func.count()).where(_finding.closed_at.is_(None)))
    return int(row.scalar_one())


def _finding_of(row: AnyRow, items: Sequence[Filed]) -> Finding:
    waiting = [each.judged for each in items if not filing.is_final(each.judged.judgement)]
    shown = {fingerprint(each.item): each.item for each in reversed(waiting)}
    drifts = tuple(
        Drift(item.path, item.authorised, item.old, item.new, item.lo, item.hi, item.field)
        for item in reversed(shown.values())
    )
    change = next((each.judgement.change for each in waiting if each.judgement.change), "")
    return Finding(
        row.id, row.ci_id, Verdict(row.verdict), row.lo, row.hi, row.opened_at, drifts, row.closed_at, row.due_at,
        row.waived_until, change, row.campaign_id or 0,
        bool(waiting) and all(Flag.SEEN_ONCE in each.judgement.flags for each in waiting),
    )  # fmt: skip


def _filed(row: AnyRow) -> Filed:
    authorised, old, new = (None if text is None else json.loads(text) for text in (row.a, row.o, row.n))
    item = Item(
        row.ci_id, row.code, Path(row.section, row.key), authorised, old, new, row.lo, row.hi, row.field, row.actor,
        bool(row.claimed),
    )  # fmt: skip
    judgement = Judgement(
        Verdict(row.verdict), row.change, frozenset(Flag(each) for each in json.loads(row.flags)), row.due_at, None,
        row.late_ms, tuple(_refused(*each) for each in json.loads(row.refused)), row.closed_at,
    )  # fmt: skip
    return Filed(row.finding_id, Judged(item, judgement))


def _refused(change: str, reason: str, gap: Sequence[str] | None, late_ms: int) -> Refused:
    return Refused(change, Reason(reason), gap and Gap(Stage(gap[0]), Flaw(gap[1])), late_ms)  # type: ignore[arg-type]


async def look_for(connection: AsyncConnection, ci_ids: Iterable[int]) -> None:
    """Note that a second look was asked for of what one look has shown on these CIs."""
    for part in interning.chunks(ci_ids):
        its = select(_finding.id).where(_finding.ci_id.in_(part), _finding.closed_at.is_(None))
        await connection.execute(
            update(schema.finding_item).where(_item.once, _item.finding_id.in_(its)).values(looked_for=True)
        )


async def waive(connection: AsyncConnection, finding_id: int, until: int | None) -> None:
    await connection.execute(update(schema.finding).where(_finding.id == finding_id).values(waived_until=until))


async def end_waivers(connection: AsyncConnection, now: int) -> None:
    """Let no waiver hold any longer that has ended by `now` (ms)."""
    ended = update(schema.finding).where(_finding.waived_until <= now, _finding.closed_at.is_(None))
    await connection.execute(ended.values(waived_until=None))
