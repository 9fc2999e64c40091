"""Reconcile: which source wins, and why."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collector.model import Claim, Path
from collector.reconcile import HOUR_MS, Precedence, resolve

PATH = Path("os", "version")
RANKS = {
    "agent": Precedence(rank=10, takeover_ms=HOUR_MS),
    "snmp": Precedence(rank=50, takeover_ms=HOUR_MS),
}
NOW = 100 * HOUR_MS


def claim(source: str, value: str, confirmed_at: int = NOW) -> Claim:
    return Claim(PATH, source, value, since=0, confirmed_at=confirmed_at)


def test_nobody_claims_anything_so_there_is_no_fact() -> None:
    assert resolve([], NOW, RANKS) is None


def test_the_better_ranked_source_wins() -> None:
    fact = resolve([claim("snmp/x", "old"), claim("agent/a", "new")], NOW, RANKS)
    assert fact is not None
    assert (fact.value, fact.source, fact.why) == ("new", "agent/a", "rank")


def test_a_silent_winner_is_taken_over_and_the_reason_says_so() -> None:
    fact = resolve([claim("snmp/x", "seen"), claim("agent/a", "stale", NOW - 2 * HOUR_MS)], NOW, RANKS)
    assert fact is not None
    assert (fact.value, fact.why) == ("seen", "takeover")


def test_when_everyone_is_silent_rank_decides_again() -> None:
    old = NOW - 9 * HOUR_MS
    fact = resolve([claim("snmp/x", "a", old), claim("agent/a", "b", old)], NOW, RANKS)
    assert fact is not None
    assert (fact.value, fact.why) == ("b", "rank")


def test_between_equals_the_fresher_confirmation_wins() -> None:
    fact = resolve([claim("agent/a", "a", NOW - 5), claim("agent/b", "b", NOW)], NOW, RANKS)
    assert fact is not None
    assert fact.value == "b"


@given(st.permutations([claim("agent/a", "1"), claim("agent/b", "2"), claim("snmp/c", "3", NOW - 2 * HOUR_MS)]))
def test_the_order_of_claims_never_matters(claims: list[Claim]) -> None:
    fact = resolve(claims, NOW, RANKS)
    assert fact is not None
    assert fact.source == "agent/a"
