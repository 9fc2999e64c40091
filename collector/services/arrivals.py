"""Newcomers as arrival rules see them: where each was reached, and by whom; and the acceptance of those that fit.

An acceptance is an act of the rule, which is told with who made it, and registers as a person's word does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import identity
from collector.arrival import NOWHERE, Arrival, ArrivalRule, Sighting
from collector.classes import UNKNOWN
from collector.identity_policy import Policy
from collector.model import CI, Identifier, Subject
from collector.record import SECTION, is_said
from collector.security.audit import Actor, recorded
from collector.security.roles import administers
from collector.services.registration import Registrar
from collector.store import arrivals, cis, doubts, lanes, probes, suspects
from collector.store.arrival_rules import Kept
from collector.store.arrivals import Waiting, Word

BY_RULE: Final = "rule:"
"""What the name of a rule begins with where it acts; no account can be called so."""
OURS: Final = "presence"
"""The kind of source that is the collector itself."""
MOST: Final = 200
"""Newcomers that are listed, and accepted, at once."""
MOST_WEIGHED: Final = 2_000
MOST_WAITING: Final = 50_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A newcomer a rule is about. `addresses`: where it was reached; `why`: a word of `arrival.WHY_NOT`, or empty."""

    uid: str
    name: str
    ci_class: str
    ci_type: str
    addresses: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a rule would do to those that wait now: `fits` and `left` list the first of them, the counts are of all.

    `is_more`: so many wait that not all were looked at.
    """

    fits: tuple[Candidate, ...]
    left: tuple[Candidate, ...]
    fitting: int
    leaving: int
    is_more: bool = False


def is_entitled(kept: Kept) -> bool:
    """Return whether who made a rule may still register CIs of its class: a rule is that person's word."""
    return administers(kept.roles, kept.rule.ci_class)


async def fit(connection: AsyncConnection, rule: ArrivalRule, policy: Policy) -> Fit:
    """Return what a rule would do to the newcomers that wait now; nothing is written."""
    waiting = await arrivals.waiting(connection, {rule.ci_class, UNKNOWN}, 0, 0, MOST_WAITING)
    near = await meant(connection, waiting, [rule])
    weighed = await weigh(connection, near[:MOST_WEIGHED], policy)
    found = [_candidate(each, weighed[each.ci_id], rule) for each in near[:MOST_WEIGHED]]
    fits, left = [each for each in found if not each.why], [each for each in found if each.why]
    is_more = len(near) > MOST_WEIGHED or len(waiting) == MOST_WAITING
    return Fit(tuple(fits[:MOST]), tuple(left[:MOST]), len(fits), len(left), is_more)


async def meant(
    connection: AsyncConnection, waiting: Sequence[Waiting], rules: Collection[ArrivalRule]
) -> list[Waiting]:
    """Return those of the newcomers a rule may be about, whoever said so: all that costs little to tell."""
    said = await arrivals.speakers(connection, [each.ci_id for each in waiting])
    seen = _sightings(said, None)
    stand = ((each, _arrival(each, seen.get(each.ci_id, ()))) for each in waiting)
    return [each for each, arrival in stand if any(rule.is_about(arrival) for rule in rules)]


async def weigh(connection: AsyncConnection, waiting: Sequence[Waiting], policy: Policy) -> dict[int, Arrival]:
    """Return CI → the newcomer with all that speaks for and against it."""
    ci_ids = [each.ci_id for each in waiting]
    doubted = await doubts.doubtful(connection, ci_ids) | await arrivals.held_up(connection, ci_ids)
    zones = {each.agent_id: each.zones for each in await probes.everyone(connection)}
    seen = _sightings(await arrivals.standing(connection, ci_ids), zones)
    named = await _named(connection, waiting, policy)
    return {
        each.ci_id: _arrival(each, seen.get(each.ci_id, ()), each.ci_id in doubted, each.ci_id in named)
        for each in waiting
    }  # fmt: skip


async def accept(
    tx: AsyncConnection, registrar: Registrar, rule: ArrivalRule, ci_ids: Collection[int], at: int
) -> None:  # fmt: skip
    """Register those CIs in the name of a rule, with what it gives where nobody said anything."""
    found = await cis.by_ids(tx, ci_ids)
    facts = await lanes.standing(tx, ci_ids) if rule.gives else {}
    alike: dict[tuple[tuple[str, str], ...], list[CI]] = {}
    for ci in found.values():
        said = {path.key for path in facts.get(ci.id, {}) if path.section == SECTION}
        alike.setdefault(tuple((name, value) for name, value in rule.gives.items() if name not in said), []).append(ci)
    async with recorded(tx, Actor(BY_RULE + rule.number, f"version {rule.version} by {rule.made_by}"), at) as act:
        for gives, its in alike.items():
            await registrar.admit(act, its, dict(gives))


async def _named(connection: AsyncConnection, waiting: Iterable[Waiting], policy: Policy) -> set[int]:
    """Return those that show a strong identifier which is not in quarantine."""
    kinds = {each.ci_id: each for each in waiting}
    holders = await cis.of(connection, kinds)
    held = {identifier for each in holders for identifier in each.identifiers}
    barred = await suspects.among(connection, held)
    subjects = {each.ci_id: _subject(kinds[each.ci_id], each.identifiers - barred) for each in holders}
    return {ci_id for ci_id, each in subjects.items() if identity.has_strong(each, policy)}


def _subject(waiting: Waiting, identifiers: frozenset[Identifier]) -> Subject:
    return Subject("", waiting.ci_class, waiting.ci_type, waiting.name, identifiers, {})


def _sightings(said: Iterable[Word], zones: Mapping[int, Collection[str]] | None) -> dict[int, set[Sighting]]:
    """Return CI → where it was reached; `zones`: probe → those it is appointed for, None: believe everybody."""
    found: dict[int, set[Sighting]] = {}
    for each in said:
        if not is_said(each.code) and each.kind != OURS:
            found.setdefault(each.ci_id, set()).add(_sighting(each, zones))
    return found


def _sighting(word: Word, zones: Mapping[int, Collection[str]] | None) -> Sighting:
    """Return where a source of ours reached it: an agent calls from there, a probe of the zone looked there."""
    if word.is_own:
        return Sighting("", word.address)
    _, zone, address, *_ = (*word.code.split("/"), "", "")
    is_probe = zones is None or zone in zones.get(word.sender or 0, ())
    return Sighting(zone, address) if is_probe else NOWHERE


def _arrival(
    waiting: Waiting, sightings: Iterable[Sighting], is_doubted: bool = False, is_named: bool = True
) -> Arrival:  # fmt: skip
    return Arrival(
        waiting.ci_id, waiting.ci_class, waiting.ci_type, waiting.created_at, frozenset(sightings), is_doubted, is_named
    )  # fmt: skip


def _candidate(waiting: Waiting, arrival: Arrival, rule: ArrivalRule) -> Candidate:
    addresses = tuple(sorted({each.address for each in arrival.sightings if each.address}))
    # Narrowed by who speaks, weighed by whose word stands: of these it may turn out to be none.
    why = rule.why_not(arrival) if rule.is_about(arrival) else "elsewhere"
    return Candidate(waiting.uid, waiting.name, waiting.ci_class, waiting.ci_type, addresses, why)
