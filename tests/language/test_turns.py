"""When time alone can change what an expression says: worked out, held against asking every moment."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.language import Expression, FactPath, History, compile_expression
from collector.language.turns import PACE_MS
from collector.samples import History as Remembered
from tests.language.test_functions import PATHS, TYPES

START = datetime(2026, 1, 15, 8, tzinfo=UTC)
START_MS = 1_768_464_000_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


def scope(at_ms: int = START_MS, history: History | None = None, **ci: Any) -> dict[str, Any]:
    now = START + timedelta(milliseconds=at_ms - START_MS)
    return {"ci": ci, "now": now, "param": {"days": 30, "ends": {"a": "2026-02-01T00:00:00Z"}}, "history": history}


def turn(source: str, names: dict[str, FactPath] | None = None, **ci: Any) -> int | None:
    at = compile_expression(source, names).next_turn(scope(**ci))
    return None if at is None else at - START_MS


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("now - timestamp(ci.at) > duration('1h')", HOUR + 1),
        ("now - timestamp(ci.at) >= duration('1h')", HOUR + 1),
        ("duration('1h') < now - timestamp(ci.at)", HOUR + 1),
        ("timestamp(ci.at) + duration('1h') < now", HOUR + 1),
        ("timestamp(ci.at) > now - duration('1h')", HOUR + 1),
        ("days_until('2026-02-15T08:00:00Z') < 30", DAY + 1),
        ("days_until('2026-02-15T08:00:00Z') < param.days && ci.at != ''", DAY + 1),
        ("!(days_until('2026-02-15T08:00:00Z') < 30.5)", DAY // 2 + 1),
        ("-days_until('2026-02-15T08:00:00Z') > -30", DAY + 1),
        ("now - timestamp(ci.at) > duration('2h') || now - timestamp(ci.at) > duration('1h')", HOUR + 1),
        ("param.ends.exists(name, days_until(param.ends[name]) < 16)", 16 * HOUR + 1),
        ("ci.at == ''", None),
        ("now - now > duration('1h')", None),
        ("now - timestamp(ci.at) > duration('-1h')", None),
        ("days_until('2026-01-01T00:00:00Z') < 30", None),
        ("now - timestamp(ci.missing) > duration('1h')", None),
        ("now.getHours('Asia/Shanghai') > 17", PACE_MS),
        ("days_until('2026-02-15T08:00:00Z') * 2.0 < 30.0", PACE_MS),
    ],
)
def test_the_next_moment_is_where_both_sides_meet(source: str, after: int | None) -> None:
    assert turn(source, at="2026-01-15T08:00:00Z") == after


def test_no_answer_changes_before_the_moment_that_was_worked_out() -> None:
    dice, turned = random.Random(5), 0
    atoms = (
        "now - timestamp(ci.a) {0} duration('{1}m')", "timestamp(ci.b) {0} now + duration('{1}m')",
        "days_until(ci.a) {0} {1}.0 / 1440.0", "now - duration('{1}m') {0} timestamp(ci.b)",
    )  # fmt: skip
    for _ in range(300):
        parts = [
            dice.choice(atoms).format(dice.choice(("<", "<=", ">", ">=", "==", "!=")), dice.randint(-300, 300))
            for _ in range(3)
        ]
        asked = compile_expression(f"{parts[0]} && !({parts[1]}) || {parts[2]}")
        facts = {name: _moment(dice.randint(-200, 200)) for name in ("a", "b")}
        turned += _followed(asked, facts)
    assert turned > 100, "they do change"


def _moment(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _followed(asked: Expression, facts: dict[str, str]) -> int:
    """Follow an answer from turn to turn over hours; return how often it changed, which it may nowhere else."""
    now, changed = START_MS, 0
    while now < START_MS + 12 * HOUR:
        at = asked.next_turn(scope(now, **facts))
        end = START_MS + 12 * HOUR if at is None else at - 1
        said = asked.judge(scope(now, **facts))
        for moment in {now + (end - now) * part // 7 for part in range(1, 8)}:
            # in the very moment of meeting == and <= may say something else; a ms later all have settled
            assert moment in (now, end) or asked.judge(scope(moment, **facts)) is said
        if at is None:
            return changed
        changed += asked.judge(scope(at, **facts)) is not said
        now = at
    return changed


@pytest.mark.parametrize(
    ("points", "after"),
    [
        ([(-HOUR, "up"), (0, "up")], None),  # nothing moved in it: nothing will, unless a fact does
        ([(-HOUR, "up"), (-MINUTE, "down"), (0, "up")], MINUTE),
        ([(-MINUTE, "up"), (0, "up")], 29 * MINUTE + 1),  # too short to say, until half of the span is there
        ([(0, "up")], 30 * MINUTE + 1),
        ([], 30 * MINUTE),
    ],
)
def test_a_look_back_is_asked_again_at_a_pace_of_its_own_while_its_past_moves(
    points: list[tuple[int, str]], after: int | None
) -> None:
    asked = compile_expression("changes(port, 'state', '1h') > 2", PATHS, TYPES)
    told = [(START_MS + at, value) for at, value in points]
    history = Remembered({("interfaces", "eth0", "state"): told})
    at = asked.next_turn({**scope(history=history), "port": {"name": "eth0", "state": "up"}})
    assert at == (None if after is None else START_MS + after)
