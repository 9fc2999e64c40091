"""Withdrawing with its store: what sources said of a CI they do not speak of is ended in their lanes, as a correction.

It is nobody's change and never drift: who said it was taken for something else.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Observation, Reading, Subject
from collector.pipeline import Touched, recording, weigh
from collector.pipeline.entering import CORRECTION
from collector.pipeline.identifying import HOST, Placed
from collector.pipeline.judged import Judged
from collector.pipeline.policies import Policies
from collector.pipeline.recording import Drafts
from collector.store import merges, sources
from collector.store.sources import SourceState
from wire.observation import Status
from wire.sections import shape_of


async def withdraw(
    tx: AsyncConnection, ci_id: int, source_ids: Collection[int], now: int, policies: Policies
) -> None:  # fmt: skip
    """Take back what those sources say of `ci_id`, and run the rules on what moved by it."""
    touched = Touched()
    for state in (await sources.load(tx, await sources.codes(tx, source_ids))).values():
        drafts = Drafts(policies.governance, policies.precedence)
        names = [name for its, name in state.sections if its == ci_id]
        await drafts.fetch(tx, [(ci_id, state.id, name) for name in names])
        await _end(tx, ci_id, state, names, drafts, now)
        for draft in await recording.write(tx, drafts):
            touched.add(draft)
    await merges.forget_sections(tx, ci_id, source_ids)
    await weigh(tx, touched, policies, now, Judged())


async def _end(
    tx: AsyncConnection, ci_id: int, state: SourceState, names: Collection[str], drafts: Drafts, now: int
) -> None:  # fmt: skip
    moment = max(now, state.last_moment + 1)
    readings = {name: _nothing(name) for name in names}
    subject = Subject(HOST, "", "", "", frozenset(), readings)
    seen = Observation(0, state.code, 0, moment, now, b"", readings)
    draft = await recording.record(tx, Placed(subject, ci_id), seen, state, drafts, moment)
    draft.steps = [replace(step, cause=CORRECTION) for step in draft.steps]


def _nothing(name: str) -> Reading:
    return Reading(name, Status.EMPTY, body={} if shape_of(name).is_record else [])
