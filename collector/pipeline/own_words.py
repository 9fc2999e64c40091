"""What the collector itself says of a CI, of many looks or many words: written into the lanes as any source's is.

Nothing is written of what is always so. What came with a CI's arrival is written down, as authorised since then, when
it is first no longer so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Path, Step, Value
from collector.pipeline.recording import FIRST
from collector.store import lanes, sources
from collector.store.lanes import Authorising, Basis, FactStep, Ids, Origin


@dataclass(frozen=True, slots=True)
class OwnWord:
    """One value that moved, one a path. `since`: from when on the old one was so, were it never said before (ms)."""

    ci_id: int
    step: Step
    since: int | None = None


async def write(tx: AsyncConnection, source: str, words: Sequence[OwnWord], now: int) -> int:
    """Let the collector, as `source`, say these; return the number of that source."""
    await sources.ensure(tx, [source])
    source_id, ids = await sources.number(tx, source), Ids()
    values = (value for each in words for value in (each.step.old, each.step.new))
    await ids.learn(tx, (each.step.path for each in words), values)
    arrived = [each for each in words if each.since is not None]
    first = [(each, _first(each.step.path, each.step.old, each.since or 0)) for each in arrived]
    await _write(tx, [(Origin(each.ci_id, source_id, 0, step.hi), step) for each, step in first], ids)
    basis = Basis("arrival", "")
    its = [
        Authorising(Origin(each.ci_id, source_id, 0, step.hi), {step.path: step.new}, step.hi, basis)
        for each, step in first
    ]
    await lanes.write_authorised(tx, its, ids)
    await _write(tx, [(Origin(each.ci_id, source_id, 0, now), each.step) for each in words], ids)
    return source_id


def _first(path: Path, value: Value, at: int) -> Step:
    return Step(path, None, value, at, at, FIRST)


async def _write(tx: AsyncConnection, said: Iterable[tuple[Origin, Step]], ids: Ids) -> None:
    """Write steps into both lanes, those of one CI together: the lanes take no CI twice."""
    by_origin: dict[Origin, list[Step]] = {}
    for origin, step in said:
        by_origin.setdefault(origin, []).append(step)
    facts = [(origin, [_fact(step, origin.source_id) for step in steps]) for origin, steps in by_origin.items()]
    await lanes.write_facts(tx, facts, ids)
    await lanes.write_claims(tx, by_origin.items(), ids)


def _fact(step: Step, source_id: int) -> FactStep:
    return FactStep(step.path, step.new, source_id, "rank", step.hi, step.old is not None)
