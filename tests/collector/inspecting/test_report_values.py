"""Rows of a report, what they cover, how they differ from the last ones, and what people fill in."""

from __future__ import annotations

from typing import Any

import pytest

from collector.inspecting import answer, difference, line, photo, seal
from collector.inspecting.answer import Answer, BadAnswer
from collector.inspecting.line import Line, State
from collector.inspecting.plan import Item, Option
from collector.model import Outcome, Result

TEXT = {"zh": "x", "en": "x"}


def result(outcome: str, instance: str = "", reason: str = "", **evidence: Any) -> Result:
    return Result("DISK-1", 7, instance, Outcome(outcome), evidence, reason)


def row(state: str, instance: str = "", ci: int = 7, rule: str = "DISK-1") -> Line:
    return Line(ci, rule, instance, State(state))


def test_a_check_that_passes_whole_is_one_row_and_another_is_a_row_for_each_that_does_not() -> None:
    (passed,) = line.lines_of([result("PASS", "/"), result("PASS", "/var")])
    assert (passed.instance, passed.state) == ("", State.PASS)
    (failed,) = line.lines_of([result("PASS", "/"), result("PROBLEM", "/var", severity="error", used=97, **PARAM)])
    assert (failed.instance, failed.severity, failed.evidence, failed.limits) == (
        "/var", "error", {"used": 97}, {"most": 90},
    )  # fmt: skip


PARAM = {"param.most": 90}


def test_what_is_not_for_that_class_has_no_row_and_what_a_ci_cannot_have_has_one() -> None:
    assert line.lines_of([result("N/A", reason="kind")]) == []
    (cannot,) = line.lines_of([result("N/A", reason="unsupported: disks")])
    assert cannot.state is State.NOT_APPLICABLE


def test_coverage_counts_checks_by_the_worst_of_their_rows_and_names_cis_nobody_looked_at() -> None:
    lines = [
        row("PROBLEM", "/"), row("UNKNOWN", "/var"), row("PASS", ci=8), row("N/A", ci=9),
        row("UNKNOWN", ci=8, rule="B-1"), row("WAIVED", ci=8, rule="C-1"),
    ]  # fmt: skip
    seen = line.coverage(lines, {7, 8, 9, 10})
    assert (seen.expected, seen.covered, seen.ratio) == (4, 3, 0.75)
    assert seen.unchecked == 2
    assert line.coverage([], {}).ratio is None


@pytest.mark.parametrize(
    ("before", "now", "standings"),
    [
        ([], [row("PROBLEM", "/")], {"/": "new"}),
        ([row("PROBLEM", "/")], [row("PROBLEM", "/")], {"/": "persisting"}),
        ([row("WAIVED", "/")], [row("PROBLEM", "/")], {"/": "persisting"}),
        ([row("PROBLEM", "/")], [row("PASS")], {"": "", "/": "fixed"}),
        ([row("PROBLEM")], [row("PASS")], {"": "fixed"}),
        ([row("PROBLEM", "/")], [row("PROBLEM", "/var")], {"/var": "new", "/": "fixed"}),
        ([row("PROBLEM", "/")], [row("UNKNOWN")], {"": ""}),
        ([row("PROBLEM", "/")], [row("UNKNOWN", "/")], {"/": ""}),
        ([row("PROBLEM", "/")], [], {}),
    ],
)
def test_a_problem_is_new_persists_or_is_fixed_and_what_cannot_be_told_is_not_fixed(
    before: list[Line], now: list[Line], standings: dict[str, str]
) -> None:
    found = difference.against(now, before)
    assert {each.instance: each.standing for each in found} == standings
    assert len({each.key for each in found}) == len(found)


CHOICE = Item("M-1", TEXT, options=(Option(TEXT), Option(TEXT, False)), photo="required")
READING = Item("M-2", TEXT, "reading", unit="°C", low=18, high=27)


@pytest.mark.parametrize(
    ("item", "value", "kept", "is_problem"),
    [
        (CHOICE, "0", "0", False), (CHOICE, "1", "1", True), (READING, "18", "18", False), (READING, "27", "27", False),
        (READING, "27.1", "27.1", True), (READING, " 17，9 ", "17.9", True),
        (Item("M", TEXT, "text"), "a  b", "a b", False),
    ],
)  # fmt: skip
def test_an_answer_is_kept_and_held_against_its_limits(item: Item, value: str, kept: str, is_problem: bool) -> None:
    assert answer.checked(item, value) == kept
    assert answer.is_problem(item, kept) is is_problem


@pytest.mark.parametrize(
    ("item", "value"),
    [(CHOICE, "2"), (CHOICE, "-1"), (CHOICE, "¹"), (CHOICE, ""), (READING, "warm"), (READING, "nan"),
     (READING, "1e999"), (READING, "1_0"), (READING, "٣"), (Item("M", TEXT, "text"), "a\x00"),
     (Item("M", TEXT, "text"), "x" * 1001)],
)  # fmt: skip
def test_what_is_no_answer_is_refused(item: Item, value: str) -> None:
    with pytest.raises(BadAnswer):
        answer.checked(item, value)


def test_the_last_word_counts_and_a_photo_that_is_required_is_waited_for() -> None:
    said = [Answer("M-1", "1", "", 1, "ada"), Answer("M-1", "0", "", 2, "bob")]
    (one,) = answer.filled([CHOICE], said, [])
    assert (one.state, one.is_done) == ("ok", False)
    (one,) = answer.filled([CHOICE], said, [photo.Photo(1, "M-1", "ab", "image/png", 3, 3, "bob")])
    assert one.is_done
    assert not answer.filled([READING], [], [])[0].is_done


def test_a_photo_is_told_by_its_bytes() -> None:
    assert photo.kind(b"\xff\xd8\xff\xe0" + bytes(9)) == "image/jpeg"
    assert photo.kind(b"RIFF\x00\x00\x00\x00WEBPVP8 ") == "image/webp"
    for content in (
        b"",
        b"<svg onload=alert(1)>",
        b"GIF89a",
        b"RIFF0000WAVE",
        b"\xff\xd8\xff" + bytes(photo.MAX_BYTES),
    ):
        with pytest.raises(photo.BadPhoto):
            photo.kind(content)


def test_the_same_report_has_the_same_digest_in_any_order_and_another_one_has_another() -> None:
    lines = [row("PASS"), row("PROBLEM", ci=8)]
    text = seal.canonical({"a": 1, "b": 2}, [], lines, answer.filled([READING], [], []))
    assert text == seal.canonical({"b": 2, "a": 1}, [], lines[::-1], answer.filled([READING], [], []))
    assert seal.opened(seal.packed(text)) == text
    other = answer.filled([READING], [Answer("M-2", "20", "", 1, "ada")], [])
    assert seal.digest(text) != seal.digest(seal.canonical({"a": 1, "b": 2}, [], lines, other))
