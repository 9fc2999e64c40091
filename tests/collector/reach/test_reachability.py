"""Reachability as values: misses in a row, ways that used to answer, watchers that are blind, who is behind whom."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from collector import reachability
from collector.reachability import (
    BLIND,
    NEVER,
    NOT_ASKED,
    TERMS,
    Graph,
    Method,
    Methods,
    Reach,
    Standing,
    blinded,
    decided,
    explained,
    heartbeat,
    looked,
    roots,
    standing,
    unseen,
)

START = 1_790_000_000_000
MINUTE = 60_000


def course(*looks: Iterable[str], was: Standing | None = None) -> list[Reach]:
    """Return the states a CI comes to, look by look, a minute apart."""
    methods: Methods = {}
    states = []
    for minute, signs in enumerate(looks):
        now = START + minute * MINUTE
        methods = looked(methods, list(signs), now)
        was = standing(1, methods, was, now)
        states.append(was.state)
    return states


ECHO, BOTH, SNMP, DOOR, NOTHING = ("icmp",), ("icmp", "snmp"), ("snmp",), ("tcp/22",), ()


def test_three_misses_in_a_row_make_a_ci_unreachable_and_one_answer_brings_it_back() -> None:
    up, down = Reach.UP, Reach.UNREACHABLE
    assert course(ECHO, NOTHING, NOTHING, NOTHING, ECHO) == [up, up, up, down, up]


def test_an_answer_in_between_starts_the_count_again() -> None:
    assert course(ECHO, NOTHING, NOTHING, ECHO, NOTHING, NOTHING) == [Reach.UP] * 6


def test_sweeps_that_come_by_together_are_one_miss() -> None:
    methods = looked({}, ECHO, START)
    for second in (60, 62, 64, 66):
        methods = looked(methods, (), START + second * 1_000)
    assert methods["icmp"].misses == 1
    assert looked(methods, (), START + 80_000)["icmp"].misses == 2


def test_what_used_to_answer_by_two_ways_and_does_by_one_is_degraded() -> None:
    assert course(BOTH, ECHO, ECHO, ECHO, BOTH)[-2:] == [Reach.DEGRADED, Reach.UP]


def test_a_way_that_never_answered_is_not_missed() -> None:
    assert set(course(*[SNMP] * 6)) == {Reach.UP}


def test_who_answers_by_echo_again_is_not_held_to_the_connect_that_was_only_tried_meanwhile() -> None:
    assert course(BOTH, DOOR, DOOR, DOOR, BOTH, BOTH)[-3:] == [Reach.DEGRADED, Reach.UP, Reach.UP]


def test_a_ci_that_has_never_answered_is_unknown() -> None:
    methods = looked(looked({}, (), START), (), START + MINUTE)
    assert (standing(1, methods, None, START + MINUTE).state, standing(1, methods, None, START).why) == (
        Reach.UNKNOWN, NEVER,
    )  # fmt: skip


def test_answers_that_are_too_old_say_nothing() -> None:
    methods = looked({}, ECHO, START)
    late = standing(1, methods, standing(1, methods, None, START), START + TERMS.fresh_ms + 1)
    assert (late.state, late.why) == (Reach.UNKNOWN, NOT_ASKED)


def test_what_a_failed_switch_leaves_no_way_to_is_cut_off_whether_it_is_missed_or_not() -> None:
    found = roots(TREE, {2})
    assert found.behind == {}
    assert set(found.cut_by) == set(TREE.links) - found.reached - {2}
    assert set(found.cut_by.values()) == {2}


def test_a_late_word_changes_nothing() -> None:
    methods = looked({}, ECHO, START)
    assert looked(methods, (), START - 1) == methods


def test_since_is_when_the_state_began() -> None:
    methods = looked({}, ECHO, START)
    first = standing(1, methods, None, START)
    second = standing(1, looked(methods, ECHO, START + MINUTE), first, START + MINUTE)
    assert (first.since, second.since, second.answered_at) == (START, START, START + MINUTE)


def test_an_agent_that_is_silent_beside_an_echo_is_degraded_and_alone_it_is_all_there_was() -> None:
    now = START + 10 * MINUTE
    silent = heartbeat(START, now, 5 * MINUTE)
    assert standing(1, {"agent": silent}, None, now).state is Reach.UNREACHABLE
    assert standing(1, {"agent": silent, "icmp": Method(now, now)}, None, now).state is Reach.DEGRADED
    assert standing(1, {"agent": heartbeat(now - MINUTE, now, 5 * MINUTE)}, None, now).state is Reach.UP


# --- who is blind


def watched(count: int, silent: int, at: int = START, apart: int = 0) -> list[Standing]:
    rows = [Standing(number, Reach.UP, answered_at=at - MINUTE) for number in range(1, count + 1)]
    return [replace(each, missed_at=at + n * apart) if n < silent else each for n, each in enumerate(rows)]


@pytest.mark.parametrize(
    ("count", "silent", "blind"),
    [(100, 30, False), (100, 31, True), (10, 4, False), (10, 5, True), (3, 1, False), (2, 2, True), (1, 1, False),
     (1000, 1000, True)],
)  # fmt: skip
def test_a_watcher_that_loses_more_than_three_tenths_at_once_is_blind(count: int, silent: int, blind: bool) -> None:
    lost = blinded(watched(count, silent), (), START + MINUTE)
    assert (len(lost) == silent) if blind else not lost


def test_losing_as_many_one_after_another_is_no_blindness() -> None:
    assert not blinded(watched(100, 60, apart=10 * MINUTE), (), START + 600 * MINUTE)


def test_what_stays_silent_while_others_answer_is_believed() -> None:
    rows = watched(100, 60)
    assert blinded(rows, (), START + TERMS.believed_ms - 1)
    assert not blinded(rows, (), START + TERMS.believed_ms)


def test_a_watcher_that_sees_nothing_at_all_stays_blind() -> None:
    assert len(blinded(watched(50, 50), (), START + 100 * TERMS.believed_ms)) == 50


def test_a_loss_that_the_topology_explains_is_no_blindness() -> None:
    rows = watched(100, 60)
    assert not blinded(rows, {each.ci_id for each in rows[:60]}, START)


def test_who_cannot_be_seen_is_unknown_and_keeps_since_when() -> None:
    one = unseen(Standing(1, Reach.UNREACHABLE, START), None, START)
    again = unseen(Standing(1, Reach.UNREACHABLE, START), one, START + MINUTE)
    assert (one.state, one.why, again.since, again.behind) == (Reach.UNKNOWN, BLIND, START, 0)


# --- who is behind whom


def wired(*wires: tuple[int, int], places: tuple[int, ...] = (1,), **more: Mapping[int, tuple[int, ...]]) -> Graph:
    links: dict[int, list[int]] = {}
    for a, b in wires:
        links.setdefault(a, []).append(b)
        links.setdefault(b, []).append(a)
    return Graph(links, places, **more)


TREE = wired((1, 2), (2, 3), (2, 4), (3, 5), (3, 6), (4, 7))


def test_what_is_down_behind_what_is_down_has_it_for_its_root() -> None:
    assert roots(TREE, {3, 5, 6, 7}).behind == {5: 3, 6: 3}


def test_a_second_way_that_is_open_clears_the_parents() -> None:
    redundant = wired((1, 2), (1, 3), (2, 4), (3, 4), (4, 5))
    assert roots(redundant, {2, 4}).behind == {}
    assert roots(redundant, {2, 3, 4}).behind == {4: 2}
    assert roots(redundant, {2, 3, 4, 5}).behind == {4: 2, 5: 2}


def test_a_ring_is_open_the_other_way_round() -> None:
    ring = wired((1, 2), (2, 3), (3, 4), (4, 1))
    assert roots(ring, {2}).behind == {}
    assert roots(ring, {2, 3}).behind == {}, "3 can be asked by way of 4"
    assert roots(ring, {2, 4, 3}).behind == {3: 2}


def test_a_device_nobody_watches_lets_its_neighbours_failure_through() -> None:
    assert roots(wired((1, 2), (2, 3), (3, 4)), {2, 4}).behind == {4: 2}


def test_a_host_explains_its_machines_and_feeds_what_they_feed_when_all_are_down() -> None:
    graph = wired((1, 2), (1, 8), hosts={9: (2,)}, feeds={8: (10, 11)}, places=(1,))
    assert roots(graph, {2, 9}).behind == {9: 2}
    assert roots(graph, {8, 10}).behind == {}
    assert roots(graph, {8, 10, 11}).behind == {8: 10}


def test_two_that_explain_each_other_are_one_failure() -> None:
    graph = Graph(feeds={1: (2,), 2: (1,)})
    assert roots(graph, {1, 2}).behind == {2: 1}


def test_what_is_in_no_topology_stands_for_itself() -> None:
    assert roots(TREE, {77, 78}).behind == {}


def test_any_node_is_behind_another_exactly_when_no_open_way_leads_beside_it() -> None:
    """Against the definition, on random graphs: a victim has no neighbour that an open way reaches."""
    luck = random.Random(7)
    for _ in range(300):
        size = luck.randint(2, 14)
        wires = {(luck.randint(1, size), luck.randint(1, size)) for _ in range(luck.randint(1, 24))}
        graph = wired(*((a, b) for a, b in wires if a != b))
        down = {each for each in range(2, size + 1) if luck.random() < 0.4}
        found = roots(graph, down)
        opened = _open(graph, down)
        linked = _joined(graph, 1)
        for each in down & linked:
            is_root = any(one in opened for one in graph.links[each])
            assert (each not in found.behind) == is_root
            assert is_root or found.behind[each] in down - found.behind.keys()


def _open(graph: Graph, down: set[int]) -> set[int]:
    found, more = {1}, True
    while more:
        wider = found | {b for a in found for b in graph.links.get(a, ()) if b not in down}
        found, more = wider, wider != found
    return found


def _joined(graph: Graph, start: int) -> set[int]:
    return _open(graph, set()) if start == 1 else set()


# --- held until decided


def stands(**states: tuple[Reach, int, int, int]) -> dict[int, Standing]:
    """Return standings of (state, since, answered, missed) by number, in minutes of START."""
    return {
        int(name[1:]): Standing(int(name[1:]), state, START + since * MINUTE, "", START + answered * MINUTE,
                                START + missed * MINUTE if missed else 0)
        for name, (state, since, answered, missed) in states.items()
    }  # fmt: skip


def test_a_root_is_held_until_its_parent_has_been_asked_since() -> None:
    graph = wired((1, 2), (2, 3))
    doubt = stands(n2=(Reach.UP, 0, 5, 0), n3=(Reach.UNREACHABLE, 8, 5, 6))
    assert decided(graph, doubt, START + 8 * MINUTE)[0][3].held
    asked = stands(n2=(Reach.UP, 0, 7, 0), n3=(Reach.UNREACHABLE, 8, 5, 6))
    assert not decided(graph, asked, START + 8 * MINUTE)[0][3].held


def test_nobody_is_held_longer_than_the_grace_or_without_a_parent() -> None:
    graph = wired((1, 2), (2, 3))
    doubt = stands(n2=(Reach.UP, 0, 5, 0), n3=(Reach.UNREACHABLE, 8, 5, 6))
    assert not decided(graph, doubt, START + 8 * MINUTE + TERMS.grace_ms)[0][3].held
    assert not decided(Graph(), doubt, START + 8 * MINUTE)[0][3].held


def test_a_grace_of_its_own_goes_before_that_of_all() -> None:
    graph = wired((1, 2), (2, 3))
    doubt = stands(n2=(Reach.UP, 0, 5, 0), n3=(Reach.UNREACHABLE, 8, 5, 6))
    at = START + 8 * MINUTE
    held = [decided(graph, doubt, at + ms, TERMS, {3: 5 * MINUTE})[0][3].held for ms in (TERMS.grace_ms, 5 * MINUTE)]
    assert held == [True, False]
    assert not decided(graph, doubt, at, TERMS, {3: 0})[0][3].held


def test_a_victim_stays_behind_a_root_that_has_just_come_back_until_its_own_turn() -> None:
    graph = wired((1, 2), (2, 3))
    back = stands(n2=(Reach.UP, 20, 20, 0), n3=(Reach.UNREACHABLE, 8, 5, 6))
    back[3] = replace(back[3], behind=2)
    assert decided(graph, back, START + 20 * MINUTE)[0][3].behind == 2
    assert decided(graph, back, START + 20 * MINUTE + TERMS.grace_ms)[0][3].behind == 0


def test_what_answers_again_is_behind_nobody() -> None:
    again = {3: replace(Standing(3, Reach.UP), behind=2)}
    assert decided(TREE, again, START)[0][3].behind == 0


def test_a_failure_beside_something_that_answers_is_explained_with_all_behind_it() -> None:
    silent = {number: Standing(number, Reach.UNREACHABLE, missed_at=START) for number in (3, 5, 6)}
    seen = {**silent, 2: Standing(2, Reach.UP, answered_at=START + 1), 4: Standing(4, Reach.UP, answered_at=START)}
    assert explained(TREE, roots(TREE, silent), silent, seen) == {3, 5, 6}
    late = {**seen, 2: Standing(2, Reach.UP, answered_at=START - 1)}
    assert explained(TREE, roots(TREE, silent), silent, late) == set()


def test_the_roots_of_ten_thousand_nodes_are_those_of_a_small_one() -> None:
    """Three layers with two ways up each: four dead switches of the middle, in pairs, and all below them."""
    wires = [(1, number) for number in range(2, 102)]
    wires += [(2 + (number % 50) * 2 + way, number) for number in range(102, 10_002) for way in (0, 1)]
    graph = wired(*wires)
    dead = {2, 3, 4, 5}
    below = {number for number in range(102, 10_002) if set(graph.links[number]) <= dead}
    assert len(below) == 396
    found = reachability.roots(graph, dead | below)
    assert set(found.behind) == below
    assert set(found.behind.values()) <= dead
