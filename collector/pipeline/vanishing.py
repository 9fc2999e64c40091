"""Vanishing with its store: that a CI is gone, or there again, is said as a value and held against changes.

The value is `PRESENCE` in the lane of the source `presence`: the collector, of many looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.record import PRESENCE
from collector.model import Step
from collector.pipeline import Touched, own_words, weigh
from collector.pipeline.judged import Judged
from collector.pipeline.own_words import OwnWord
from collector.pipeline.policies import Policies
from collector.pipeline.recording import WORLD
from collector.record import PRODUCTION
from collector.store import cis, sections
from collector.store.presence import SOURCE
from collector.store.sections import SectionRow, SectionState
from wire.observation import Status
from wire.sections import canonical, digest


@dataclass(frozen=True, slots=True)
class Word:
    """A CI that went or came back: last known as before at `lo`, first seen otherwise at `hi` (ms)."""

    ci_id: int
    is_there: bool
    lo: int
    hi: int
    created_at: int

    @property
    def step(self) -> Step:
        old, new = (None, True) if self.is_there else (True, None)
        lo = max(self.lo, self.created_at)
        return Step(PRESENCE, old, new, lo, max(self.hi, lo + 1), WORLD)


async def say(tx: AsyncConnection, words: Sequence[Word], now: int, policies: Policies) -> None:
    """Write down what went and what came back, one word a CI, and hold it against changes."""
    if not words:
        return
    told = {
        ci_id for ci_id, name in await sections.told(tx, [each.ci_id for each in words]) if name == PRESENCE.section
    }
    its = [OwnWord(each.ci_id, each.step, None if each.ci_id in told else each.created_at) for each in words]
    source_id = await own_words.write(tx, SOURCE, its, now)
    await sections.save(tx, [_section(each, source_id, now) for each in words])
    await _weigh(tx, words, now, policies)


def _section(word: Word, source_id: int, now: int) -> SectionRow:
    body = canonical({PRESENCE.key: True} if word.is_there else {})
    state = SectionState(Status.OK if word.is_there else Status.EMPTY, digest(body), 1, now, now)
    return SectionRow(word.ci_id, source_id, PRESENCE.section, state, body)


async def _weigh(tx: AsyncConnection, words: Sequence[Word], now: int, policies: Policies) -> None:
    """Hold what moved against changes. A CI that is retired counts too: that it is back is what matters."""
    known = await cis.by_ids(tx, [each.ci_id for each in words])
    counting = [each for each in words if known[each.ci_id].environment == PRODUCTION]
    drifted = {each.ci_id: {PRESENCE: min(each.step.lo, each.step.hi - 1)} for each in counting}
    await weigh(tx, Touched(drifted=drifted), policies, now, Judged())
