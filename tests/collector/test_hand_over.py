"""From intake to pipeline: what was committed is applied once, whether it was handed over or stands in the log."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from sqlalchemy import select

from collector.intake import Intake
from collector.pipeline import backlog, judging, policies
from collector.pipeline.runner import Runner
from collector.store import ingest_log, schema
from collector.store.engine import Store, insert
from tests.simulated import SimulatedHost
from wire.observation import Envelope, Report

RULES = Path(__file__).parents[2] / "rules"
NOW = 1_790_000_000_000
EPOCH = bytes(16)


class Collector:
    """Intake and pipeline over one store, and two hosts that speak to it."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, NOW
        self.runner = Runner(store, policies.load(RULES), lambda: self.now)
        self.intake = Intake(store, self.runner.wake, lambda: self.now)
        self.hosts = {number: SimulatedHost(number) for number in (1, 2)}
        self.seqs = dict.fromkeys(self.hosts, 0)

    async def enrol(self) -> None:
        async with self.store.write() as tx:
            for number in self.hosts:
                agent = {"id": number, "uid": f"u{number}", "instance_key": bytes([number]), "enrolled_at": 1}
                await tx.execute(insert(tx, schema.agent).values(agent))
                source = {"code": f"agent/u{number}", "kind": "agent", "agent_id": number}
                await tx.execute(insert(tx, schema.source).values(source))

    async def take(self, number: int, count: int = 1) -> Report:
        """Let a host send `count` observations; return its report."""
        self.now += 60_000
        self.seqs[number] += count
        seqs = range(self.seqs[number] - count + 1, self.seqs[number] + 1)
        payloads = [(seq, self.hosts[number].observe(self.now)) for seq in seqs]
        report = Report(EPOCH, tuple(Envelope(seq, payload, zlib.crc32(payload)) for seq, payload in payloads))
        await self.intake.take(number, report)
        return report

    async def apply(self) -> list[int]:
        """Apply what is pending; return the sizes of the batches."""
        sizes = []
        while size := await self.runner.step():
            sizes.append(size)
        return sizes

    async def count(self, table: object, *where: object) -> int:
        async with self.store.read() as reader:
            return len((await reader.execute(select(table).where(*where))).all())  # type: ignore[call-overload]


@pytest.fixture
async def collector(store: Store) -> Collector:
    made = Collector(store)
    await made.enrol()
    return made


async def test_what_is_handed_over_and_what_is_read_make_one_order(collector: Collector) -> None:
    for number in (1, 2):
        await collector.take(number)
    assert await collector.apply() == [2]
    await collector.take(1, 3)
    await collector.take(2, 2)
    assert sum(await collector.apply()) == 5
    assert collector.runner.counters.applied == 7
    assert await collector.count(schema.source, schema.source.c.applied_seq == 4) == 1
    assert await collector.count(schema.source, schema.source.c.applied_seq == 3) == 1


async def test_a_report_that_comes_twice_is_applied_once(collector: Collector) -> None:
    await collector.take(1)
    await collector.apply()
    report = await collector.take(1)
    await collector.intake.take(1, report)
    await collector.take(1)
    assert sum(await collector.apply()) == 2


async def test_an_agent_heard_for_the_first_time_is_looked_up_in_the_log(collector: Collector) -> None:
    await collector.take(1)
    await collector.apply()
    await collector.take(2)
    await collector.take(1)
    assert sum(await collector.apply()) == 2
    assert await collector.count(schema.ci, schema.ci.c.ci_class == "server") == 2


async def test_rows_that_only_the_log_knows_are_not_passed_by(collector: Collector) -> None:
    await collector.take(1)
    await collector.apply()
    async with collector.store.write() as tx:
        await ingest_log.append(tx, [(1, EPOCH, 2, NOW, collector.hosts[1].observe(NOW))])
    collector.runner.wake()
    collector.seqs[1] = 2
    await collector.take(1)
    assert sum(await collector.apply()) == 2


async def test_more_than_memory_may_hold_is_read_from_the_log(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "MAX_HANDED_BYTES", 100)
    await collector.take(1)
    await collector.apply()
    for _ in range(4):
        await collector.take(1, 2)
    assert sum(await collector.apply()) == 8


async def test_a_batch_that_was_undone_is_applied_whole_the_next_time(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    await collector.take(1)
    await collector.apply()
    await collector.take(1)
    with monkeypatch.context() as patch:
        patch.setattr(ingest_log, "reject", None)
        patch.setattr(judging, "judge", None)  # not callable: the batch fails, and each one alone
        with pytest.raises(TypeError):
            await collector.runner.step()
    assert sum(await collector.apply()) == 1
    assert await collector.count(schema.source, schema.source.c.applied_seq == 2) == 1


async def test_a_package_that_moves_twice_in_one_batch_leaves_one_open_interval(collector: Collector) -> None:
    await collector.take(1)
    await collector.apply()
    for version in ("2", "3"):
        collector.hosts[1].bodies["packages"][5]["version"] = version
        await collector.take(1)
    assert sum(await collector.apply()) == 2
    path = select(schema.path.c.id).where(schema.path.c.key == "package-0005|amd64").scalar_subquery()
    for lane in (schema.claim, schema.fact):
        assert await collector.count(lane, lane.c.path_id == path) == 3
        assert await collector.count(lane, lane.c.path_id == path, lane.c.vt > collector.now) == 1
    assert await collector.count(schema.finding) == 1


async def test_a_rule_passes_over_packages_it_does_not_name_and_sees_those_it_does(collector: Collector) -> None:
    firing = (schema.alert.c.rule == "SEC-SW-001", schema.alert.c.state == "firing")
    packages = collector.hosts[1].bodies["packages"]
    await collector.take(1)
    await collector.apply()
    for name, expected in (("cowsay", 0), ("telnetd", 1), ("sl", 1)):
        packages.append({"name": name, "arch": "all", "version": "1", "manager": "dpkg"})
        await collector.take(1)
        await collector.apply()
        assert await collector.count(schema.alert, *firing) == expected
    packages[:] = [row for row in packages if row["name"] != "telnetd"]
    await collector.take(1)
    await collector.apply()
    assert await collector.count(schema.alert, *firing) == 0
