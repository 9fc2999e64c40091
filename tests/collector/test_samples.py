"""What rules look back on: what a section that moved gives, and what is answered of it."""

from __future__ import annotations

from dataclasses import dataclass

from collector.samples import WATCHED, History, Told, remembered, spans, taken

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


def test_what_is_seen_first_is_watched_from_then_on() -> None:
    assert points(None, [metric("a", 1), metric("b", 2)]) == [(WATCHED, 6 * MINUTE, True)]


def test_what_comes_later_was_not_there_before() -> None:
    assert points([metric("a", 1)], [metric("a", 1), metric("b", 2)]) == [
        ("b|", 5 * MINUTE, None), ("b|", 6 * MINUTE, 2),
    ]  # fmt: skip


def test_what_is_not_there_any_more_is_told_as_absent() -> None:
    assert points([metric("a", 1)], []) == [("a|", 5 * MINUTE, 1), ("a|", 6 * MINUTE, None)]


def test_a_field_that_stands_while_its_row_moves_gives_nothing() -> None:
    was, now = {**metric("a", 1), "unit": "x"}, {**metric("a", 1), "unit": "y"}
    assert points([was], [now]) == []


def test_fields_no_rule_reads_give_nothing() -> None:
    assert taken("health", [metric("a", 1)], [metric("a", 2)], 0, MINUTE, {"unit": MINUTE}) == []


def test_a_number_has_sixty_slots_a_window_and_a_word_six_hundred() -> None:
    def slots(old: object, new: object) -> int:
        moves = (taken("ups", {"value": old}, {"value": new}, at, at, SPAN) for at in range(0, 3_600_000, 1_000))
        return len({pair[-1].slot for pair in moves})

    assert (slots(1, 2), slots("x", "y")) == (60, 600)


def test_what_a_number_was_before_it_moved_stays_though_both_are_in_one_slot() -> None:
    day = {"value": 26 * 60 * MINUTE}
    old, new = taken("ups", {"value": 1000}, {"value": 100}, 59 * MINUTE, 60 * MINUTE, day)
    assert (old.value, new.value) == (1000, 100)
    assert old.slot < new.slot


LINE = ("interfaces", "1", "state")


def test_a_history_tells_what_was_since_a_moment() -> None:
    history = History({LINE: [(10, "up"), (20, "down"), (30, "up")]})
    assert history.series(*LINE, 20) == [(20, "down"), (30, "up")]
    assert history.series(*LINE, 31) == []
    assert history.series("interfaces", "2", "state", 0) == []


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


def told(*points: tuple[int, object], source: int = 1, fresh: int = 50, since: int = 10) -> list[Told]:
    """Return a line of a source that is watched since `since`, and without points the watch alone."""
    watch = Told(source, ("interfaces", WATCHED, "state"), [(since, True)], fresh)
    return [watch, *([Told(source, LINE, list(points), fresh)] if points else [])]


def test_what_was_confirmed_since_counts_as_the_same_value() -> None:
    assert remembered(told((20, "up"), since=20)).series(*LINE, 0) == [(20, "up"), (50, "up")]
    assert remembered(told((20, "up"))).series(*LINE, 40) == [(40, "up"), (50, "up")]
    assert remembered(told((20, None))).series(*LINE, 0) == []


def test_what_never_moved_is_told_by_what_stands_since_it_is_watched() -> None:
    history = remembered(told()).over({"interfaces": [{"name": "1", "state": "up"}]})
    assert history.series(*LINE, 0) == [(10, "up"), (50, "up")]
    assert history.series("interfaces", "2", "state", 0) == []


def test_before_its_first_move_it_held_since_it_is_watched() -> None:
    assert remembered(told((30, "up"), (40, "down"))).series(*LINE, 15) == [
        (15, "up"), (30, "up"), (40, "down"), (50, "down"),
    ]  # fmt: skip


def test_what_is_not_watched_is_not_remembered() -> None:
    assert remembered([]).over({"interfaces": [{"name": "1", "state": "up"}]}).series(*LINE, 0) == []


def test_of_two_sources_the_one_that_confirmed_last_is_asked_alone() -> None:
    both = [*told((10, 1), (40, 2), fresh=45), *told((20, 900), source=2, fresh=60, since=20)]
    assert remembered(both).series(*LINE, 0) == [(20, 900), (60, 900)]
