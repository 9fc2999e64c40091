"""What rules look back on: what a section that moved gives, and what is answered of it."""

from __future__ import annotations

from dataclasses import dataclass

from collector.samples import History, Told, remembered, spans, taken

MINUTE = 60_000
SPAN = {"value": 60 * MINUTE}


@dataclass(frozen=True)
class Window:
    section: str
    field: str
    span_ms: int


def metric(name: str, value: object) -> dict[str, object]:
    return {"metric": name, "instance": "", "value": value}


def points(was: list | None, now: list, lo: int = 5 * MINUTE, at: int = 6 * MINUTE) -> list[tuple[str, int, object]]:
    return [(each.element, each.at, each.value) for each in taken("health", was, now, lo, at, SPAN)]


def test_the_longest_window_over_a_field_counts() -> None:
    windows = [Window("health", "value", 5), Window("health", "value", 9), Window("ups", "charge_ratio", 7)]
    assert spans(windows) == {"health": {"value": 9}, "ups": {"charge_ratio": 7}}


def test_what_moved_gives_the_old_value_when_it_was_last_confirmed_and_the_new_one() -> None:
    assert points([metric("a", 1)], [metric("a", 2)]) == [("a|", 5 * MINUTE, 1), ("a|", 6 * MINUTE, 2)]


def test_what_did_not_move_gives_nothing() -> None:
    assert points([metric("a", 1), metric("b", 1)], [metric("a", 1), metric("b", 2)]) == [
        ("b|", 5 * MINUTE, 1), ("b|", 6 * MINUTE, 2),
    ]  # fmt: skip


def test_what_is_seen_first_has_no_past() -> None:
    assert points(None, [metric("a", 1)]) == [("a|", 6 * MINUTE, 1)]


def test_what_is_not_there_any_more_is_told_as_absent() -> None:
    assert points([metric("a", 1)], []) == [("a|", 5 * MINUTE, 1), ("a|", 6 * MINUTE, None)]


def test_a_field_that_stands_while_its_row_moves_gives_nothing() -> None:
    was, now = {**metric("a", 1), "unit": "x"}, {**metric("a", 1), "unit": "y"}
    assert points([was], [now]) == []


def test_fields_no_rule_reads_give_nothing() -> None:
    assert taken("health", None, [metric("a", 1)], 0, MINUTE, {"unit": MINUTE}) == []


def test_a_number_has_sixty_slots_a_window_and_a_word_six_hundred() -> None:
    numbers = {each.slot for at in range(0, 3_600_000, 1_000) for each in taken("ups", None, {"value": 1}, 0, at, SPAN)}
    words = {each.slot for at in range(0, 3_600_000, 1_000) for each in taken("ups", None, {"value": "x"}, 0, at, SPAN)}
    assert (len(numbers), len(words)) == (60, 600)


def test_what_a_number_was_before_it_moved_stays_though_both_are_in_one_slot() -> None:
    day = {"value": 26 * 60 * MINUTE}
    old, new = taken("ups", {"value": 1000}, {"value": 100}, 59 * MINUTE, 60 * MINUTE, day)
    assert (old.value, new.value) == (1000, 100)
    assert old.slot < new.slot


LINE = ("ports", "1", "state")


def test_a_history_tells_what_was_since_a_moment() -> None:
    history = History({LINE: [(10, "up"), (20, "down"), (30, "up")]})
    assert history.series(*LINE, 20) == [(20, "down"), (30, "up")]
    assert history.series(*LINE, 31) == []
    assert history.series("ports", "2", "state", 0) == []


def test_what_held_when_the_window_began_is_told_at_its_begin() -> None:
    history = History({LINE: [(10, "up"), (20, "up"), (30, "down")]})
    assert history.series(*LINE, 15) == [(15, "up"), (20, "up"), (30, "down")]


def test_what_moved_nobody_knows_when_is_not_told_at_the_begin() -> None:
    history = History({LINE: [(10, "up"), (30, "down")]})
    assert history.series(*LINE, 15) == [(30, "down")]


def test_nothing_is_told_of_the_time_before_it_was_away() -> None:
    history = History({LINE: [(10, 7), (20, None), (30, 1), (40, 2)]})
    assert history.series(*LINE, 0) == [(30, 1), (40, 2)]
    assert history.series(*LINE, 35) == [(40, 2)]


def test_what_was_confirmed_since_counts_as_the_same_value() -> None:
    assert remembered([Told(LINE, [(10, "up")], 50)]).series(*LINE, 0) == [(10, "up"), (50, "up")]
    assert remembered([Told(LINE, [(10, "up")], 50)]).series(*LINE, 40) == [(40, "up"), (50, "up")]
    assert remembered([Told(LINE, [(10, None)], 50)]).series(*LINE, 0) == []


def test_of_two_sources_the_one_that_spoke_last_is_asked_alone() -> None:
    told = [Told(LINE, [(10, 1), (40, 2)], 40), Told(LINE, [(20, 900)], 60)]
    assert remembered(told).series(*LINE, 0) == [(20, 900), (60, 900)]
