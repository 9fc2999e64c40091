"""Reconcile: what each source says of one value → the value that wins, and why.

Order (made total): a source that is not stale before one that is, then rank, then the fresher
confirmation, then the source's name. Losing claims stay in their lanes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.model import Claim, Fact

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Precedence:
    """How far a kind of source is believed: a lower rank wins; after `takeover_ms` without a word others may."""

    rank: int
    takeover_ms: int


DEFAULT: Mapping[str, Precedence] = {
    "agent": Precedence(rank=10, takeover_ms=48 * HOUR_MS),  # twice the life of its certificate
}
_LAST = Precedence(rank=100, takeover_ms=48 * HOUR_MS)


def resolve(claims: Sequence[Claim], now: int, precedence: Mapping[str, Precedence] = DEFAULT) -> Fact | None:
    """Return the winning claim as a fact, or None when nobody claims anything.

    `why` is `takeover` when a better ranked source was passed over for its silence, else `rank`.
    """
    if not claims:
        return None
    ordered = sorted(claims, key=lambda claim: _order(claim, now, precedence))
    winner = ordered[0]
    best = min(_of(claim, precedence).rank for claim in claims)
    why = "rank" if _of(winner, precedence).rank == best else "takeover"
    return Fact(winner.path, winner.value, winner.source, why, winner.since)


def _of(claim: Claim, precedence: Mapping[str, Precedence]) -> Precedence:
    return precedence.get(claim.source.partition("/")[0], _LAST)


def _order(claim: Claim, now: int, precedence: Mapping[str, Precedence]) -> tuple[bool, int, int, str]:
    of = _of(claim, precedence)
    return (now - claim.confirmed_at > of.takeover_ms, of.rank, -claim.confirmed_at, claim.source)
