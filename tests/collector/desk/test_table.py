"""The table of the desk: what it says as it is shipped, and what it refuses with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.desk import table
from collector.desk.priority import Affected, reckon
from collector.desk.table import IMPACTS, URGENCIES
from collector.workcalendar import Calendar
from collector.yamlfile import BadFile

SHIPPED = Path(__file__).parents[3] / "rules" / "desk.yaml"
TABLE = table.load(SHIPPED, Calendar())


def test_more_impact_or_more_urgency_is_never_less_urgent() -> None:
    ranks = [[TABLE.matrix[impact, urgency] for urgency in URGENCIES] for impact in IMPACTS]
    assert all(row == sorted(row, reverse=True) for row in ranks)
    assert all(list(column) == sorted(column, reverse=True) for column in zip(*ranks, strict=True))
    assert (ranks[0][0], ranks[-1][-1]) == ("P4", "P1")


@pytest.mark.parametrize(
    ("affected", "severity", "urgency", "priority"),
    [
        (Affected(), "warning", "", "P4"), (Affected(), "error", "", "P3"), (Affected(1, 1), "critical", "", "P2"),
        (Affected(41, 2), "warning", "", "P3"), (Affected(200, 0), "error", "", "P1"),
        (Affected(41, 2), "critical", "medium", "P2"), (Affected(41, 2), "warning", "critical", "P1"),
        (Affected(0, 5), "notice", "", "P3"), (Affected(), "unheard of", "", "P4"),
    ],
)  # fmt: skip
def test_priority_is_what_depends_on_it_by_how_soon_it_matters(
    affected: Affected, severity: str, urgency: str, priority: str
) -> None:
    assert reckon(TABLE, affected, severity, urgency).priority == priority


def test_the_line_is_told_by_class_and_by_the_beginning_of_the_place() -> None:
    assert (TABLE.line("network", ""), TABLE.line("pc", "A/1"), TABLE.line("", "")) == (2, 1, 1)
    routed = table.Table(routes=(table.Route(frozenset({"pc"}), ("B/",), 3), table.Route(frozenset(), (), 1)))
    assert (routed.line("pc", "B/2"), routed.line("pc", "A/2"), routed.line("server", "B/2")) == (3, 1, 1)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("P1, high: P1", "P0, high: P1", "one of P1"), ("  one: {", "  two: {", "unknown key"),
        ("response_minutes: 15", "response_minutes: 0", "a whole number"), ("line: 2,", "line: 4,", "a whole number"),
        ("classes: [network,", "classes: [networks,", "no such class"),
        ("calendar: always", "calendar: never", "one of"),
        ("{stops: true, zh: 等待备件", "{stops: often, zh: 等待备件", "true or false"),
        ("zh: 已修复, ", "", "zh is missing"), ("{level: site,", "{level: planet,", "one of group"),
        ("reason: within the working day", "reason: ''", "text expected"),
        ("categories: [security]", "categories: [safety]", "no such category"),
        ("{line: 2, response_percent", "{line: 3, response_percent", "from 1 to 2"),
        ("warn_percent: 75", "warn: 75", "unknown key"), ("score_within_days: 14", "score_within_days: 0", "a whole"),
    ],
)  # fmt: skip
def test_a_table_that_is_wrong_is_refused(tmp_path: Path, before: str, after: str, why: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "desk.yaml").write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(BadFile, match=why) as caught:
        table.load(tmp_path / "desk.yaml", Calendar())
    assert "desk.yaml:" in str(caught.value)


@pytest.mark.parametrize(
    ("sort", "category"),
    [
        ("server/hardware", "hardware"), ("server/cpu", "system"), ("server/network", "network"),
        ("network/link", "network"), ("security/login", "account"), ("security/exposure", "security"),
        ("printing", "printing"), ("", ""), ("monitoring", "monitoring"), ("retired/word", "other"),
    ],
)  # fmt: skip
def test_what_a_rule_calls_its_alarms_is_kept_under_a_category_people_know(sort: str, category: str) -> None:
    assert TABLE.category(sort) == category


def test_without_categories_a_sort_stays_what_it_is() -> None:
    assert table.BUILT_IN.category("server/cpu") == "server/cpu"


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("  printing: [", "  printer: [", "unknown key printer"),
        ("account: [security/account", "account: [server/hardware", "server/hardware is of hardware already"),
    ],
)
def test_a_sort_is_of_one_category_and_of_one_there_is(tmp_path: Path, before: str, after: str, why: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "desk.yaml").write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(BadFile, match=why):
        table.load(tmp_path / "desk.yaml", Calendar())
