"""Evidence narrows a bracket and names the actor; it never widens it and never makes drift of its own."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from collector.change.evidence import Sight, Trace, narrowed
from collector.model import Path, Step

SSL = Path("packages", "ssl")
STEP = Step(SSL, "1", "2", 100, 200)


def trace(at: int, actor: str = "", path: Path | None = SSL, slack: int = 0, *, proven: bool = True) -> Trace:
    return Trace(1, at, "package_log", actor, path, slack, proven)


def bracket(sights: list[Sight], traces: list[Trace]) -> tuple[int, int]:
    closer = narrowed(STEP, sights, traces).step
    return closer.lo, closer.hi


def test_a_log_line_says_when_and_by_whom() -> None:
    closer = narrowed(STEP, [], [trace(150, "boris", slack=5)])
    assert (closer.step.lo, closer.step.hi, closer.actor) == (145, 155, "boris")


def test_several_lines_leave_the_time_between_them_and_no_actor_when_they_differ() -> None:
    assert bracket([], [trace(120, "boris"), trace(180, "boris")]) == (120, 180)
    assert narrowed(STEP, [], [trace(120, "boris"), trace(180, "boris")]).actor == "boris"
    assert narrowed(STEP, [], [trace(120, "boris"), trace(180, "mallory")]).actor == ""


def test_the_line_that_names_just_this_outweighs_those_that_name_the_section_or_the_device() -> None:
    lines = [trace(110, "a", None), trace(120, "b", Path("packages", "")), trace(150, "c")]
    assert (bracket([], lines), narrowed(STEP, [], lines).actor) == ((150, 150), "c")
    assert bracket([], lines[:2]) == (120, 120)


def test_a_line_of_another_path_or_another_time_says_nothing() -> None:
    assert bracket([], [trace(150, path=Path("packages", "ssh")), trace(99), trace(201)]) == (100, 200)


def test_what_anyone_may_have_sent_narrows_only_where_nothing_is_proven_and_stays_a_claim() -> None:
    forged, proven = trace(110, "mallory", proven=False), trace(150, "boris", None)
    alone = narrowed(STEP, [], [forged])
    assert (alone.step.lo, alone.step.hi, alone.actor, alone.claimed) == (110, 110, "mallory", True)
    both = narrowed(STEP, [], [forged, proven])
    assert (both.step.lo, both.step.hi, both.actor, both.claimed) == (150, 150, "boris", False)


def test_a_late_observation_moves_either_end() -> None:
    assert bracket([Sight(130, "1")], []) == (130, 200)
    assert bracket([Sight(170, "2")], []) == (100, 170)
    assert bracket([Sight(150, "3")], []) == (100, 200)
    assert bracket([Sight(100, "2"), Sight(200, "1"), Sight(90, "2"), Sight(300, "1")], []) == (100, 200)


def test_a_value_that_came_went_and_came_again_came_last_when_it_stayed() -> None:
    assert bracket([Sight(120, "2"), Sight(140, "1"), Sight(160, "2"), Sight(180, "2")], []) == (140, 160)


SIGHTS = st.lists(st.builds(Sight, st.integers(80, 220), st.sampled_from("123")), max_size=5)
TRACES = st.lists(
    st.builds(
        trace, st.integers(80, 220), st.sampled_from(["", "a", "b"]),
        st.sampled_from([None, SSL, Path("packages", ""), Path("os", "")]), st.integers(0, 50),
    ),
    max_size=4,
)  # fmt: skip


@given(SIGHTS, TRACES)
def test_a_bracket_never_widens_and_never_turns_around(sights: list[Sight], traces: list[Trace]) -> None:
    lo, hi = bracket(sights, traces)
    assert 100 <= lo <= hi <= 200


@given(SIGHTS.filter(lambda each: len(each) < 4), TRACES.filter(lambda each: len(each) < 3))
def test_the_order_in_which_evidence_came_plays_no_part(sights: list[Sight], traces: list[Trace]) -> None:
    answers = {
        narrowed(STEP, ours, theirs).step.hi * 1000 + narrowed(STEP, ours, theirs).step.lo
        for ours in itertools.permutations(sights)
        for theirs in itertools.permutations(traces)
    }
    assert len(answers) == 1
