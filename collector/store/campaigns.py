"""Campaigns: what moved alike on many CIs, and which findings are told with it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, bindparam, case, func, literal_column, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.batching import BY_RESULT, CAMPAIGN_MS
from collector.change.filing import GRAVEST_FIRST
from collector.model import Campaign, Path, Verdict
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import campaign, finding, finding_item, path, val

MOST: Final = 50_000
"""Sights that are read of what one finding shares with others; whoever is left out is looked at in its own turn."""
_mine, _its = finding_item.alias("mine"), finding_item.alias("its")


def _is(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a value's id as it is compared and indexed: absent is a value, too."""
    return func.coalesce(column, literal_column("0"))


_BY_RESULT = path.c.section.in_(sorted(BY_RESULT))
_ALIKE = (
    _mine.c.path_id == _its.c.path_id, _mine.c.field == _its.c.field,
    _is(_mine.c.new_val_id) == _is(_its.c.new_val_id),
    _BY_RESULT | (_is(_mine.c.old_val_id) == _is(_its.c.old_val_id)),
    _its.c.hi.between(_mine.c.hi - CAMPAIGN_MS, _mine.c.hi + CAMPAIGN_MS), _mine.c.finding_id == bindparam("one"),
    *(each.c.closed_at.is_(None) for each in (_mine, _its, finding)),
    *(each.c.verdict != str(Verdict.IN_PROGRESS) for each in (_mine, _its)),
)  # fmt: skip
_JOINED = (
    _mine.join(path, path.c.id == _mine.c.path_id)
    .join(_its, _mine.c.path_id == _its.c.path_id)
    .join(finding, finding.c.id == _its.c.finding_id)
)
_KNOWN = select(finding.c.campaign_id).select_from(_JOINED).where(*_ALIKE, finding.c.campaign_id.is_not(None)).limit(1)
_SIGHTS = (
    select(
        _its.c.path_id, _its.c.field, case((_BY_RESULT, null()), else_=_its.c.old_val_id), _its.c.new_val_id,
        _its.c.hi, finding.c.ci_id, finding.c.id, _its.c.old_val_id,
    )
    .select_from(_JOINED).where(*_ALIKE, finding.c.campaign_id.is_(None)).limit(MOST)
)  # fmt: skip
_old, _new = val.alias("old"), val.alias("new")
_TOLD = (
    select(
        campaign.c.id, path.c.section, path.c.key, campaign.c.field, campaign.c.several,
        _old.c.text.label("o"), _new.c.text.label("n"),
    )
    .join(path, path.c.id == campaign.c.path_id)
    .outerjoin(_old, _old.c.id == campaign.c.old_val_id)
    .outerjoin(_new, _new.c.id == campaign.c.new_val_id)
    .where(campaign.c.id.in_(bindparam("numbers", expanding=True)))
)  # fmt: skip


_DIFFERS = (
    select(1).where(
        _its.c.finding_id.in_(bindparam("part", expanding=True)), _its.c.closed_at.is_(None),
        _its.c.path_id == campaign.c.path_id, _its.c.field == campaign.c.field,
        _is(_its.c.new_val_id) == _is(campaign.c.new_val_id), _is(_its.c.old_val_id) != _is(campaign.c.old_val_id),
        path.c.id == campaign.c.path_id, _BY_RESULT,
    ).correlate(campaign).exists()
)  # fmt: skip
_SEVERAL = update(campaign).where(campaign.c.id == bindparam("number"), campaign.c.several.is_(False), _DIFFERS)


class Delta(NamedTuple):
    """What moved from what to what, by the ids of path and values; of a package: to what, and `old_val_id` is None."""

    path_id: int
    field: str
    old_val_id: int | None
    new_val_id: int | None


@dataclass(frozen=True, slots=True)
class Sight:
    """One CI on which a delta was first seen at `hi` (ms), the finding that says so, and what was there before."""

    hi: int
    ci_id: int
    finding_id: int
    old_val_id: int | None


async def known(connection: AsyncConnection, finding_id: int) -> int:
    """Return a campaign with whose findings this one shares within a day what moved; 0: there is none."""
    return (await connection.execute(_KNOWN, {"one": finding_id})).scalar() or 0


async def alike(connection: AsyncConnection, finding_id: int) -> Mapping[Delta, Sequence[Sight]]:
    """Return what moved in this finding → where it was seen within a day, in open findings of no campaign."""
    found: dict[Delta, list[Sight]] = {}
    for row in await connection.execute(_SIGHTS, {"one": finding_id}):
        found.setdefault(Delta(*row[:4]), []).append(Sight(*row[4:]))
    return found


async def begin(connection: AsyncConnection, delta: Delta, old_val_id: int | None, now: int) -> int:
    """Return the number of a new campaign, named by what moved; `old_val_id`: from what on the first of its CIs."""
    named = delta._replace(old_val_id=old_val_id)._asdict()
    fresh = insert(connection, campaign).values(**named, opened_at=now).returning(campaign.c.id)
    return int((await connection.execute(fresh)).scalar_one())


async def join(connection: AsyncConnection, number: int, finding_ids: Collection[int]) -> None:
    """Let these findings be told with the campaign, which knows whether all moved from the same.

    One that is told with another campaign stays there.
    """
    for part in interning.chunks(sorted(finding_ids)):
        ours = update(finding).where(finding.c.id.in_(part), finding.c.campaign_id.is_(None))
        await connection.execute(ours.values(campaign_id=number))
        await connection.execute(_SEVERAL.values(several=True), {"number": number, "part": part})


async def told(connection: AsyncConnection, numbers: Collection[int]) -> list[Campaign]:
    """Return how these campaigns stand: those with a finding that somebody still has to answer."""
    stand = await _standing(connection, numbers)
    found = []
    for part in interning.chunks(sorted(numbers)):
        for row in await connection.execute(_TOLD, {"numbers": part}):
            if row.id in stand:
                old, new = (None if text is None else json.loads(text) for text in (row.o, row.n))
                named = row.id, Path(row.section, row.key), row.field, old, new
                found.append(Campaign(*named, **stand[row.id], several=row.several))
    return found


async def _standing(connection: AsyncConnection, numbers: Collection[int]) -> dict[int, dict[str, Any]]:
    its = finding.c
    counted = select(
        its.campaign_id, func.count(its.ci_id.distinct()).label("cis"), func.min(its.id).label("first"),
        func.min(its.opened_at).label("since"), func.min(its.lo).label("lo"), func.max(its.hi).label("hi"),
        func.min(its.due_at).label("due_at"),
    )  # fmt: skip
    verdicts = select(its.campaign_id, its.verdict).distinct()
    found: dict[int, dict[str, Any]] = {}
    held: dict[int, set[Verdict]] = {}
    for part in interning.chunks(sorted(numbers)):
        waits = its.campaign_id.in_(part), its.closed_at.is_(None), its.waived_until.is_(None)
        for row in await connection.execute(counted.where(*waits).group_by(its.campaign_id)):
            found[row.campaign_id] = {key: value for key, value in row._mapping.items() if key != "campaign_id"}
        for row in await connection.execute(verdicts.where(*waits)):
            held.setdefault(row.campaign_id, set()).add(Verdict(row.verdict))
    return {key: {**each, "verdict": min(held[key], key=GRAVEST_FIRST.index)} for key, each in found.items()}
