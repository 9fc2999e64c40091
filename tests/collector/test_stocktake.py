"""A stock-take as values: scopes, what a scan names, and what people's words come to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import stocktake
from collector.stocktake import BadScan, Line, Mark, Outcome, Scope, Thing, holds, is_within, outcome_at, scanned

UID = "6f1c1e0a-3a55-4c1b-9a55-0c8b0e3c7f11"


def thing(number: int, place: str = "", label: str = "", ci_class: str = "server") -> Thing:
    return Thing(number, f"{number:016x}", f"srv{number}", ci_class, "pc_server", label, "", place)


def mark(number: int | None, outcome: Outcome, who: str = "ada", place: str = "", seen: str = "") -> Mark:
    return Mark(outcome, 1, who, "k", None if number is None else thing(number), place, seen)


@pytest.mark.parametrize(
    ("place", "wider", "is_it"),
    [
        ("机房A/3排", "机房A", True),
        ("机房A三排", "机房A", True),
        ("Room A  3", "room a", True),
        ("机房A10", "机房A1", False),
        ("B-2/U17", "B-2", True),
        ("机房", "机房A", False),
        ("", "机房A", False),
        ("anything", "", True),
    ],
)
def test_a_place_is_within_a_wider_one(place: str, wider: str, is_it: bool) -> None:
    assert is_within(place, wider) is is_it


def test_labels_are_compared_as_people_count_them() -> None:
    scope = Scope(label_from="A-9", label_to="A-100")
    labels = ("A-8", "A-9", "A-10", "A-100", "A-101", "B-10", "")
    assert [each for each in labels if holds(scope, thing(1, "", each))] == ["A-9", "A-10", "A-100"]


def test_every_part_of_a_scope_must_hold() -> None:
    scope = Scope(("server",), "机房A", cis=(thing(1).uid,))
    assert holds(scope, thing(1, "机房A/1"))
    assert not holds(scope, thing(2, "机房A/1"))
    assert not holds(scope, thing(1, "机房B"))
    assert not holds(scope, thing(1, "机房A", ci_class="network"))


def test_what_nobody_can_touch_is_counted_only_when_it_is_named() -> None:
    software, machine = thing(1, ci_class="system_software"), replace(thing(2), ci_type="virtual_machine")
    for scope in (Scope(), Scope(("server",))):
        assert not holds(scope, software)
        assert not holds(scope, machine)
    assert holds(Scope(("system_software",)), software)
    assert holds(Scope(cis=(machine.uid,)), machine)


def test_a_scan_names_a_ci_by_the_codes_we_print_and_else_its_text() -> None:
    assert scanned(f"https://muster.example/cis/{UID}#A-%E4%B8%80") == stocktake.Scanned(UID, "A-一")
    assert scanned(f"http://10.0.0.5:8080/base/cis/{UID}") == stocktake.Scanned(UID, "")
    assert scanned(f"{UID} A-0107") == stocktake.Scanned(UID, "A-0107")
    assert scanned("  A-0107\r\n") == stocktake.Scanned("", "A-0107")
    assert scanned("https://elsewhere.example/x") == stocktake.Scanned("", "https://elsewhere.example/x")


@given(st.text())
def test_whatever_a_scanner_sends_is_one_line_or_refused(text: str) -> None:
    try:
        found = scanned(text)
    except BadScan:
        return
    assert found.text.isprintable()
    assert len(found.text) <= stocktake.MAX_SCAN


def test_where_a_thing_stands_says_what_it_is() -> None:
    line = Line(thing(1, "机房A/3排/07"))
    assert outcome_at(line, "机房A") is Outcome.CONFIRMED
    assert outcome_at(line, "") is Outcome.CONFIRMED
    assert outcome_at(line, "机房B") is Outcome.MOVED
    assert outcome_at(Line(thing(2)), "机房B") is Outcome.MOVED
    assert outcome_at(None, "机房A") is Outcome.FOUND


def test_the_last_word_counts_and_what_is_taken_back_is_open_again() -> None:
    lines = [Line(thing(number)) for number in (1, 2, 3)]
    said = [
        mark(1, Outcome.MISSING), mark(1, Outcome.CONFIRMED), mark(2, Outcome.MISSING), mark(2, Outcome.WITHDRAWN),
        mark(9, Outcome.FOUND), mark(None, Outcome.FOUND, seen="X-1"), mark(None, Outcome.FOUND, seen="x-1"),
        mark(None, Outcome.FOUND, seen="gone"), mark(None, Outcome.WITHDRAWN, seen="gone"),
    ]  # fmt: skip
    whole = stocktake.result(lines, said)
    assert [row.state for row in whole.rows] == ["confirmed", "open", "open"]
    assert [each.seen for each in whole.found] == ["", "x-1"]
    assert whole.counts == {"open": 2, "confirmed": 1, "moved": 0, "damaged": 0, "missing": 0, "found": 2}
    assert not whole.is_whole


def test_two_people_who_say_different_things_are_told() -> None:
    one = [mark(1, Outcome.CONFIRMED, "ada"), mark(1, Outcome.MISSING, "bob")]
    assert stocktake.result([Line(thing(1))], one).rows[0].contested
    agreed = [*one, mark(1, Outcome.MISSING, "ada")]
    assert not stocktake.result([Line(thing(1))], agreed).rows[0].contested
    elsewhere = [mark(1, Outcome.MOVED, "ada", "B"), mark(1, Outcome.MOVED, "bob", "C")]
    assert stocktake.result([Line(thing(1))], elsewhere).rows[0].contested


def test_a_digest_is_another_one_when_anything_of_the_report_is() -> None:
    lines = [Line(thing(1, "A"))]
    first = stocktake.result(lines, [mark(1, Outcome.CONFIRMED)])
    head = {"number": "ST-000001"}
    assert stocktake.digest(head, first) == stocktake.digest(
        head, stocktake.result(lines, [mark(1, Outcome.CONFIRMED)])
    )
    others = {
        stocktake.digest(head, stocktake.result(lines, [mark(1, Outcome.MISSING)])),
        stocktake.digest(head, stocktake.result([Line(thing(1, "B"))], [mark(1, Outcome.CONFIRMED)])),
        stocktake.digest({"number": "ST-000002"}, first),
        stocktake.digest(head, first),
    }
    assert len(others) == 4
