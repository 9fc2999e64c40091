"""Watches: what plans cover and sweeps know is asked every minute, by a sweep that keeps no ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from collector.security.vault import Vault
from collector.services import credentials, sweeps
from collector.services.credentials import NewCredential
from collector.services.sweeps import NewPlan, Taker, lateness, watching
from collector.store import agents, probes, reach, schema
from collector.store.agents import NewAgent
from collector.store.engine import Store, insert
from collector.store.sweep_plans import PlanRow
from tests.acts import act
from wire.ranges import ranges
from wire.sweep import Progress, SweepTask, TargetRow

VAULT = Vault([bytes(32)])
MINUTE = 60_000
NOON = int(datetime(2026, 11, 27, 12, 0, tzinfo=UTC).timestamp() * 1000)
COVERED, OTHER = ("10.1.0.1", "10.1.0.2"), "10.9.0.1"
PLAN: dict[str, Any] = {"ranges": ["10.1.0.0/24"], "snmp_port": 1161, "until": "explore"}


@dataclass
class Net:
    """A store with one probe, three known devices and one plan that covers two of them."""

    store: Store
    probe: int = 0
    now: int = NOON

    async def build(self) -> None:
        async with self.store.write() as tx:
            new = NewAgent("probe-1", b"p", "s", 1, 1, hostname="probe")
            self.probe = (await agents.create(tx, new)).id
            await probes.appoint(tx, "probe-1", [""])
            for number, address in enumerate((*COVERED, OTHER), 1):
                await tx.execute(insert(tx, schema.ci).values(
                    id=number, uid=f"ci-{number}", ci_class="network", ci_type="switch", name=f"sw{number}",
                    state="active", created_at=0,
                ))  # fmt: skip
                await tx.execute(
                    insert(tx, schema.source).values(id=100 + number, code=f"snmp//{address}", kind="snmp")
                )
                await tx.execute(insert(tx, schema.subject_ci).values(
                    source_id=100 + number, ci_id=number, role="host", matched_by="serial", since=0
                ))  # fmt: skip

    async def plan(self, **more: Any) -> None:
        async with self.store.write() as tx:
            await sweeps.create_plan(act(tx, at=NOON), NewPlan("campus", "", {**PLAN, **more}))

    async def due(self) -> int:
        async with self.store.write() as tx:
            return await watching.due(tx, self.now)

    async def take(self) -> SweepTask | None:
        async with self.store.write() as tx:
            return await sweeps.take(tx, VAULT, Taker(self.probe), self.now, UTC)

    async def tell(self, uid: str, *rows: TargetRow, ended: bool = False) -> bool:
        async with self.store.write() as tx:
            return await sweeps.progress(tx, self.probe, Progress(uid, {}, rows, "2", ended), self.now, UTC)

    async def looks(self) -> dict[str, dict[str, Any]]:
        async with self.store.read() as reader:
            return {address: dict(each.methods) for (_, address), each in (await reach.looks(reader)).items()}

    async def late(self) -> int:
        async with self.store.read() as reader:
            (probe,) = await lateness.read(reader, self.now)
        return probe.delays[""]

    async def owed(self) -> dict[int, int | None]:
        async with self.store.read() as reader:
            return await lateness.due_of(reader, [self.probe])

    async def count(self, table: Any, *where: Any) -> int:
        async with self.store.read() as reader:
            return int((await reader.execute(select(func.count()).select_from(table).where(*where))).scalar_one())


@pytest.fixture
async def net(sqlite_store: Store) -> Net:
    made = Net(sqlite_store)
    await made.build()
    return made


def found(address: str, at: int, *signs: str, stage: str = "sweep") -> TargetRow:
    told = json.dumps({"signs": ",".join(signs)} if signs else {})
    return TargetRow(address, stage, "" if signs else "no_answer", found_json=told, at_ms=at, alive=bool(signs))


async def test_nothing_is_watched_that_no_plan_covers(net: Net) -> None:
    assert await net.due() == 0
    await net.plan()
    assert await net.due() == 1
    task = await net.take()
    assert task is not None
    assert (task.until, ranges(task.ranges), task.snmp_port) == ("alive", ranges(COVERED), 1161)


async def test_it_is_begun_again_a_minute_later_once_it_has_ended_and_not_before(net: Net) -> None:
    await net.plan()
    await net.due()
    first = await net.take()
    assert first is not None
    net.now += 2 * MINUTE
    assert await net.due() == 0, "it is under way"
    await net.tell(first.uid, found(COVERED[0], net.now, "icmp"), ended=True)
    assert await net.due() == 1
    second = await net.take()
    assert second is not None
    assert second.cursor == ""
    assert await net.tell(first.uid, ended=True), "a late word of the one before ends nothing"
    net.now += MINUTE
    assert await net.due() == 0, "the second is under way"
    await net.tell(second.uid, ended=True)
    assert await net.due() == 1
    net.now += MINUTE - 1
    assert await net.due() == 0


async def test_what_no_plan_covers_any_more_is_watched_no_more_and_nobody_is_late(net: Net) -> None:
    await net.plan()
    await net.due()
    task = await net.take()
    assert task is not None
    await net.tell(task.uid, ended=True)
    async with net.store.write() as tx:
        await sweeps.remove_plan(act(tx, at=NOON), (await sweeps.plans(tx))[0].uid)
    for _ in range(3):
        net.now += MINUTE
        assert await net.due() == 0
    assert await net.take() is None
    assert await net.owed() == {net.probe: net.now + MINUTE}
    await net.plan()
    net.now += MINUTE
    assert await net.due() == 1
    assert await net.late() == 0


async def test_a_late_watch_keeps_its_minute_and_says_how_late_it_was(net: Net) -> None:
    await net.plan()
    await net.due()
    assert await net.late() == 0
    net.now += 30_000
    assert await net.late() == 30_000, "nobody took it yet"
    first = await net.take()
    assert first is not None
    net.now += MINUTE
    assert await net.late() == 30_000, "it began so late"
    await net.tell(first.uid, ended=True)
    assert await net.due() == 1
    assert await net.late() == 30_000, "it waits since its minute began"
    second = await net.take()
    assert second is not None
    await net.tell(second.uid, ended=True)
    net.now += 30_000
    assert await net.due() == 1
    assert await net.late() == 0


async def test_a_blackout_is_no_delay_and_nothing_can_be_said_of_the_next_watch_meanwhile(net: Net) -> None:
    await net.plan(blackout=[{"from": "11:00", "to": "12:30"}])
    await net.due()
    assert await net.owed() == {net.probe: NOON}
    assert await net.take() is None
    net.now += 10 * MINUTE
    assert (await net.late(), await net.owed()) == (0, {net.probe: None})
    net.now += 20 * MINUTE
    assert await net.take() is not None
    assert (await net.late(), await net.owed()) == (0, {net.probe: NOON + MINUTE})


async def test_rules_and_metrics_know_what_a_probe_has_to_do(store: Store) -> None:
    net = Net(store)
    await net.build()
    async with net.store.read() as reader:
        assert await lateness.due_of(reader, [net.probe]) == {}
    await net.plan()
    await net.due()
    async with net.store.write() as tx:
        await sweeps.start(act(tx, at=NOON), (await sweeps.plans(tx))[0].uid)
    assert await net.take() is not None
    async with net.store.read() as reader:
        (probe,) = await lateness.read(reader, net.now)
        assert await lateness.due_of(reader, [net.probe, 99]) == {net.probe: NOON + MINUTE}
    assert (probe.host, probe.delays) == ("probe", {"": 0})
    assert probe.sweeps == {
        ("watch", "running"): 1, ("watch", "waiting"): 0, ("explore", "running"): 0, ("explore", "waiting"): 1,
    }  # fmt: skip


@pytest.mark.parametrize(("rates", "pace"), [
    ([500, 500], 500), ([2000, 2000], 500), ([100], 80), ([20, 2000], 32), ([2000, 20], 32), ([1], 1),
])  # fmt: skip
async def test_no_network_is_asked_faster_than_its_plan_allows(net: Net, rates: list[int], pace: int) -> None:
    """Two subnets, a device in each: half of what is sent goes to either."""
    ranges_ = ["10.1.0.0/24", "10.9.0.0/24"] if len(rates) > 1 else ["10.0.0.0/12"]
    async with net.store.write() as tx:
        for rate, where in zip(rates, ranges_, strict=True):
            new = NewPlan(where, "", {**PLAN, "ranges": [where], "exclusions": [COVERED[1]], "rate": rate})
            await sweeps.create_plan(act(tx, at=NOON), new)
    await net.due()
    task = await net.take()
    assert task is not None
    assert (task.rate_pps, ranges(task.ranges)) == (pace, ranges([COVERED[0], OTHER]))


def test_a_large_zone_is_asked_faster_where_its_plan_allows_that() -> None:
    said = watching._settings([_plan(rate=20_000)], [f"10.1.{n >> 8}.{n & 255}" for n in range(1, 10_001)])
    assert json.loads(said)["rate"] == 1_000, "half a minute for ten thousand devices"
    assert json.loads(watching._settings([_plan(rate=500)], ["10.1.0.1"]))["rate"] == 400


def _plan(**more: Any) -> PlanRow:
    settings = json.dumps({**PLAN, "ranges": ["10.1.0.0/16"], **more})
    return PlanRow(1, "p", "campus", "", settings, "", "on", 0, "ada", 0)


async def test_what_answered_is_kept_by_address_and_the_ledger_stays_empty(net: Net) -> None:
    await net.plan()
    await net.due()
    task = await net.take()
    assert task is not None
    await net.tell(task.uid, found(COVERED[0], net.now, "icmp", "snmp"), found(COVERED[1], net.now))
    looks = await net.looks()
    assert set(looks) == {COVERED[0]}, "who never answered is nobody to miss"
    assert looks[COVERED[0]]["icmp"].answered_at == net.now
    net.now += MINUTE
    await net.tell(task.uid, found(COVERED[0], net.now))
    assert (await net.looks())[COVERED[0]]["snmp"].misses == 1
    assert await net.count(schema.sweep_target) == 0
    async with net.store.read() as reader:
        assert await sweeps.recent(reader) == [], "it is nobody's sweep"


async def test_other_sweeps_say_who_answers_too(net: Net) -> None:
    await net.plan()
    async with net.store.write() as tx:
        uid = await sweeps.start(act(tx, at=NOON), (await sweeps.plans(tx))[0].uid)
    assert await net.take() is not None
    await net.tell(uid, found(COVERED[0], net.now, "icmp", stage="explore"))
    assert (await net.looks())[COVERED[0]]["icmp"].answered_at == net.now
    assert await net.count(schema.sweep_target) == 1


async def test_no_plans_blackout_is_broken(net: Net) -> None:
    await net.plan(blackout=[{"from": "11:00", "to": "13:00"}])
    await net.due()
    assert await net.take() is None


async def test_it_is_lent_communities_alone_and_that_is_told_once(net: Net) -> None:
    await net.plan()
    where = {"ranges": ["10.1.0.0/16"]}
    async with net.store.write() as tx:
        by = act(tx, at=NOON)
        community = NewCredential("c", "snmp_community", where, {"community": "read-4f8a"})
        password = NewCredential("s", "ssh", where, {"user": "u", "password": "Sesame-7q"})
        uid = await credentials.create(by, VAULT, community)
        await credentials.create(by, VAULT, password)
    lends = schema.audit.c.action == "sweep.lend"
    for _ in range(3):
        assert await net.due() == 1
        task = await net.take()
        assert task is not None
        assert [each.uid for each in task.leases] == [uid]
        await net.tell(task.uid, ended=True)
        net.now += MINUTE
    assert await net.count(schema.audit, lends) == 1
