"""Reconcile with its store: which of several sources' words is the fact, when one of them moved and when time did.

What only one source speaks of costs nothing here: its word is the fact. Where several do, what they claim is resolved
by rank, mode, silence and locks (`collector.reconcile`), and what stands is moved only where another word wins.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import reconcile
from collector.model import Claim, Fact, Path, Step
from collector.precedence import Precedences, of
from collector.store import cis, contenders, contest, interning, locks, sections
from collector.store.contenders import Contender
from collector.store.contest import Place
from collector.store.lanes import FactStep, Origin
from collector.store.locks import Held


class Said(NamedTuple):
    """What one source's observation moved on one CI: the steps of its lane."""

    origin: Origin
    source: str
    steps: Sequence[Step]


Won = list[tuple[Origin, list[FactStep]]]
"""By origin: how facts move."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Everything known of the values of some CIs: claims, what stands, locks, classes; `ids`: source → id."""

    claims: Mapping[Place, Sequence[Claim]]
    held: Mapping[Place, Fact]
    locks: Mapping[Place, Held]
    classes: Mapping[int, str]
    ids: dict[str, int] = field(default_factory=dict)

    def step(self, place: Place, found: Fact | None, source_id: int, at: int) -> FactStep | None:
        """Return how the fact at `place` moves to `found` from `at` (ms) on; None: it does not.

        Observed times of several sources may cross: a fact never ends before it began.
        """
        held = self.held.get(place)
        if (found and (found.value, found.source)) == (held and (held.value, held.source)):
            return None
        at = at if held is None else max(at, held.since + 1)
        if found is None:
            return FactStep(place[1], None, source_id, "", at, held is not None)
        return FactStep(place[1], found.value, self.ids[found.source], found.why, at, held is not None)

    def lock(self, place: Place) -> reconcile.Lock | None:
        held = self.locks.get(place)
        return held.lock if held else None


async def win(tx: AsyncConnection, said: Sequence[Said], precedence: Precedences, paths: Mapping[Path, int]) -> Won:
    """Return how facts move by what was said, no CI twice in it; `paths`: interned ids. Notes who contends."""
    shared = await _shared(tx, said, precedence)
    contested = [each for each in said if each.origin.ci_id in shared]
    if not contested:
        return [(each.origin, _alone(each)) for each in said]
    known = await _contest(tx, [(each.origin.ci_id, step.path) for each in contested for step in each.steps], paths)
    rows = [row for each in contested for row in _contending(each, known, precedence)]
    await contenders.enter(tx, rows)
    return [
        (each.origin, _among(each, known, precedence) if each.origin.ci_id in shared else _alone(each))
        for each in said
    ]  # fmt: skip


async def settle(tx: AsyncConnection, places: Collection[Place], precedence: Precedences, now: int) -> Won:
    """Return how the facts at `places` move by time, rules or locks alone, at `now` (ms)."""
    paths = await interning.path_ids(tx, {path for _, path in places})
    known = await _contest(tx, places, paths)
    return settled(places, known, precedence, now)


def settled(places: Iterable[Place], known: Contest, precedence: Precedences, now: int) -> Won:
    """Return how the facts at `places` move at `now` (ms), nothing new having been said."""
    won: dict[int, list[FactStep]] = {}
    for place in places:
        order = precedence.order(place[1], known.classes[place[0]], now)
        held = known.held.get(place)
        found = reconcile.again(held, known.claims.get(place, ()), now, order, known.lock(place))
        source_id = known.ids[held.source] if held and held.source in known.ids else 0
        step = known.step(place, found, source_id, now)
        if step is not None:
            won.setdefault(place[0], []).append(step)
    return [(Origin(ci_id, 0, 0, now), steps) for ci_id, steps in sorted(won.items())]


async def _shared(tx: AsyncConnection, said: Sequence[Said], precedence: Precedences) -> set[int]:
    """Return the CIs of which more is to be known than what was said: of others' words, of locks, of who advises."""
    shared = await sections.shared(tx, {each.origin.ci_id: each.origin.source_id for each in said})
    advisers = precedence.advisers
    return shared | {each.origin.ci_id for each in said if advisers and _kind(each.source) in advisers}


async def _contest(tx: AsyncConnection, places: Collection[Place], paths: Mapping[Path, int]) -> Contest:
    return await known_of(tx, places, await contest.claims_at(tx, places, paths), paths)


async def known_of(
    tx: AsyncConnection, places: Collection[Place], claimed: tuple[Mapping[Place, Sequence[Claim]], dict[str, int]],
    paths: Mapping[Path, int],
) -> Contest:  # fmt: skip
    """Return the contest over `places`, of which the claims are known."""
    ci_ids = {ci_id for ci_id, _ in places}
    standing = await locks.on(tx, ci_ids)
    classes = {ci_id: ci.ci_class for ci_id, ci in (await cis.by_ids(tx, ci_ids)).items()}
    claims, ids = claimed
    ids = ids | {each.lock.holder: each.source_id for each in standing.values()}
    return Contest(claims, await contest.held(tx, places, paths), standing, classes, ids)


def _alone(said: Said) -> list[FactStep]:
    source_id = said.origin.source_id
    return [
        FactStep(step.path, step.new, source_id, reconcile.RANK, step.hi, step.old is not None) for step in said.steps
    ]


def _among(said: Said, known: Contest, precedence: Precedences) -> list[FactStep]:
    known.ids[said.source] = said.origin.source_id
    moved = []
    for step in said.steps:
        place = said.origin.ci_id, step.path
        order = precedence.order(step.path, known.classes[place[0]], step.hi)
        found = reconcile.resolve(_after(said, step, known), step.hi, order, known.lock(place))
        moved.append(known.step(place, found, said.origin.source_id, step.hi))
    return [each for each in moved if each is not None]


def _after(said: Said, step: Step, known: Contest) -> list[Claim]:
    """Return what every source claims once `step` is taken."""
    others = [each for each in known.claims.get((said.origin.ci_id, step.path), ()) if each.source != said.source]
    return others if step.new is None else [*others, Claim(step.path, said.source, step.new, step.hi, step.hi)]


def _contending(said: Said, known: Contest, precedence: Precedences) -> Iterable[Contender]:
    """Return who has a say where this source's word is not the only one."""
    heard: dict[tuple[str, str], int] = {}
    for step in said.steps:
        claims = _after(said, step, known)
        if contend(claims, precedence):
            heard |= {(step.path.section, each.source): each.confirmed_at for each in claims}
    for (section, source), at in heard.items():
        source_id = said.origin.source_id if source == said.source else known.ids[source]
        yield contender(said.origin.ci_id, section, source, source_id, at, at, precedence)


def contend(claims: Collection[Claim], precedence: Precedences) -> bool:
    """Return whether time or a rule alone may move what stands among `claims`."""
    return len(claims) > 1 or any(_kind(each.source) in precedence.advisers for each in claims)


def contender(  # noqa: PLR0913  a row has as many columns as it has
    ci_id: int, section: str, source: str, source_id: int, heard_at: int, now: int, precedence: Precedences
) -> Contender:
    """Return the row of a source that was last heard at `heard_at`, as it stands at `now` (ms)."""
    silent = reconcile.silent_from(heard_at, of(source, precedence.sources))
    is_silent = silent is not None and silent <= now
    turns = [at for at in (None if is_silent else silent, precedence.next_turn(now)) if at is not None]
    return Contender(ci_id, section, source_id, min(turns, default=None), heard_at if is_silent else None)


def _kind(source: str) -> str:
    return source.partition("/")[0]
