"""Hostile records: every reader makes a change of any JSON, or says `BadRecord`; nothing else comes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.config import shipped_rules
from collector.tickets import BadAnswer, BadRecord, glpi, itop, jira, servicenow, tables
from collector.tickets.fields import MAX_TEXT, MAX_WORD
from collector.tickets.glpi import Around
from collector.tickets.markup import of_document, plain
from collector.tickets.record import Foreign, Thing
from collector.tickets.system import System
from tests.collector.tickets.player import FOLDER

WORDS = tables.load(shipped_rules() / "tickets.yaml")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
NASTY = st.sampled_from([
    "\ud800", "\x00", "a\u202eb", "9999-99-99", "0000-00-00 00:00:00", "9999-12-31T23:59:59+00:00", "<" * 60,
    "&#x110000;", "<!DOCTYPE x [", "<![CDATA[x", "x" * 400, "y" * 200_000, {"value": {"value": {"value": ""}}},
    [[[[]]]], {"type": "doc", "content": 3}, 10**400, "2026-11-26 14:00:00",
])  # fmt: skip
VALUES = st.recursive(
    SCALARS | NASTY,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4),
    max_leaves=8,
)


def _names(value: Any) -> set[str]:
    """Return every key of a script."""
    if isinstance(value, dict):
        return set(value) | {name for each in value.values() for name in _names(each)}
    return {name for each in value for name in _names(each)} if isinstance(value, list) else set()


def rows(script: str) -> st.SearchStrategy[dict[str, Any]]:
    names = sorted(_names(json.loads((FOLDER / f"{script}.json").read_text(encoding="utf-8"))))
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=6), VALUES, max_size=12)


def checked(make: Callable[[], Foreign]) -> None:
    try:
        found = make()
    except BadRecord:
        return
    assert found.reference
    assert max(map(len, (found.reference, found.title, found.type, found.state))) <= MAX_WORD
    assert len(found.reason) <= MAX_TEXT
    assert all(isinstance(each, int | None) for each in (found.start, found.end))
    assert all(isinstance(each, Thing) for each in found.things)
    repr(found).encode()


@settings(max_examples=80)
@given(rows("servicenow"), st.lists(rows("servicenow"), max_size=2), st.lists(rows("servicenow"), max_size=2))
def test_servicenow(row: dict[str, Any], things: list[dict[str, Any]], approvals: list[dict[str, Any]]) -> None:
    system = System("s", "servicenow", "")
    checked(lambda: servicenow.record({"number": "CHG1"} | row, system, WORDS["servicenow"], things, approvals))


@settings(max_examples=80)
@given(rows("itop"), VALUES, st.lists(rows("itop"), max_size=2) | VALUES)
def test_itop(fields: dict[str, Any], kind: Any, links: Any) -> None:
    row = {"class": kind, "fields": {"ref": "C-1", **fields, "functionalcis_list": links}}
    checked(lambda: itop.record(row, System("i", "itop", "", timezone="Asia/Shanghai"), WORDS["itop"], {}))


@settings(max_examples=80)
@given(rows("glpi"), st.lists(rows("glpi"), max_size=2), st.lists(rows("glpi"), max_size=2))
def test_glpi(row: dict[str, Any], some: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    around = Around(some, others, some, (), {"6": "zhaomin"})
    checked(lambda: glpi.record({"id": 7} | row, System("g", "glpi", ""), WORDS["glpi"], around))


@settings(max_examples=80)
@given(
    rows("jira_cloud"),
    st.dictionaries(st.text(max_size=6), VALUES, max_size=4),
    st.lists(rows("jira_cloud"), max_size=2),
)
def test_jira(fields: dict[str, Any], names: dict[str, Any], approvals: list[dict[str, Any]]) -> None:
    row = {"key": "CHG-1", "fields": fields}
    checked(lambda: jira.record(row, System("j", "jira", ""), WORDS["jira"], names, approvals))


@given(VALUES)
def test_an_envelope_of_itop_is_objects_or_no_answer(value: Any) -> None:
    try:
        itop._objects({"code": 0, "objects": value})
    except BadAnswer:
        return


@given(st.text(alphabet="<>&;p/ab!-[]\"'=\n #x1", max_size=200))
def test_any_text_has_its_plain_form(text: str) -> None:
    said = plain(text)
    assert all(line.isprintable() for line in said.split("\n"))
    assert of_document({"type": "doc", "content": [{"type": "text", "text": text}]}) is not None


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("<p>a</p><p>b &amp; c</p>", "a\n\nb & c"), ("&lt;p&gt;a&lt;/p&gt;", "a"), ("a < b", "a < b"),
        ("x<script>alert(1)</script>y", "xy"), ("a\u00a0b\u200b", "a b"), ("1\r\n2\n\n\n\n3", "1\n2\n\n3"),
    ],
)  # fmt: skip
def test_markup_as_people_read_it(said: str, read: str) -> None:
    assert plain(said) == read
