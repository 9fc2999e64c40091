"""The path of one observation, through the real store: what is sent ends as CIs, lanes, findings, incidents."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path as File
from typing import Any

import pytest
from sqlalchemy import select

from collector.pipeline import policies
from collector.pipeline.policies import Policies
from collector.pipeline.runner import Runner
from collector.store import ingest_log, schema
from collector.store.engine import Store, insert
from tests.simulated import SimulatedHost
from tests.store.ground import with_channels

RULES = File(__file__).parents[2] / "rules"
START = 1_790_000_000_000
MINUTE = 60_000


@cache
def _loaded() -> Policies:
    return policies.load(RULES)


@dataclass
class World:
    """One store and one runner, with a clock that moves when told."""

    store: Store
    now: int = START
    seq: dict[int, int] = field(default_factory=dict)
    runner: Runner = field(init=False)

    def __post_init__(self) -> None:
        self.runner = Runner(self.store, _loaded(), lambda: self.now)

    async def enrol(self, number: int) -> None:
        async with self.store.write() as tx:
            row = {"id": number, "uid": f"uid{number}", "instance_key": bytes([number]), "enrolled_at": self.now}
            await tx.execute(insert(tx, schema.agent).values(row))
            source = {"code": f"agent/uid{number}", "kind": "agent", "agent_id": number}
            await tx.execute(insert(tx, schema.source).values(source))

    async def say(self, number: int, payload: bytes, seq: int | None = None) -> None:
        self.now += MINUTE
        self.seq[number] = self.seq.get(number, 0) + 1
        async with self.store.write() as tx:
            await ingest_log.append(tx, [(number, bytes(16), seq or self.seq[number], self.now, payload)])
        while await self.runner.step():
            pass

    async def tell(self, number: int, host: SimulatedHost, **how: Any) -> None:
        await self.say(number, host.observe(self.now + MINUTE, **how))

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        async with self.store.read() as reader:
            return list(await reader.execute(select(table).where(*where)))


@pytest.fixture
async def world(store: Store) -> World:
    return World(store)


async def test_a_host_becomes_itself_its_os_and_its_database_with_their_relations(world: World) -> None:
    await world.enrol(1)
    await world.tell(1, SimulatedHost(1))
    cis = {(row.ci_class, row.ci_type): row for row in await world.rows(schema.ci)}
    assert set(cis) == {("server", "pc_server"), ("system_software", "os"), ("system_software", "database")}
    assert cis["server", "pc_server"].name == "host00001"
    assert {row.state for row in cis.values()} == {"active"}
    kinds = {(row.kind, row.a, row.b) for row in await world.rows(schema.relation)}
    host = cis["server", "pc_server"].id
    assert kinds == {
        ("installed_on", cis["system_software", "os"].id, host),
        ("runs_on", cis["system_software", "database"].id, host),
    }


async def test_what_a_host_shows_first_is_its_arrival_and_no_finding(world: World) -> None:
    await world.enrol(1)
    await world.tell(1, SimulatedHost(1))
    assert {row.basis for row in await world.rows(schema.auth)} == {"arrival"}
    assert await world.rows(schema.finding) == []


async def test_all_three_lanes_say_the_same_of_an_undisturbed_host(world: World) -> None:
    await world.enrol(1)
    await world.tell(1, SimulatedHost(1))
    claim = {(r.ci_id, r.path_id): r.val_id for r in await world.rows(schema.claim)}
    fact = {(r.ci_id, r.path_id): r.val_id for r in await world.rows(schema.fact)}
    auth = {(r.ci_id, r.path_id): r.val_id for r in await world.rows(schema.auth)}
    assert claim == fact
    assert auth.items() <= fact.items()
    assert len(auth) > 60


async def test_an_unchanged_inventory_writes_no_history(world: World) -> None:
    await world.enrol(1)
    host = SimulatedHost(1)
    await world.tell(1, host)
    before = len(await world.rows(schema.claim))
    await world.tell(1, host)
    await world.tell(1, host)
    assert len(await world.rows(schema.claim)) == before
    (source,) = await world.rows(schema.source)
    assert source.confirmed_at == world.now


async def test_a_package_nobody_approved_opens_a_finding_and_one_incident_and_both_close_when_it_goes(
    world: World,
) -> None:
    await with_channels(world.store, "webhook")
    await world.enrol(1)
    host = SimulatedHost(1)
    await world.tell(1, host)
    await world.tell(1, host)
    seen_old = world.now
    host.bodies["packages"].append({"name": "cowsay", "arch": "all", "version": "3.03", "manager": "dpkg"})
    await world.tell(1, host)
    (finding,) = await world.rows(schema.finding)
    assert (finding.verdict, finding.lo, finding.hi) == ("pending", seen_old, world.now)
    (incident,) = await world.rows(schema.incident)
    assert (incident.kind, incident.state, incident.number) == ("unapproved_change", "new", "INC-000001")
    (message,) = await world.rows(schema.outbox)
    assert message.destination == "webhook"
    host.bodies["packages"].pop()
    await world.tell(1, host)
    (finding,) = await world.rows(schema.finding)
    assert (finding.verdict, finding.closed_at is not None) == ("reverted", True)
    (incident,) = await world.rows(schema.incident)
    assert incident.state == "resolved"
    assert len(await world.rows(schema.outbox)) == 2


async def test_a_forbidden_package_fires_its_rule(world: World) -> None:
    await world.enrol(1)
    host = SimulatedHost(1)
    host.bodies["packages"].append({"name": "telnetd", "arch": "amd64", "version": "1", "manager": "dpkg"})
    await world.tell(1, host)
    (incident,) = await world.rows(schema.incident)
    assert "telnetd" in incident.title


async def test_a_collector_that_fails_changes_nothing(world: World) -> None:
    from wire import codec
    from wire.observation import Observation, Section, Status

    await world.enrol(1)
    await world.tell(1, SimulatedHost(1))
    before = len(await world.rows(schema.fact))
    failed = Section("packages", Status.FAILED, reason="dpkg is busy")
    await world.say(1, codec.encode_observation(Observation(world.now + MINUTE, sections=(failed,))))
    assert len(await world.rows(schema.fact)) == before
    assert await world.rows(schema.finding) == []
    (section,) = await world.rows(schema.section, schema.section.c.name == "packages")
    assert (section.status, section.misses, section.reason) == (Status.FAILED, 1, "dpkg is busy")


async def test_a_hash_we_hold_no_body_of_is_asked_for(world: World) -> None:
    await world.enrol(1)
    host = SimulatedHost(1)
    await world.tell(1, host)
    host.bodies["dns"] = {"servers": ["9.9.9.9"]}
    host.acked["dns"] = next(each.hash for each in host.sections() if each.name == "dns")
    await world.tell(1, host)
    assert world.runner.wants(1) == ("dns",)
    assert world.runner.wants(1) == ()


async def test_a_late_observation_moves_nothing(world: World) -> None:
    await world.enrol(1)
    host = SimulatedHost(1)
    old = host.observe(world.now, full=True)
    await world.tell(1, host, full=True)
    host.bodies["os"]["kernel"] = "6.1.0-29-amd64"
    await world.tell(1, host)
    facts = await world.rows(schema.fact)
    await world.say(1, old, seq=1_000)  # newer: applied
    await world.say(1, host.observe(world.now, full=True), seq=999)  # older than that: late
    again = {(r.path_id, r.val_id) for r in await world.rows(schema.fact, schema.fact.c.vt > world.now)}
    assert again == {(r.path_id, r.val_id) for r in facts if r.vf == min(f.vf for f in facts)}


async def test_rubbish_is_set_aside_with_its_reason_and_the_next_word_is_heard(world: World) -> None:
    await world.enrol(1)
    await world.say(1, b"\xff\xff\xff rubbish")
    await world.tell(1, SimulatedHost(1))
    (rejected,) = await world.rows(schema.rejected_observation)
    assert rejected.reason
    assert len(await world.rows(schema.ci)) == 3


async def test_applying_everything_again_from_the_log_gives_the_same_lanes(world: World, tmp_path: File) -> None:
    await world.enrol(1)
    host = SimulatedHost(1)
    for version in ("1", "2", "1", "3"):
        host.bodies["packages"][0]["version"] = version
        await world.tell(1, host)
    first = await _lanes(world)
    async with world.store.write() as tx:
        for table in reversed(schema.metadata.sorted_tables):
            if table.name not in ("observation", "agent", "source", "enrol_token"):
                await tx.execute(table.delete())
        await tx.execute(
            schema.source.update().values(
                applied_id=0, applied_seq=0, applied_epoch=None, state_hash=None, confirmed_at=0
            )
        )
    again = World(world.store, now=world.now)
    while await again.runner.step():
        pass
    assert await _lanes(again) == first


async def _lanes(world: World) -> set[tuple[Any, ...]]:
    async with world.store.read() as reader:
        rows = await reader.execute(
            select(
                schema.path.c.section, schema.path.c.key, schema.val.c.text, schema.fact.c.vf, schema.fact.c.vt
            ).select_from(schema.fact.join(schema.path).join(schema.val))
        )
        return {tuple(row) for row in rows}


async def test_two_agents_on_one_machine_are_one_ci_and_no_finding(world: World) -> None:
    """A machine that was re-enrolled: another source, the same serial; a source switch is never drift."""
    await world.enrol(1)
    await world.enrol(2)
    host = SimulatedHost(1)
    await world.tell(1, host)
    host.bodies["os"]["kernel"] = "6.1.0-30-amd64"
    await world.tell(2, host, full=True)
    assert len(await world.rows(schema.ci, schema.ci.c.ci_class == "server")) == 1
    assert await world.rows(schema.finding) == []
    assert len({row.source_id for row in await world.rows(schema.claim)}) == 2


async def test_a_clone_with_another_uuid_is_parked_and_touches_nothing(world: World) -> None:
    await world.enrol(1)
    await world.enrol(2)
    await world.tell(1, SimulatedHost(1))
    before = await _lanes(world)
    clone = SimulatedHost(1)
    clone.bodies["hardware"]["uuid"] = "99999999-2222-4333-8444-555555555555"
    await world.tell(2, clone)
    assert await _lanes(world) == before
    assert len(await world.rows(schema.parked)) == 1
    (case,) = await world.rows(schema.duplicate_case)
    assert case.state == "open"


async def test_an_agent_that_falls_silent_raises_an_incident_that_its_return_resolves(world: World) -> None:
    await world.enrol(1)
    host = SimulatedHost(1)
    async with world.store.write() as tx:
        await tx.execute(schema.agent.update().values(last_seen=world.now + MINUTE))
    await world.tell(1, host)
    await world.runner.tick()
    assert await world.rows(schema.incident) == []
    world.now += 3_600_000
    await world.runner.tick()
    assert [row.state for row in await world.rows(schema.incident)] == ["new"]
    async with world.store.write() as tx:
        await tx.execute(schema.agent.update().values(last_seen=world.now))
    await world.tell(1, host)
    await world.runner.tick()
    assert [row.state for row in await world.rows(schema.incident)] == ["resolved"]


async def test_one_bad_observation_never_stops_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from collector.pipeline import recording

    await world.enrol(1)
    await world.enrol(2)
    real = recording.record

    async def fails_for_one(tx: Any, placed: Any, observation: Any, *rest: Any) -> Any:
        if observation.source == "agent/uid1":
            raise RuntimeError("boom")
        return await real(tx, placed, observation, *rest)

    monkeypatch.setattr(recording, "record", fails_for_one)
    async with world.store.write() as tx:
        payloads = [(n, bytes(16), 1, world.now, SimulatedHost(n).observe(world.now)) for n in (1, 2)]
        await ingest_log.append(tx, payloads)
    while await world.runner.step():
        pass
    assert [row.name for row in await world.rows(schema.ci, schema.ci.c.ci_class == "server")] == ["host00002"]
    (rejected,) = await world.rows(schema.rejected_observation)
    assert "boom" in rejected.reason
