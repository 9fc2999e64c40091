"""Storms through a real store: many alarms at once become few incidents, and what they were when it is calm again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from collector.desk.table import Table
from collector.model import Cause
from collector.pipeline import judging, storming
from collector.pipeline.judged import Judged
from collector.pipeline.policies import Policies
from collector.store import schema
from collector.store.engine import Store, insert
from tests.bench.bench_storm import ALARMS, SLOW, STOOD, storm, with_fans
from tests.collector.reach.estate import MINUTE, Estate
from tests.store.ground import with_channels
from wire.observation import Status


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Policies:
    return with_fans(tmp_path_factory.mktemp("rules") / "rules")


async def test_no_alarm_of_a_storm_is_lost_and_its_incidents_are_its_roots(
    sqlite_store: Store, rules: Policies
) -> None:
    await with_channels(sqlite_store, "webhook")
    seen = await storm(sqlite_store, 320, 5, rules)  # so many are behind each that their incidents weigh more
    assert seen.alarms > 290 // 2 * ALARMS
    assert (seen.lost, seen.incidents, seen.resolved, seen.messages) == (0, seen.roots, 0, seen.roots)


class Alarming:
    """CIs that all answer, whose fans fail."""

    def __init__(self, store: Store, rules: Policies, size: int) -> None:
        self.estate, self.rules, self.size = Estate(store, size, (), rules), rules, size

    async def build(self) -> None:
        await self.estate.build()
        await self.estate.minutes(2)

    async def fans(self, value: float, those: range | None = None) -> None:
        """Let one fan of each of them turn so fast, and judge what is told of it."""
        numbers = list(those or range(2, self.size + 1))
        body = json.dumps([{"name": "fan 1", "kind": "fan", "value": value}]).encode()
        told = {"name": "sensors", "status": int(Status.OK), "last_try": self.estate.now, "last_ok": self.estate.now,
                "revision": 1, "hash": b"1", "body": body}  # fmt: skip
        async with self.estate.store.write() as tx:
            statement = insert(tx, schema.section)
            fresh = statement.on_conflict_do_update(
                index_elements=["ci_id", "source_id", "name"], set_={"body": body, "last_ok": self.estate.now}
            )
            await tx.execute(fresh, [{**told, "ci_id": each, "source_id": each} for each in numbers])
            moved: dict[int, Any] = {each: {"sensors": None} for each in numbers}
            await judging.judge(tx, moved, (), self.rules, self.estate.now, Judged())

    async def kinds(self) -> list[str]:
        return sorted(each.kind for each in await self.estate.incidents())

    async def held(self) -> dict[int, int]:
        """Return CI → in how many open incidents its alarm is."""
        open_ones = {each.id for each in await self.estate.incidents()}
        found: dict[int, int] = {}
        for row in await self.estate.rows(schema.incident_cause):
            if row.ended_at is None and row.incident_id in open_ones and row.ci_id is not None:
                found[row.ci_id] = found.get(row.ci_id, 0) + 1
        return found


@pytest.fixture
async def alarming(store: Store, rules: Policies) -> Alarming:
    made = Alarming(store, rules, 81)
    await made.build()
    return made


async def test_beyond_thirty_incidents_in_five_minutes_one_takes_the_rest_until_it_is_calm(alarming: Alarming) -> None:
    await alarming.fans(STOOD)
    assert await alarming.kinds() == ["alert"] * 30 + ["storm"]
    assert await alarming.held() == dict.fromkeys(range(2, 82), 1)
    (one,) = [each for each in await alarming.estate.incidents() if each.kind == "storm"]
    assert (one.priority, one.impact, one.urgency) == ("P1", "room", "critical"), "so many hosts at once are no device"
    await alarming.fans(STOOD)
    assert await alarming.kinds() == ["alert"] * 30 + ["storm"], "looking again moves nothing"
    await alarming.estate.minutes(7)
    assert "storm" not in await alarming.kinds()
    assert await alarming.held() == dict.fromkeys(range(2, 82), 1), "it split by category, and nothing is lost"
    assert len(await alarming.estate.incidents()) == 31
    await alarming.fans(900)
    assert not await alarming.estate.incidents()


async def test_a_storm_that_passes_by_itself_ends(alarming: Alarming) -> None:
    await alarming.fans(SLOW)
    (one,) = [each for each in await alarming.estate.incidents() if each.kind == "storm"]
    assert one.priority == "P3", "warnings, however many"
    await alarming.fans(900)
    assert await alarming.kinds() == ["storm"]
    await alarming.estate.minutes(7)
    assert not await alarming.estate.incidents()


async def test_few_alarms_are_no_storm(alarming: Alarming) -> None:
    await alarming.fans(SLOW, range(2, 32))
    assert await alarming.kinds() == ["alert"] * 30
    alarming.estate.now += 6 * MINUTE
    await alarming.fans(SLOW, range(32, 40))
    assert await alarming.kinds() == ["alert"] * 38


async def test_alarms_that_came_before_anybody_knew_why_end_in_the_incident_of_the_root(
    sqlite_store: Store, rules: Policies, tmp_path: Path
) -> None:
    made = Alarming(sqlite_store, rules, 12)
    made.estate = Estate(sqlite_store, 12, [(1, 2), (2, 3), *((3, number) for number in range(4, 13))], rules)
    await made.build()
    await made.fans(SLOW, range(4, 8))
    assert await made.kinds() == ["alert"] * 4
    await made.estate.minutes(3, range(3, 13))
    (incident,) = [each for each in await made.estate.incidents() if each.ci_id == 3]
    members = await made.estate.members(incident.id)
    assert members[3] == "cause"
    assert {members[number] for number in range(4, 13)} == {"victim"}


async def test_what_is_behind_a_root_that_is_told_in_a_storm_is_told_there_until_the_root_is_again(
    sqlite_store: Store, rules: Policies
) -> None:
    made = Alarming(sqlite_store, rules, 50)
    wires = [*((1, number) for number in range(2, 41)), *((40, number) for number in range(41, 51))]
    made.estate = Estate(sqlite_store, 50, wires, rules)
    await made.build()
    await made.fans(SLOW, range(2, 34))
    (storm,) = [each for each in await made.estate.incidents() if each.kind == "storm"]
    await made.estate.minutes(3, range(40, 51))
    members = await made.estate.members(storm.id)
    assert [members.get(number) for number in (40, 41, 50)] == ["cause", "victim", "victim"]
    await made.estate.minutes(7, range(40, 51))
    (root,) = [each for each in await made.estate.incidents() if each.ci_id == 40]
    members = await made.estate.members(root.id)
    assert [members.get(number) for number in (40, *range(41, 51))] == ["cause", *["victim"] * 10]


async def test_what_moved_without_approval_is_no_storm_however_much_there_is(sqlite_store: Store) -> None:
    texts = {"zh": "", "en": ""}
    found = [
        Cause(f"finding|{number}", number, "unapproved_change", "warning", texts, {}, 1) for number in range(1, 90)
    ]
    async with sqlite_store.write() as tx:
        assert await storming.absorb(tx, found, {}, Table(), 1) == found
