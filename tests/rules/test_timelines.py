"""Timelines: the shipped ones hold, and one that does not says where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collector.ruletests import playing, timelines
from collector.ruletests.timelines import Timeline, Unheard
from collector.yamlfile import BadFile
from tests.rules.shipped import SUITE

_ALL = [timeline for its in SUITE.timelines.values() for timeline in its]

TEXT = """
interval: 1m
timelines:
  - name: one
    rule: SRV-DISK-001
    ci: {health: [{metric: filesystem_used_ratio, instance: /, value: 0.0}]}
    series: {'health[filesystem_used_ratio|/].value': SERIES}
    expect: [{at: 11m, state: firing}]
    incidents: [{at: 10m, op: open}]
"""


def written(folder: Path, series: str, text: str = TEXT) -> Timeline:
    (folder / "one.yaml").write_text(text.replace("SERIES", series), encoding="utf-8")
    (timeline,) = timelines.load(folder)
    return timeline


@pytest.mark.parametrize("timeline", _ALL, ids=[each.name for each in _ALL])
def test_a_shipped_timeline_holds(timeline: Timeline) -> None:
    assert list(playing.faults(SUITE.book.rules[timeline.rule], timeline)) == []


def test_a_series_is_spelled_value_by_value(tmp_path: Path) -> None:
    (values,) = written(tmp_path, "1 2x2 0.5+0.25x2 _x2 !x1 up downx1 true").series.values()
    heard, failed = Unheard(failed=False), Unheard(failed=True)
    assert values == (1, 2, 2, 2, 0.5, 0.75, 1.0, heard, heard, failed, "up", "down", "down", True)


@pytest.mark.parametrize(
    ("was", "now", "why"),
    [
        ("SERIES", "0.95x99999", "no value, or too many"),
        ("filesystem_used_ratio|/]", "other|/]", "no such row"),
        (".value'", ".nothing'", "no field of a section"),
        ("at: 11m", "at: soon", "a duration"),
        ("op: open", "op: opened", "open or resolve expected"),
        ("expect: [{at: 11m, state: firing}]", "expect: []", "at least one"),
        ("name: one", "title: one", "unknown key title"),
    ],
)
def test_a_timeline_that_cannot_be_used_names_its_line(tmp_path: Path, was: str, now: str, why: str) -> None:
    with pytest.raises(BadFile, match=rf"one\.yaml:\d+: .*{why}"):
        written(tmp_path, "0.95x20", TEXT.replace(was, now))


@pytest.mark.parametrize(
    ("series", "why"),
    [
        ("0.8x20", "at 11m: firing expected, ok PASS"),
        ("0.95x4 0.8 0.95x20", "at 11m: firing expected, pending PROBLEM"),
        ("0.95x5 !x2 0.95x20", "at 11m: firing expected, pending PROBLEM"),
        ("0.8 0.95x20", "incidents: open at 11m"),
    ],
)
def test_what_does_not_hold_is_told(tmp_path: Path, series: str, why: str) -> None:
    told = list(playing.faults(SUITE.book.rules["SRV-DISK-001"], written(tmp_path, series)))
    assert any(each.startswith(why) for each in told), told


def test_a_rule_that_is_tried_out_opens_no_incident(tmp_path: Path) -> None:
    rule = SUITE.book.rules["SRV-DISK-001"]
    shadow = replace(rule, rule=replace(rule.rule, shadow=True))
    assert list(playing.faults(shadow, written(tmp_path, "0.95x20"))) == ["incidents: none"]
