"""Reconcile held against a restatement of its specification that is as slow and as plain as can be."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.classes import CLASSES
from collector.model import Claim, Path
from collector.precedence import UNLISTED, Mode, Precedence, Precedences, RankRule
from collector.reconcile import Lock, again, resolve, weighed

KINDS = ("agent", "snmp", "ssh", "hand", "import", "other")
PATHS = (Path("os", "name"), Path("os", "version"), Path("hardware", "serial"))
NOW = 1_000


@dataclass(frozen=True)
class Case:
    """Claims of one value of a CI of a class, the table, and when it is asked (ms)."""

    claims: tuple[Claim, ...]
    table: Precedences
    ci_class: str
    now: int
    lock: Lock | None


def sources() -> st.SearchStrategy[dict[str, Precedence]]:
    looking = st.builds(
        lambda rank, ttl, more, mode: Precedence(rank, ttl + more, ttl, mode),
        st.integers(1, 4), st.integers(1, 300), st.integers(0, 300), st.sampled_from(Mode),
    )  # fmt: skip
    lasting = st.builds(lambda rank, mode: Precedence(rank, mode=mode), st.integers(1, 4), st.sampled_from(Mode))
    told = {"agent": looking, "snmp": looking, "ssh": looking, "hand": lasting, "import": lasting}
    return st.fixed_dictionaries(told)


def rules() -> st.SearchStrategy[tuple[RankRule, ...]]:
    named = st.sampled_from(KINDS[:-1])
    one = st.builds(
        lambda path, scope, classes, ranks, modes, starts, length: RankRule(
            path.section if scope else "", frozenset({path.key} if scope == 2 else ()), frozenset(classes), ranks,
            modes, starts, starts + length,
        ),
        st.sampled_from(PATHS), st.integers(0, 2), st.sets(st.sampled_from(CLASSES[:2]), max_size=2),
        st.dictionaries(named, st.integers(1, 4), max_size=3),
        st.dictionaries(named, st.sampled_from(Mode), max_size=2), st.integers(0, NOW), st.integers(1, NOW),
    )  # fmt: skip
    return st.lists(one, max_size=5).map(_apart)


def _apart(drawn: list[RankRule]) -> tuple[RankRule, ...]:
    """Return those rules that a table may hold together."""
    kept: list[RankRule] = []
    for rule in drawn:
        if not any(rule.clashes(other) for other in kept):
            kept.append(rule)
    return tuple(kept)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    path, now = draw(st.sampled_from(PATHS)), draw(st.integers(0, NOW))
    codes = draw(st.sets(st.builds("{}/{}".format, st.sampled_from(KINDS), st.sampled_from("ab")), max_size=7))
    claims = []
    for code in draw(st.permutations(sorted(codes))):
        since = draw(st.integers(0, now))
        seen = since if code.startswith(("hand", "import")) else draw(st.integers(since, now))
        claims.append(Claim(path, code, draw(st.sampled_from("xyz")), since, seen))
    lock = draw(st.none() | st.builds(lambda until: Lock(path, "l", "hand/ada", 0, until), st.integers(0, NOW)))
    table = Precedences(draw(sources()), draw(rules()))
    return Case(tuple(claims), table, draw(st.sampled_from(CLASSES[:2])), now, lock)


# --- the restatement


def believed(case: Case, claim: Claim) -> Precedence:
    """The attribute-specific rule beats the class-wide one, the rule on the class beats what is inherited."""
    kind = claim.source.split("/")[0]
    if kind not in case.table.sources:
        return UNLISTED
    base, rank, mode = case.table.sources[kind], None, None
    for named in product((True, False), repeat=3):  # fields, section, classes: what names more comes first
        for rule in case.table.rules:
            if (bool(rule.fields), bool(rule.section), bool(rule.classes)) == named and holds(case, rule, claim.path):
                rank = rule.ranks.get(kind) if rank is None else rank
                mode = rule.modes.get(kind) if mode is None else mode
    return Precedence(rank or base.rank, base.takeover_ms, base.ttl_ms, mode or base.mode)


def holds(case: Case, rule: RankRule, path: Path) -> bool:
    if rule.fields and path.key not in rule.fields:
        return False
    if rule.section and path.section != rule.section:
        return False
    if rule.classes and case.ci_class not in rule.classes:
        return False
    return rule.starts <= case.now < rule.ends


def lasts(case: Case, claim: Claim) -> bool:
    return believed(case, claim).takeover_ms is None


def is_silent(case: Case, claim: Claim) -> bool:
    takeover = believed(case, claim).takeover_ms
    return takeover is not None and case.now - claim.confirmed_at > takeover


def beats(case: Case, one: Claim, other: Claim) -> bool:
    """Whether `one` goes before `other`, both of those who look or both of those whose word lasts."""
    if is_silent(case, one) != is_silent(case, other):
        return not is_silent(case, one)
    ranks = believed(case, one).rank, believed(case, other).rank
    if ranks[0] != ranks[1]:
        return ranks[0] < ranks[1]
    ages = (one.since, other.since) if lasts(case, one) else (one.confirmed_at, other.confirmed_at)
    return ages[0] > ages[1] if ages[0] != ages[1] else one.source < other.source


def restated(case: Case) -> tuple[object, str] | None:
    """The value and the source that win."""
    if case.lock is not None and case.now < case.lock.expires_at:
        return case.lock.value, case.lock.holder
    said = [each for each in case.claims if believed(case, each).mode is Mode.AUTHORITATIVE]
    said = said or [each for each in case.claims if believed(case, each).mode is Mode.FILL]
    best = {}
    for kind in (False, True):
        alike = [each for each in said if lasts(case, each) is kind]
        best[kind] = [each for each in alike if all(each is other or beats(case, each, other) for other in alike)]
        assert len(best[kind]) == min(1, len(alike)), "the order is total"
    for winner in best[False]:
        if not best[True] or believed(case, winner).rank <= believed(case, best[True][0]).rank:
            return winner.value, winner.source
    return (best[True][0].value, best[True][0].source) if best[True] else None


@settings(max_examples=400)
@given(cases())
def test_what_wins_is_what_the_restatement_says(case: Case) -> None:
    order = case.table.order(case.claims[0].path if case.claims else PATHS[0], case.ci_class, case.now)
    fact = resolve(case.claims, case.now, order, case.lock)
    assert (fact and (fact.value, fact.source)) == restated(case)
    if fact is not None and fact.why == "takeover":
        ranks = [believed(case, each).rank for each in case.claims if is_silent(case, each)]
        winner = next(each for each in case.claims if each.source == fact.source)
        assert min(ranks) < believed(case, winner).rank, "only silence lets a better source be passed over"


@settings(max_examples=120)
@given(cases())
def test_every_claim_but_the_winner_says_why_it_lost(case: Case) -> None:
    if not case.claims:
        return
    order = case.table.order(case.claims[0].path, case.ci_class, case.now)
    fact = resolve(case.claims, case.now, order)
    won = [each.claim.source for each in weighed(case.claims, case.now, order) if not each.lost]
    assert won == ([fact.source] if fact else [])
    for each in weighed(case.claims, case.now, order):
        assert each.is_silent == is_silent(case, each.claim)
        assert (each.lost == "advisory") == (each.of.mode is Mode.ADVISORY), "who advises loses for nothing else"


@settings(max_examples=120)
@given(cases(), st.integers(0, 400))
def test_time_alone_moves_a_fact_only_for_silence_a_rule_or_a_lock(case: Case, later: int) -> None:
    if not case.claims:
        return
    path = case.claims[0].path
    held = resolve(case.claims, case.now, case.table.order(path, case.ci_class, case.now), case.lock)
    now = case.now + later
    order = case.table.order(path, case.ci_class, now)
    found = again(held, case.claims, now, order, case.lock)
    assert again(found, case.claims, now, order, case.lock) == found, "looking twice moves nothing twice"
    turned = any(case.now < at <= now for rule in case.table.rules for at in (rule.starts, rule.ends))
    fell = any(is_silent(case, each) != is_silent(Case(case.claims, case.table, case.ci_class, now, None), each)
               for each in case.claims)  # fmt: skip
    unlocked = case.lock is not None and case.now < case.lock.expires_at <= now
    if not (turned or fell or unlocked):
        assert found is held


def test_the_rules_a_table_may_hold_together_name_one_rank_each() -> None:
    one = RankRule("os", frozenset(), frozenset(), {"hand": 1})
    other = RankRule("os", frozenset(), frozenset({"pc"}), {"hand": 2})
    assert [a.clashes(b) for a, b in combinations((one, other, one), 2)] == [False, True, False]
