"""Many alike are one row with a count; nothing grows without bound, and what is not kept is counted."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from discovery.receiver import folding
from discovery.receiver.folding import LONGEST_QUIET_MS, MOST_OF_ONE, QUIET_MS, SETTLE_MS, Folds, Row
from discovery.receiver.heard import Heard
from wire.sections import SECTIONS, check

DOWN = Heard("link_down", "warning", "Gi0/1", source="trap")
UP = Heard("link_up", "notice", "Gi0/1", source="trap")
PC, SW = "192.0.2.1", "192.0.2.2"


def told(folds: Folds, until: int, step: int = 500) -> list[Row]:
    return [row for now in range(0, until, step) for rows in folds.due(now).values() for row in rows]


def test_what_is_new_is_told_after_a_moment_with_all_that_came_like_it() -> None:
    folds = Folds()
    for now in (0, 10, 999):
        folds.add(SW, DOWN, now)
    assert folds.due(SETTLE_MS - 1) == {}
    (row,) = folds.due(SETTLE_MS)[SW]
    assert (row["kind"], row["object"], row["count"]) == ("link_down", "Gi0/1", 3)
    assert (row["at"], row["until"]) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.999Z")
    assert check(SECTIONS["events"], [row]) == [row]


def test_what_differs_in_anything_but_the_folded_is_a_row_of_its_own() -> None:
    folds = Folds()
    for heard in (DOWN, UP, Heard("link_down", "warning", "Gi0/2", source="trap"),
                  Heard("link_down", "warning", "Gi0/1", source="trap", authentic=True)):  # fmt: skip
        folds.add(SW, heard, 0)
    folds.add(PC, DOWN, 0)
    assert {address: len(rows) for address, rows in folds.due(SETTLE_MS).items()} == {SW: 4, PC: 1}


def test_while_it_keeps_coming_it_is_told_after_ever_longer_pauses_and_every_one_is_counted() -> None:
    folds, rows = Folds(), []
    hour = 3_600_000
    for now in range(0, hour, 500):
        folds.add(SW, DOWN, now)
        rows += folds.due(now).get(SW, [])
    rows += folds.due(hour, at_once=True).get(SW, [])
    assert sum(row["count"] for row in rows) == hour // 500
    assert len(rows) < 30


def test_what_comes_again_after_a_quiet_time_is_told_at_once_again() -> None:
    folds = Folds()
    folds.add(SW, DOWN, 0)
    assert len(told(folds, 3 * QUIET_MS)) == 1
    assert len(folds) == 0, "it is over: nothing is held"
    folds.add(SW, DOWN, 100_000)
    assert folds.due(100_000 + SETTLE_MS)[SW][0]["at"] == "1970-01-01T00:01:40.000Z"


def test_of_one_address_only_so_many_kinds_are_told_apart_and_the_rest_is_one_row() -> None:
    folds = Folds()
    for each in range(MOST_OF_ONE + 50):
        folds.add(SW, Heard("other", message=str(each), fold=str(each)), 0)
    rows = folds.due(SETTLE_MS)[SW]
    assert len(rows) == MOST_OF_ONE + 1
    assert [row["count"] for row in rows if row["kind"] == "events_dropped"] == [50]


def test_in_all_only_so_many_are_told_apart() -> None:
    folds = Folds()
    for each in range(folding.MOST):
        folds.add(f"10.{each // 62_500}.{each // 250 % 250}.{each % 250}", DOWN, 0)
    assert not folds.add(SW, DOWN, 0)
    assert not folds.dropped(SW, 0)
    assert len(folds) == folding.MOST


@given(st.lists(st.tuples(st.sampled_from([SW, PC]), st.sampled_from([DOWN, UP]), st.integers(0, 4_000)), max_size=60))
def test_every_one_that_was_taken_in_is_told_once(came: list[tuple[str, Heard, int]]) -> None:
    folds, now = Folds(), 0
    expected, counted = Counter[tuple[str, str]](), Counter[tuple[str, str]]()

    def take(rows: dict[str, list[Row]]) -> None:
        for address, each in rows.items():
            counted.update({(address, row["kind"]): row["count"] for row in each})

    for address, heard, later in came:
        now += later
        take(folds.due(now))
        assert folds.add(address, heard, now)
        expected[address, heard.kind] += 1
    take(folds.due(now + LONGEST_QUIET_MS))
    take(folds.due(now, at_once=True))
    assert counted == expected
