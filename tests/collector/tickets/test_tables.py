"""What the products call things: the shipped table, and what a system says in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.change.record import ChangeType
from collector.config import shipped_rules
from collector.tickets import tables
from collector.tickets.system import Stand, System
from collector.tickets.tables import fold, under
from collector.yamlfile import BadFile

WORDS = tables.load(shipped_rules() / "tickets.yaml")


def test_words_are_compared_without_case_blanks_and_width() -> None:
    table = WORDS["jira"]
    assert table.type_of(" standard ") is ChangeType.STANDARD
    assert table.stand_of("work IN progress") is Stand.WORKING
    assert WORDS["glpi"].type_of("重大变更") is ChangeType.MAJOR
    assert table.type_of("Routine") is None, "a word nobody wrote down is not guessed"


def test_a_minus_counts() -> None:
    assert WORDS["servicenow"].stand_of("-4") is Stand.ASKED
    assert WORDS["servicenow"].stand_of("4") is Stand.WITHDRAWN
    assert (fold("-4"), fold("4")) == ("-4", "4")


def test_what_a_system_says_itself_goes_before() -> None:
    own = System(
        "s", "servicenow", "", types={"Normal": "major"}, states={"-2": "asked"}, days=3, fields={"title": ("u_title",)}
    )
    table = under(WORDS["servicenow"], own)
    assert (table.type_of("normal"), table.stand_of("-2")) == (ChangeType.MAJOR, Stand.ASKED)
    assert table.query == "sys_updated_on>=javascript:gs.daysAgoStart(3)"
    assert (table.fields["title"], table.fields["reference"]) == (("u_title",), ("number",))


def test_a_withdrawn_change_came_nowhere() -> None:
    assert Stand.DONE.reached(Stand.APPROVED)
    assert not Stand.WITHDRAWN.reached(Stand.DRAFT)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("itop: {}", "glpi is missing"),
        ("itop: {fields: {title: name}, types: {}, states: {}}", "a list of their fields"),
        ("itop: {fields: {colour: [name]}, types: {}, states: {}}", "colour"),
        ("itop: {fields: {}, types: {x: odd}, states: {}}", "odd: one of standard"),
        ("itop: {fields: {}, types: {}, states: {x: odd}}", "odd: one of draft"),
        ("itop: {fields: {}, types: {}, states: {}, approvals: [{who: a}]}", "is missing"),
    ],
)
def test_a_table_that_cannot_be_used_names_its_line(tmp_path: Path, text: str, why: str) -> None:
    rest = "" if text == "itop: {}" else "\nglpi: {}\nservicenow: {}\njira: {}"
    file = tmp_path / "tickets.yaml"
    file.write_text(text + rest, encoding="utf-8")
    with pytest.raises(BadFile, match=why):
        tables.load(file)
