"""Relations with their store: that one of a CI began or ended is said as a value and held against changes.

The value is at `RELATIONS`, kind and the other CI's uid, in the lane of the source `relations`: the collector, of all
who say so. So another source that says the same moves nothing. What of it counts is in `rules/attributes.yaml`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.record import RELATIONS
from collector.model import CI, Govern, Path, Step, Value
from collector.pipeline import Touched, weigh
from collector.pipeline.judged import Judged
from collector.pipeline.own_words import OwnWord, write
from collector.pipeline.policies import Policies
from collector.pipeline.recording import REVISION, WORLD
from collector.relations import Tied
from collector.store import cis, relations, sections
from collector.store.cis import Standing
from collector.store.sections import SectionRow, SectionState
from wire.observation import Status
from wire.sections import canonical, digest

SOURCE: Final = "relations"
"""The code of the source that says whether a relation holds: the collector, of all who say so."""


async def say(tx: AsyncConnection, ties: Collection[Tied], now: int, policies: Policies) -> None:
    """Hold relations that began or ended, as the table of relations has it now, against changes of their first CI."""
    known = await cis.by_ids(tx, {end for each in ties for end in (each.a, each.b)})
    standing = await cis.standing(tx, {each.a for each in ties})
    counting = {
        (each.a, Path(RELATIONS, f"{each.kind}|{known[each.b].uid}")): each
        for each in ties
        if each.a in standing and each.b in known and _counts(each.kind, standing[each.a], policies)
    }
    held = await relations.held(tx, [each.tie for each in counting.values()])
    said = await relations.said_in_lanes(tx, counting, SOURCE)
    found = (
        _word(each, path, (each.tie in held, known), said.get((ci_id, path)))
        for (ci_id, path), each in counting.items()
    )
    if words := [each for each in found if each is not None]:
        source_id = await write(tx, SOURCE, words, now)
        await sections.save(tx, [_section(ci_id, source_id, now) for ci_id in sorted({each.ci_id for each in words})])
        drifted: dict[int, dict[Path, int]] = {}
        for each in words:
            drifted.setdefault(each.ci_id, {})[each.step.path] = min(each.step.lo, each.step.hi - 1)
        await weigh(tx, Touched(drifted=drifted), policies, now, Judged())


def _counts(kind: str, its: Standing, policies: Policies) -> bool:
    level = policies.governance.of(its.ci_class).policy(RELATIONS).of_row({"kind": kind})
    return its.is_governed and level is Govern.CONTROLLED


def _word(
    each: Tied, path: Path, stands: tuple[bool, Mapping[int, CI]], said: tuple[Value, int] | None
) -> OwnWord | None:
    """Return what the lane is to say; None where it says so, or was never asked and it is not the world that moved."""
    holds, known = stands
    value: Value = {"kind": each.kind, "to": known[each.b].name}
    created_at = known[each.a].created_at
    old = said[0] if said else value if each.was_held else None
    if (old is not None) is holds or not (said or each.is_world):
        return None
    hi = max(each.hi, (said[1] if said else created_at) + 1)
    lo = min(max(each.lo, created_at), hi)
    step = Step(path, old, value if holds else None, lo, hi, WORLD if each.is_world else REVISION)
    return OwnWord(each.a, step, None if said or old is None else created_at)


def _section(ci_id: int, source_id: int, now: int) -> SectionRow:
    body = canonical({})
    return SectionRow(ci_id, source_id, RELATIONS, SectionState(Status.OK, digest(body), 1, now, now), body)
