"""Reconcile: what each source says of one value → the value that wins, and why.

A locked value stands whatever is said. Else those count who are authoritative about the value, and where none of them
says anything those who only fill; whoever advises never does.

Order (made total) among those who look: a source that is not silent before one that is, then rank, then the fresher
confirmation, then the source's name. Among those whose word lasts, people and lists: rank, then the later word, then
the name. Between the two rank alone decides, so that silence hands a value that is looked at to nobody who does not
look. Losing claims stay in their lanes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from collector.model import Claim, Fact, Path, Value
from collector.precedence import Mode, Order, Precedence, of

RANK, TAKEOVER, RULE, LOCK = "rank", "takeover", "rule", "lock"
"""Why a fact stands."""
ADVISORY, FILLS, SILENT, RANKED = "advisory", "fills", "silent", "rank"
LASTS, EARLIER, NAME = "lasts", "earlier", "name"
"""Why a claim lost."""
TIES: Final = frozenset({EARLIER, NAME})
"""What decides between equals."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A value somebody (`holder`, a source) holds in its place until `expires_at` (ms), since when, and why."""

    path: Path
    value: Value
    holder: str
    since: int
    expires_at: int
    reason: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A claim as it counts: how far its source is believed, whether its word is old, and why it lost (empty: it won).

    `is_stale`: older than the source's ttl. `is_silent`: so old that others may take over.
    """

    claim: Claim
    of: Precedence
    is_stale: bool
    is_silent: bool
    lost: str


def resolve(claims: Sequence[Claim], now: int, order: Order, lock: Lock | None = None) -> Fact | None:
    """Return the winning claim as a fact, or None when nobody whose word counts claims anything.

    `order`: who is believed how far about this value. `why` is `lock` while one stands, `takeover` when a better ranked
    source was passed over for its silence, else `rank`.
    """
    if lock is not None and lock.expires_at > now:
        return Fact(lock.path, lock.value, lock.holder, LOCK, lock.since)
    counting = _counting(claims, order)
    if not counting:
        return None
    winner = _winner(counting, now, order)
    best = min(of(claim.source, order).rank for claim in counting)
    why = RANK if of(winner.source, order).rank == best else TAKEOVER
    return Fact(winner.path, winner.value, winner.source, why, winner.since)


def again(held: Fact | None, claims: Sequence[Claim], now: int, order: Order, lock: Lock | None = None) -> Fact | None:
    """Return what stands when nobody has said anything new: `held` itself, unless time or the rules have moved it.

    Between equals the one that stands goes on: sources that confirm the same in turn are no news.
    """
    found = resolve(claims, now, order, lock)
    if found is None or held is None or found.why == LOCK or held.why == LOCK:
        return held if _same(held, found) else found
    lost = {each.claim.source: each.lost for each in weighed(claims, now, order) if each.claim.value == held.value}
    how = lost.get(held.source)
    if how == "" or how in TIES:
        return held
    if found.why == RANK and how == SILENT:
        return replace(found, why=TAKEOVER)
    return replace(found, why=RULE) if found.why == RANK and how is not None and held.why in (RANK, RULE) else found


def weighed(claims: Sequence[Claim], now: int, order: Order) -> tuple[Weighed, ...]:
    """Return every claim as it counts, the winner first, the others as they came."""
    counting = _counting(claims, order)
    winner = _winner(counting, now, order) if counting else None
    found = [_weighed(claim, winner, now, order) for claim in claims]
    return tuple(sorted(found, key=lambda each: bool(each.lost)))


def silent_from(confirmed_at: int, its: Precedence) -> int | None:
    """Return when (ms) a source that spoke last at `confirmed_at` is passed over; None: never."""
    return None if its.takeover_ms is None else confirmed_at + its.takeover_ms + 1


def _same(one: Fact | None, other: Fact | None) -> bool:
    return (one and (one.value, one.source)) == (other and (other.value, other.source))


def _counting(claims: Sequence[Claim], order: Order) -> Sequence[Claim]:
    for mode in (Mode.AUTHORITATIVE, Mode.FILL):
        if found := [claim for claim in claims if of(claim.source, order).mode is mode]:
            return found
    return ()


def _winner(counting: Sequence[Claim], now: int, order: Order) -> Claim:
    looking = [claim for claim in counting if of(claim.source, order).takeover_ms is not None]
    lasting = [claim for claim in counting if of(claim.source, order).takeover_ms is None]
    ends = [
        *sorted(looking, key=lambda claim: _freshness(claim, now, of(claim.source, order)))[:1],
        *sorted(lasting, key=lambda claim: (of(claim.source, order).rank, -claim.since, claim.source))[:1],
    ]
    return min(ends, key=lambda claim: of(claim.source, order).rank)  # an equal rank goes to who looks


def _is_silent(claim: Claim, now: int, its: Precedence) -> bool:
    at = silent_from(claim.confirmed_at, its)
    return at is not None and now >= at


def _freshness(claim: Claim, now: int, its: Precedence) -> tuple[bool, int, int, str]:
    return _is_silent(claim, now, its), its.rank, -claim.confirmed_at, claim.source


def _weighed(claim: Claim, winner: Claim | None, now: int, order: Order) -> Weighed:
    its = of(claim.source, order)
    is_stale = its.ttl_ms is not None and now - claim.confirmed_at > its.ttl_ms
    lost = "" if claim is winner else _lost(claim, winner, now, order)
    return Weighed(claim, its, is_stale, _is_silent(claim, now, its), lost)


def _lost(claim: Claim, winner: Claim | None, now: int, order: Order) -> str:
    its = of(claim.source, order)
    if winner is None or its.mode is Mode.ADVISORY:
        return ADVISORY
    best = of(winner.source, order)
    if its.mode is not best.mode:
        return FILLS
    if _is_silent(claim, now, its) and not _is_silent(winner, now, best) and its.rank <= best.rank:
        return SILENT
    if its.rank != best.rank:
        return RANKED
    if (its.takeover_ms is None) is not (best.takeover_ms is None):
        return LASTS
    return NAME if _age(claim, its) == _age(winner, best) else EARLIER


def _age(claim: Claim, its: Precedence) -> int:
    """Return by which time a word is weighed among equals: when it was confirmed, or when it was said if it lasts."""
    return claim.since if its.takeover_ms is None else claim.confirmed_at
