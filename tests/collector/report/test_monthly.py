"""The monthly report against a month one can count on one's fingers, on both databases."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from collector import workcalendar
from collector.desk import table as desk_table
from collector.report.value import Report
from collector.services.refused import Refused
from collector.services.reports import monthly, months
from collector.services.reports.asked import Asked
from collector.store import schema
from collector.store.engine import Store, insert

RULES = Path("rules")
HOUR = 3_600_000
DESK = desk_table.load(RULES / "desk.yaml", workcalendar.load(RULES / "calendars"))
CN = dt.timezone(dt.timedelta(hours=8))


def _at(month: int, day: int, hour: float) -> int:
    return int(dt.datetime(2026, month, day, tzinfo=CN).timestamp() * 1000 + hour * HOUR)


async def _incident(store: Store, opened: int, intervals: list[tuple[str, int, int | None]], **values: Any) -> None:
    """Write an incident and its intervals: (state, line, until)."""
    async with store.write() as tx:
        row = {
            "number": f"INC-{opened}", "cause_key": f"k{opened}", "kind": "user", "severity": "warning",
            "state": "resolved", "title": "{}", "detail": "{}", "opened_at": opened, "causes": 0, "victims": 0,
        }  # fmt: skip
        done = await tx.execute(insert(tx, schema.incident).values(row | values).returning(schema.incident.c.id))
        key, since = done.scalar_one(), opened
        for state, line, until in intervals:
            interval = {"incident_id": key, "state": state, "line": line, "since": since, "until": until}
            await tx.execute(insert(tx, schema.incident_interval).values(interval))
            since = until or since


async def _month(store: Store) -> None:
    """P2: an answer within 30 minutes of working time, solved within 8 hours of it."""
    # Wednesday 9:00, answered at 9:10, solved at 12:00 by line one, five of five
    at = _at(9, 2, 9)
    await _incident(
        store, at, [("new", 1, at + HOUR // 6), ("in_progress", 1, at + 3 * HOUR), ("resolved", 1, None)],
        resolved_at=at + 3 * HOUR, priority="P2", source="user", category="network", assignee="ann", line=1,
        resolution_code="fixed", score=5,
    )  # fmt: skip
    # Friday 17:00, answered an hour later on the clock: half an hour of it was work; solved Monday 9:00
    at = _at(9, 11, 17)
    await _incident(
        store, at, [("new", 2, _at(9, 12, 10)), ("in_progress", 2, _at(9, 14, 9)), ("resolved", 2, None)],
        resolved_at=_at(9, 14, 9), priority="P2", source="monitoring", assignee="bea", line=2,
        resolution_code="fixed", reopened=1,
    )  # fmt: skip
    # opened in August, solved in September: counted where it was solved
    at = _at(8, 31, 9)
    await _incident(
        store, at, [("new", 1, at + HOUR), ("in_progress", 1, _at(9, 3, 9)), ("resolved", 1, None)],
        resolved_at=_at(9, 3, 9), priority="P2", source="user", assignee="ann", line=1, resolution_code="fixed",
    )  # fmt: skip
    # told in another one, and one that nobody took up to the end of the month
    await _incident(store, _at(9, 7, 9), [("merged", 1, None)], state="merged", resolved_at=_at(9, 7, 10))
    await _incident(store, _at(9, 30, 12), [("new", 1, None)], state="new", resolved_at=None, priority="P2")


async def _report(store: Store, **asked: Any) -> Report:
    async with store.read() as connection:
        return await monthly.make(connection, Asked(_at(10, 8, 12), desk=DESK, **asked))


async def _rows(report: Report, name: str) -> dict[Any, tuple[Any, ...]]:
    table = report.table(name)
    assert table is not None
    return {row[0]: row[1:] for row in (await table.fetch(None)).rows}


async def test_the_last_whole_month_is_counted_as_people_would(store: Store) -> None:
    await _month(store)
    report = await _report(store)
    assert {each.name: each.value for each in report.parameters} == {
        "since": _at(9, 1, 0), "until": _at(10, 1, 0), "zone": "UTC+08:00",
    }  # fmt: skip
    assert dict(monthly.headline(report)) == {
        "incidents_opened": 3, "incidents_resolved": 3, "incidents_left": 1, "answered": pytest.approx(1 / 3),
        "solved": pytest.approx(2 / 3), "first_line": pytest.approx(2 / 3), "reopened": pytest.approx(1 / 3),
        "hours": round((3 + 64 + 72) / 3, 1), "score": 5.0, "scored": 1,
    }  # fmt: skip
    assert await _rows(report, "by_source") == {
        "monitoring": (2, 1, 0.0, 1.0, 64.0), "user": (1, 2, 1.0, 0.5, 37.5),
    }  # fmt: skip
    assert (await _rows(report, "by_handler"))["ann"] == (1, 2, 1.0, 0.5, 37.5, 5.0)
    trend = await _rows(report, "trend")
    assert (len(trend), trend["2026-08"], trend["2026-09"]) == (12, (1, 0, None), (3, 3, 46.3))


async def test_a_change_nobody_saw_something_of_is_counted_once_in_the_month_it_was_missed(store: Store) -> None:
    async with store.write() as tx:
        ci = {"uid": "u1", "name": "web-01", "ci_class": "server", "ci_type": "pc_server", "state": "active",
              "created_at": 1}  # fmt: skip
        ci_id = (await tx.execute(insert(tx, schema.ci).values(ci).returning(schema.ci.c.id))).scalar_one()
        for number, days in enumerate(((2, 20), (29,))):
            change = {
                "number": f"CHG-{number}", "version": 1, "type": "standard", "state": "implemented",
                "initiator": "ann", "created_at": 1, "moved_at": 1, "title": "kernel", "reason": "old",
                "implementer": "cid", "requested_at": 1, "planned_at": 1,
            }  # fmt: skip
            made = await tx.execute(insert(tx, schema.change).values(change).returning(schema.change.c.id))
            its = {"change_id": made.scalar_one(), "ci_id": ci_id, "over_at": 1}
            for place, day in enumerate(days):
                await tx.execute(
                    insert(tx, schema.unverified).values(its | {"place": place, "opened_at": _at(9, day, 9)})
                )
    assert (await _rows(await _report(store), "unapproved"))["2026-09"] == (0, 0, 2)
    assert (await _rows(await _report(store, classes=("network",)), "unapproved"))["2026-09"] == (0, 0, 0)


async def test_any_time_can_be_asked_for_and_an_empty_one_says_nothing(store: Store) -> None:
    await _month(store)
    august = months.period("2026-08", DESK.calendar)
    figures = monthly.headline(await _report(store, since=august.since, until=august.until))
    assert [figures[name] for name in ("incidents_opened", "incidents_resolved", "incidents_left")] == [1, 0, 1]
    assert [figures[name] for name in ("answered", "solved", "first_line", "hours", "score")] == [0.0] + [None] * 4
    servers = monthly.headline(await _report(store, classes=("server",)))
    assert servers["incidents_opened"] == 0


@pytest.mark.parametrize("month", ["", "2026-13", "1999-12", "2100-01", "２０２６-01", "2026-1", "2026-11-01"])
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(Refused):
        months.period(month, DESK.calendar)


def test_the_months_of_a_year_follow_each_other_over_its_end() -> None:
    period = months.period("2026-02", DESK.calendar)
    assert months.up_to(period.until, DESK.calendar, 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert months.last_whole(_at(1, 1, 0), DESK.calendar) == months.period("2025-12", DESK.calendar)
