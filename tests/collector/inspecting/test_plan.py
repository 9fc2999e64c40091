"""Plans: what is written is read again, and what cannot be meant is refused with the place it stands at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from collector.config import Settings
from collector.inspecting import scope, templates
from collector.inspecting.plan import BadPlan, of_values, values_of
from collector.rulebook import load as load_rules
from collector.yamlfile import BadFile

WORD = {"zh": "正常", "en": "In order"}
VALUES: dict[str, Any] = {
    "title": {"zh": "机房日巡检", "en": "Machine room, daily"},
    "schedule": {"rrule": "FREQ=DAILY;BYHOUR=8;BYMINUTE=35"},
    "assignee": "ada",
    "checks": ["ENV-*", "pack:power"],
    "items": [{"id": "M-FIRE", "text": "消防", "options": [{"text": WORD}, {"text": "异常", "ok": False}]}],
}


def test_a_plan_is_read_again_as_it_was_written() -> None:
    plan = of_values(VALUES)
    assert of_values(json.loads(json.dumps(values_of(plan)))) == plan
    assert plan.items[0].text == {"zh": "消防", "en": "消防"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"titel": "x"}, "titel"),
        ({"title": ""}, "title"),
        ({"title": "a\x07"}, "title.zh"),
        ({"assignee": " "}, "assignee"),
        ({"deputy": "ada"}, "deputy"),
        ({"checks": ["lower-case"]}, "checks"),
        ({"checks": ["X"] * 201}, "checks"),
        ({"checks": [], "items": []}, "checks"),
        ({"schedule": {"rrule": "FREQ=DAILY", "due_ms": True}}, "schedule.due_ms"),
        ({"schedule": {"rrule": "FREQ=DAILY", "ahead_ms": -1}}, "schedule.ahead_ms"),
        ({"scope": {"classes": "server"}}, "scope.classes"),
        ({"items": [{"id": "M-1", "text": "x"}]}, "items[1].options"),
        ({"items": [{"id": "m 1", "text": "x", "answer": "text"}]}, "items[1].id"),
        ({"items": [{"id": "M", "text": "x", "answer": "text", "low": 1}]}, "items[1].low"),
        ({"items": [{"id": "M", "text": "x", "answer": "reading", "low": 2, "high": 1}]}, "items[1].low"),
        ({"items": [{"id": "M", "text": "x", "answer": "reading", "low": float("nan")}]}, "items[1].low"),
        ({"items": [{"id": "M", "text": "x", "answer": "text"}] * 2}, "items"),
        ({"items": [[]]}, "items"),
        ({"review": "yes"}, "review"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadPlan) as refused:
        of_values(VALUES | change)
    assert refused.value.field == field


def test_every_template_that_is_shipped_asks_rules_that_are_shipped() -> None:
    folder = Settings().rules_folder
    rules = load_rules(folder / "packs").rules.values()
    found = templates.load(folder / "plans")
    assert {"machine_room_daily", "network_weekly", "server_weekly", "security_weekly", "application_monthly",
            "emergency_drill"} <= set(found)  # fmt: skip
    idle = {name for name, plan in found.items() if plan.checks and not scope.chosen(plan, rules)}
    assert idle == set()


def test_a_template_with_a_mistake_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("title: x\nschedule: {rrule: FREQ=HOURLY}\nchecks: [A]\n", encoding="utf-8")
    with pytest.raises(BadFile, match=r"x\.yaml:2: schedule\.rrule"):
        templates.load(tmp_path)
    (tmp_path / "x.yaml").write_text("title: x\nchecks: [A]\nschedule: {rrule: FREQ=DAILY, due: soon}\n")
    with pytest.raises(BadFile, match=r"x\.yaml:3: a span"):
        templates.load(tmp_path)
