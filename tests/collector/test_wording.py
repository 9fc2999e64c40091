"""Texts with places: filled from values that come from the network, in one plain line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.wording import MAX_VALUE, BadWording, clean, fill, places, time_text


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("{{ci.name}} {{ fs.value|pct }}", {"ci.name": "srv1", "fs.value": 0.934}, "srv1 93%"),
        ("{{cert.not_after|date}}", {"cert.not_after": "2026-02-04T08:00:00Z"}, "2026-02-04"),
        ("{{a.b}} {{c.d|pct}}", {}, "? ?"),
        ("{{a.b|pct}}", {"a.b": "full"}, "full"),
        ("{{a.b}}", {"a.b": "{{c.d}}", "c.d": "never"}, "{{c.d}}"),
        ("没有位置 {x}", {}, "没有位置 {x}"),
    ],
)
def test_places_are_filled_once_and_what_is_absent_is_a_question_mark(
    template: str, values: dict[str, Any], text: str
) -> None:
    assert fill(template, values) == text


@pytest.mark.parametrize("template", ["{{a.b", "a.b}}", "{{a b}}", "{{}}", "{{a.b|}}", "{{1a}}", "{{a.b|html}}"])
def test_a_place_that_cannot_be_read_is_refused(template: str) -> None:
    with pytest.raises(BadWording):
        places(template)


def test_the_places_of_a_text_are_known() -> None:
    assert places("{{ci.name}} {{fs.value|pct}} {{ci.name}}") == {"ci.name", "fs.value"}


@given(st.text(max_size=MAX_VALUE * 2))
def test_any_text_becomes_one_bounded_line_that_any_database_takes(text: str) -> None:
    line = clean(text)
    assert len(line) <= MAX_VALUE
    assert "\x00" not in line
    assert len(line.splitlines()) <= 1
    assert line.encode().decode() == line


def test_times_are_rfc_3339_in_utc() -> None:
    assert time_text(1_768_464_000_005) == "2026-01-15T08:00:00.005Z"
