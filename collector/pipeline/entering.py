"""Entering with its store: what people and lists say of CIs → claims, facts, drift; the same way as what is observed.

A person's word replaces what any other person said of that field: those words are taken back in their own lanes. Only
what is the first word on a section, or moves what counts, can drift; a list that loses to a person moves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Observation, Reading, Step, Subject, Value
from collector.pipeline import Touched, judging, recording, weigh
from collector.pipeline.identifying import HOST, Placed
from collector.pipeline.judged import Judged
from collector.pipeline.policies import Policies
from collector.pipeline.recording import FIRST, WORLD, Draft, Drafts
from collector.record import HAND, PRODUCTION, SECTION, Word
from collector.store import cis, interning, sections, sources
from collector.store.sources import SourceState
from wire.observation import Status
from wire.sections import canonical, digest

CORRECTION = "correction"
"""The cause of steps that are nobody's change: a word taken back because another one replaced it, or that loses."""
AT_ONCE = 500


async def enter(tx: AsyncConnection, source: str, words: Sequence[Word], now: int, policies: Policies) -> None:
    """Let `source` say `words`, one a CI at most, inside the transaction `tx`; and run the rules on what moved."""
    await sources.ensure(tx, [source])
    state = (await sources.load(tx, [source]))[source]
    touched = Touched()
    transferred: set[int] = set()
    for part in interning.chunks(words, AT_ONCE):
        entering = _Entering(tx, state, policies, now)
        for draft in await entering.write(part):
            touched.add(draft)
        transferred |= entering.transferred
    await weigh(tx, touched, policies, now, Judged())
    if transferred:
        await judging.judge_whole(tx, transferred, now, policies)


class _Entering:
    """Some words of one source, on their way into the lanes. `transferred`: CIs that came to another environment."""

    def __init__(self, tx: AsyncConnection, state: SourceState, policies: Policies, now: int) -> None:
        self._tx, self._state, self._now = tx, state, now
        self._is_hand = state.code.startswith(f"{HAND}/")
        self._drafts = Drafts(policies.governance, policies.precedence)
        self._known: set[tuple[int, str]] = set()
        self._people: dict[int, list[SourceState]] = {}
        self.transferred: set[int] = set()

    async def write(self, words: Sequence[Word]) -> list[Draft]:
        """Write `words` and what follows from them; return what was written."""
        await self._fetch(words)
        for word in words:
            await self._say(word)
        counting = {word.ci_id: self._counting(word) for word in words}
        written = await recording.write(self._tx, self._drafts)
        self.transferred = await self._transferred(counting)
        await cis.call(self._tx, counting, cis.When.said(self._now))
        return written

    async def _transferred(self, counting: Mapping[int, Mapping[str, str | None]]) -> set[int]:
        said = {ci_id: its["environment"] for ci_id, its in counting.items() if "environment" in its}
        stand = await cis.by_ids(self._tx, said) if said else {}
        return {ci_id for ci_id, ci in stand.items() if ci.environment != said[ci_id]}

    async def _fetch(self, words: Sequence[Word]) -> None:
        """Read what this source said before of these CIs, and what other people said of their records."""
        ci_ids = [word.ci_id for word in words]
        self._known = await sections.told(self._tx, ci_ids)
        codes = await sections.speakers(self._tx, ci_ids, SECTION, HAND)
        states = await sources.load(
            self._tx, {code for its in codes.values() for code in its if code != self._state.code}
        )
        self._people = {ci_id: [states[code] for code in its if code in states] for ci_id, its in codes.items()}
        own = [(word.ci_id, self._state.id, name) for word in words for name in word.values]
        others = [(ci_id, each.id, SECTION) for ci_id, its in self._people.items() for each in its]
        await self._drafts.fetch(self._tx, [*own, *others])

    def _body(self, ci_id: int, state: SourceState, section: str) -> dict[str, Value]:
        kept = self._drafts.body((ci_id, state.id, section))
        body: dict[str, Value] = json.loads(kept) if kept else {}
        return body

    async def _say(self, word: Word) -> None:
        people = self._people.get(word.ci_id, [])
        moment = max(self._now, *(each.last_moment + 1 for each in (self._state, *people)))
        held = self._held(word.ci_id)
        bodies = {name: self._merged(word.ci_id, name, values) for name, values in word.values.items()}
        draft = await self._record(word.ci_id, self._state, bodies, moment)
        draft.steps = [self._caused(word.ci_id, step, held) for step in draft.steps]
        for each in people if self._is_hand else ():
            await self._take_back(word.ci_id, each, word.values.get(SECTION, {}), moment)

    def _merged(self, ci_id: int, section: str, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return a body of this source with what it says now."""
        body = {**self._body(ci_id, self._state, section), **values}
        return {name: value for name, value in body.items() if value is not None}

    def _held(self, ci_id: int) -> set[str]:
        """Return the fields of a record in which what this source says loses to a person."""
        people = () if self._is_hand else self._people.get(ci_id, ())
        return {name for each in people for name in self._body(ci_id, each, SECTION)}

    async def _take_back(self, ci_id: int, person: SourceState, fields: Collection[str], moment: int) -> None:
        body = self._body(ci_id, person, SECTION)
        rest = {name: value for name, value in body.items() if name not in fields}
        if rest != body:
            draft = await self._record(ci_id, person, {SECTION: rest}, moment)
            draft.steps = [replace(step, cause=CORRECTION) for step in draft.steps]

    async def _record(
        self, ci_id: int, state: SourceState, bodies: Mapping[str, dict[str, Value]], moment: int
    ) -> Draft:
        readings = {name: _reading(name, body) for name, body in bodies.items()}
        subject = Subject(HOST, "", "", "", frozenset(), readings)
        seen = Observation(0, state.code, 0, moment, self._now, b"", readings)
        return await recording.record(self._tx, Placed(subject, ci_id), seen, state, self._drafts, moment)

    def _caused(self, ci_id: int, step: Step, held: Collection[str]) -> Step:
        """Return a step with its cause: the first word on a section, a move of what counts, or neither."""
        if (ci_id, step.path.section) not in self._known:
            return replace(step, cause=FIRST)
        counts = step.path.section == SECTION and step.path.key not in held
        return replace(step, cause=WORLD if counts else CORRECTION)

    def _counting(self, word: Word) -> dict[str, str | None]:
        """Return what the CI itself goes by from now on; a name that is taken back stays until seen."""
        said, held = word.values.get(SECTION, {}), self._held(word.ci_id)
        its = {name: said[name] for name in ("name", "label", "environment") if name in said and name not in held}
        if "environment" in its:
            its["environment"] = its["environment"] or PRODUCTION
        return {name: value for name, value in its.items() if value is not None or name == "label"}


def _reading(name: str, body: dict[str, Value]) -> Reading:
    return Reading(name, Status.OK, hash=digest(canonical(body)), body=body)
