"""Priorities follow what an incident has become: worse, wider, there again; never down by itself, nor over people."""

from __future__ import annotations

import pytest

from collector.desk.flow import Deed
from collector.services.incidents.seen import Seen
from collector.store import schema, sources
from collector.store.engine import Store, insert
from tests.collector.services.servicing import HOUR, Desk, alarm, at, opened

NUMBER = "INC-000001"


@pytest.fixture
async def desk(store: Store) -> Desk:
    return await opened(store)


async def depended_on(desk: Desk, ci_id: int, by: int) -> None:
    """Let so many CIs stand on one."""
    async with desk.store.write() as tx:
        await sources.ensure(tx, ["probe/a"])
        source = (await sources.load(tx, ["probe/a"]))["probe/a"].id
        rows = [
            {"id": number, "uid": f"ci-{number}", "ci_class": "server", "ci_type": "virtual_machine",
             "name": f"vm{number}", "state": "active", "created_at": 0}
            for number in range(100, 100 + by)
        ]  # fmt: skip
        await tx.execute(insert(tx, schema.ci), rows)
        await tx.execute(
            insert(tx, schema.relation),
            [
                {"a": row["id"], "kind": "runs_on", "b": ci_id, "source_id": source, "vf": 0, "lo": 0, "tf": 0}
                for row in rows
            ],
        )


def stands(seen: Seen) -> tuple[str, str, str, str]:
    return seen.row.severity, seen.row.priority, seen.row.impact, seen.row.urgency


def moved(seen: Seen) -> list[object]:
    return [mark.detail["priority"] for mark in seen.trail if mark.act == "reckon"]


async def test_an_alarm_that_turns_critical_raises_the_priority_and_its_clocks_go_by_that(desk: Desk) -> None:
    await desk.settle(alarm(urgency="low"))
    await desk.watch()
    first = await desk.look(NUMBER)
    assert (stands(first), first.row.resolution_due_at) == (("warning", "P4", "one", "low"), at("2026-03-09 09:00"))
    await depended_on(desk, 1, 3)
    await desk.settle(alarm(severity="critical", urgency="high"))
    await desk.watch()
    worse = await desk.look(NUMBER)
    assert stands(worse) == ("critical", "P2", "group", "critical")
    assert (worse.row.reckoning["cis"], moved(worse)) == (3, [["P4", "P2"]])
    assert worse.row.resolution_due_at == at("2026-03-02 17:00")
    assert (await desk.told())[-1] == f"{NUMBER}|updated"


async def test_what_is_less_bad_again_lowers_nothing_by_itself(desk: Desk) -> None:
    await desk.settle(alarm(severity="error"))
    await desk.settle(alarm(severity="warning"))
    seen = await desk.look(NUMBER)
    assert (seen.row.severity, seen.row.priority, moved(seen)) == ("warning", "P3", [])


async def test_what_a_person_said_of_the_priority_stands(desk: Desk) -> None:
    await desk.settle(alarm())
    await desk.do("meg", NUMBER, Deed.PRIORITISE, code="P4", text="a spare")
    await depended_on(desk, 1, 30)
    await desk.settle(alarm(severity="critical"))
    seen = await desk.look(NUMBER)
    assert (seen.row.severity, seen.row.priority, seen.row.reckoning["by"], moved(seen)) == (
        "critical",
        "P4",
        "meg",
        [],
    )


async def test_a_cause_that_joins_brings_the_impact_of_its_own_ci(desk: Desk) -> None:
    await depended_on(desk, 2, 30)
    await desk.settle(alarm("a", group="room"))
    assert stands(await desk.look(NUMBER)) == ("warning", "P4", "one", "medium")
    await desk.settle(alarm("a", group="room"), alarm("b", group="room", ci_id=2))
    seen = await desk.look(NUMBER)
    assert (stands(seen), moved(seen)) == (("warning", "P3", "room", "medium"), [["P4", "P3"]])


async def test_an_incident_opens_with_the_priority_of_the_most_urgent_of_its_causes(desk: Desk) -> None:
    await depended_on(desk, 2, 200)
    await desk.settle(alarm("a", "error", group="room"), alarm("b", "critical", group="room", ci_id=2))
    assert stands(await desk.look(NUMBER)) == ("critical", "P1", "site", "critical")


async def test_several_cis_that_fail_together_are_more_than_one_device(desk: Desk) -> None:
    await desk.settle(*(alarm(f"a{number}", "critical", group="rack", ci_id=number) for number in (1, 2, 3)))
    assert stands(await desk.look(NUMBER)) == ("critical", "P2", "group", "critical")


async def test_several_alarms_of_one_ci_are_one_device(desk: Desk) -> None:
    await desk.settle(*(alarm(key, group="alarms|ci-1|x") for key in "abc"))
    await desk.settle(*(alarm(key, group="alarms|ci-1|x") for key in "abcd"))
    seen = await desk.look(NUMBER)
    assert (stands(seen), moved(seen)) == (("warning", "P4", "one", "medium"), [])


async def test_what_comes_back_is_reckoned_as_it_is_now(desk: Desk) -> None:
    await desk.settle(alarm(severity="critical"))
    await desk.settle()
    desk.now += HOUR
    await desk.settle(alarm(severity="notice"))
    seen = await desk.look(NUMBER)
    assert (stands(seen), moved(seen)) == (("notice", "P4", "one", "low"), [["P3", "P4"]])
    assert (await desk.told())[-1] == f"{NUMBER}|reopened"


async def test_to_say_the_same_again_reckons_nothing_anew(desk: Desk) -> None:
    await desk.settle(alarm())
    await depended_on(desk, 1, 30)
    await desk.settle(alarm())
    seen = await desk.look(NUMBER)
    assert (seen.row.priority, moved(seen)) == ("P4", [])
