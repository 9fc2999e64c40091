"""Reconcile: which source wins, and why."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from collector.model import Claim, Path
from collector.precedence import HOUR_MS, Mode, Precedence
from collector.reconcile import Lock, again, resolve, weighed

PATH = Path("os", "version")
RANKS = {
    "agent": Precedence(rank=10, takeover_ms=HOUR_MS),
    "snmp": Precedence(rank=50, takeover_ms=HOUR_MS),
    "hand": Precedence(rank=70),
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


def said(source: str, value: str, since: int) -> Claim:
    return Claim(PATH, source, value, since=since, confirmed_at=since)


def test_what_people_say_never_goes_stale_and_the_later_word_counts() -> None:
    fact = resolve([said("hand/ada", "old", 1), said("hand/bob", "new", 2)], NOW, RANKS)
    assert fact is not None
    assert (fact.value, fact.source, fact.why) == ("new", "hand/bob", "rank")


def test_silence_hands_what_is_observed_to_nobody_who_does_not_look() -> None:
    silent = claim("agent/a", "seen", NOW - 900 * HOUR_MS)
    fact = resolve([silent, said("hand/ada", "typed", NOW)], NOW, RANKS)
    assert fact is not None
    assert (fact.value, fact.why) == ("seen", "rank")


def test_where_people_rank_before_who_looks_their_word_wins_over_the_freshest() -> None:
    first = {**RANKS, "hand": Precedence(rank=1)}
    fact = resolve([claim("agent/a", "seen"), said("hand/ada", "typed", 1)], NOW, first)
    assert fact is not None
    assert (fact.value, fact.source) == ("typed", "hand/ada")


def by(mode: Mode, rank: int = 10) -> Precedence:
    return Precedence(rank, HOUR_MS, HOUR_MS, mode)


def test_who_only_fills_counts_where_nobody_authoritative_says_anything() -> None:
    order = {"agent": by(Mode.AUTHORITATIVE, 90), "snmp": by(Mode.FILL, 1)}
    filled = resolve([claim("snmp/x", "filled")], NOW, order)
    assert filled is not None
    assert (filled.value, filled.why) == ("filled", "rank")
    silent = claim("agent/a", "seen", NOW - 9 * HOUR_MS)
    fact = resolve([claim("snmp/x", "filled"), silent], NOW, order)
    assert fact is not None
    assert (fact.value, fact.why) == ("seen", "rank"), "what somebody once saw is not empty, however long ago"


def test_who_advises_is_shown_and_never_believed() -> None:
    order = {"agent": by(Mode.ADVISORY)}
    assert resolve([claim("agent/a", "x")], NOW, order) is None
    (shown,) = weighed([claim("agent/a", "x")], NOW, order)
    assert shown.lost == "advisory"


def test_a_lock_stands_until_its_end_whatever_is_said() -> None:
    lock = Lock(PATH, "held", "hand/ada", 5, NOW + 1)
    fact = resolve([claim("agent/a", "said")], NOW, RANKS, lock)
    assert fact is not None
    assert (fact.value, fact.source, fact.why, fact.since) == ("held", "hand/ada", "lock", 5)
    assert resolve([], NOW, RANKS, lock) == fact, "it stands where nobody says anything any more"
    after = resolve([claim("agent/a", "said")], NOW + 1, RANKS, lock)
    assert after is not None
    assert after.value == "said"


def test_a_word_is_stale_before_it_is_passed_over() -> None:
    order = {"agent": Precedence(10, 2 * HOUR_MS, HOUR_MS)}
    ages = (HOUR_MS, HOUR_MS + 1, 2 * HOUR_MS, 2 * HOUR_MS + 1)
    found = [weighed([claim("agent/a", "x", NOW - age)], NOW, order)[0] for age in ages]
    assert [(each.is_stale, each.is_silent) for each in found] == [
        (False, False), (True, False), (True, False), (True, True),
    ]  # fmt: skip


def test_between_equals_the_one_that_stands_goes_on_until_it_is_silent() -> None:
    a, b = claim("agent/a", "a", NOW - 5), claim("agent/b", "b", NOW)
    held = resolve([a], NOW - 5, RANKS)
    assert again(held, [a, b], NOW, RANKS) is held
    found = again(held, [replace(a, confirmed_at=NOW - 2 * HOUR_MS), b], NOW, RANKS)
    assert found is not None
    assert (found.value, found.why) == ("b", "takeover")


def test_where_only_the_rules_have_moved_the_reason_is_the_rule() -> None:
    claims = [claim("agent/a", "a"), claim("snmp/x", "x")]
    held = resolve(claims, NOW, RANKS)
    found = again(held, claims, NOW, {**RANKS, "snmp": Precedence(1, HOUR_MS)})
    assert found is not None
    assert (found.value, found.why) == ("x", "rule")


def test_a_winner_that_returns_resumes_by_its_rank() -> None:
    agent, snmp = claim("agent/a", "a", NOW - 2 * HOUR_MS), claim("snmp/x", "x")
    held = again(resolve([agent], NOW - 2 * HOUR_MS, RANKS), [agent, snmp], NOW, RANKS)
    assert held is not None
    assert (held.value, held.why) == ("x", "takeover")
    found = again(held, [replace(agent, confirmed_at=NOW), snmp], NOW, RANKS)
    assert found is not None
    assert (found.value, found.why) == ("a", "rank")
