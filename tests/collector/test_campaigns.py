"""What moved alike on many CIs is one thing to answer, through the real store; what flaps is told with its finding."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from collector.change.batching import CAMPAIGN_CIS
from collector.change.flapping import Flapping, Remedy
from collector.change.flow import Step
from collector.change.record import ChangeType
from collector.pipeline import changed
from collector.services import campaigns, findings, flapping
from collector.services.answering import Answering
from collector.services.campaigns import CampaignRow
from collector.services.changes import drafting
from collector.services.changes.desk import Desk, actor_of
from collector.services.missing import NotFound
from collector.store import accounts, ingest_log, schema
from collector.store import campaigns as stored
from collector.store.engine import Store
from tests.acts import act
from tests.collector.test_pipeline import MINUTE, World
from tests.simulated import SimulatedHost
from tests.store.ground import with_channels

HOUR = 60 * MINUTE
COWSAY = {"name": "cowsay", "arch": "all", "version": "3.03", "manager": "dpkg"}
SUPERVISING = ("change_supervisor",)


@dataclass
class Fleet:
    """Hosts that are known, as many as make a campaign."""

    world: World
    hosts: list[SimulatedHost]

    async def install(self, host: SimulatedHost, version: str = "3.03") -> None:
        await self.remove(host, told=False)
        host.bodies["packages"].append(COWSAY | {"version": version})
        await self.world.tell(host.number, host)

    async def remove(self, host: SimulatedHost, *, told: bool = True) -> None:
        host.bodies["packages"] = [each for each in host.bodies["packages"] if each["name"] != "cowsay"]
        if told:
            await self.world.tell(host.number, host)

    async def night(self) -> None:
        """Let all hosts say in one minute, and in one batch, how they are."""
        world = self.world
        world.now += MINUTE
        rows = []
        for host in self.hosts:
            seq = world.seq[host.number] = world.seq.get(host.number, 0) + 1
            rows.append((host.number, bytes(16), seq, world.now, host.observe(world.now)))
        async with world.store.write() as tx:
            await ingest_log.append(tx, rows)
        while await world.runner.step():
            pass

    async def campaigns(self) -> tuple[CampaignRow, ...]:
        async with self.world.store.read() as connection:
            return await campaigns.listed(connection)

    async def verdicts(self) -> list[str]:
        return sorted(row.verdict for row in await self.world.rows(schema.finding))

    async def flapping(self, number: int) -> tuple[Flapping, ...]:
        async with self.world.store.read() as connection:
            found = await findings.one(connection, number)
            return await flapping.of_finding(connection, found, self.world.runner.policies.governance)

    async def raise_from(self, number: int, kind: ChangeType) -> str:
        """Raise a change from a campaign, submitted; return its number."""
        async with self.world.store.write() as tx:
            await accounts.add(tx, "boris", ("engineer",), self.world.now)
            asked, origin = await drafting.of_campaign(tx, number, "boris")
            told = act(tx, "anna", self.world.now)
            asked = type(asked)(asked.title, "patches", "boris", asked.cis, asked.lines, asked.window)
            made = await self.desk().raise_(told, kind, asked, finding=origin.finding_id)
            await self.desk().step(told, actor_of("anna", ("change_initiator",)), made, Step.SUBMIT)
            return made

    async def approve(self, change: str) -> None:
        async with self.world.store.write() as tx:
            told = act(tx, "sophia", self.world.now)
            await self.desk().step(told, actor_of("sophia", SUPERVISING), change, Step.APPROVE)

    async def incidents(self) -> list[Any]:
        return sorted(await self.world.rows(schema.incident), key=lambda each: each.id)

    async def told(self, event: str) -> int:
        """Return how many messages of that kind were written."""
        rows = await self.world.rows(schema.outbox)
        return sum(json.loads(row.payload)["event"] == event for row in rows)

    def desk(self) -> Desk:
        return Desk(moved=partial(changed, policies=self.world.runner.policies))


@pytest.fixture
async def fleet(store: Store) -> Fleet:
    world = World(store)
    hosts = [SimulatedHost(number, packages=3) for number in range(1, CAMPAIGN_CIS + 1)]
    for host in hosts:
        await world.enrol(host.number)
        await world.tell(host.number, host)
    return Fleet(world, hosts)


async def test_the_same_move_on_ten_cis_is_one_campaign_and_on_nine_it_is_none(fleet: Fleet) -> None:
    for host in fleet.hosts[1:]:
        await fleet.install(host)
    assert await fleet.campaigns() == ()
    await fleet.install(fleet.hosts[0])
    (found,) = await fleet.campaigns()
    assert (found.cis, len(found.findings), found.verdicts) == (CAMPAIGN_CIS, CAMPAIGN_CIS, ("pending",))
    (shared,) = found.shared
    assert (shared.section, shared.key, shared.old, shared.cis) == ("packages", "cowsay|all", None, CAMPAIGN_CIS)
    assert found.due_at == min(each.due_at or 0 for each in found.findings)


async def having(world: World, *versions: str) -> Fleet:
    """Return hosts that are known and have a package, each in one of these versions."""
    hosts = [SimulatedHost(number, packages=3) for number in range(1, len(versions) + 1)]
    for host, version in zip(hosts, versions, strict=True):
        host.bodies["packages"].append(COWSAY | {"version": version})
        await world.enrol(host.number)
    fleet = Fleet(world, hosts)
    await fleet.night()
    return fleet


async def test_a_patch_night_over_three_old_versions_is_one_incident_and_one_approval(store: Store) -> None:
    fleet = await having(World(store), *[f"3.0{number % 3}" for number in range(40)])
    for host in fleet.hosts:
        host.bodies["packages"][-1]["version"] = "3.04"
        host.bodies["packages"].append(COWSAY | {"name": "cowsay-data"})
    await fleet.night()
    (one,) = await fleet.incidents()
    assert (one.causes, json.loads(one.title)["en"]) == (
        40, "Change not yet explained on 40 CIs alike: packages.cowsay|all (from several versions)"
    )  # fmt: skip
    (found,) = await fleet.campaigns()
    assert {(each.key, each.field, each.olds, each.cis) for each in found.shared} == {
        ("cowsay|all", "version", 3, 40), ("cowsay-data|all", "", 1, 40),
    }  # fmt: skip
    await fleet.approve(await fleet.raise_from(found.number, ChangeType.STANDARD))
    assert await fleet.verdicts() == ["accepted"] * 40
    (one,) = await fleet.incidents()
    assert (one.state, one.causes) == ("resolved", 0)


async def test_a_package_removed_from_many_hosts_is_one_campaign_whatever_version_it_was(store: Store) -> None:
    fleet = await having(World(store), *[f"3.0{number % 3}" for number in range(CAMPAIGN_CIS)])
    for host in fleet.hosts:
        await fleet.remove(host, told=False)
    await fleet.night()
    (found,) = await fleet.campaigns()
    assert [(each.key, each.new, each.olds) for each in found.shared] == [("cowsay|all", None, 3)]
    assert len(await fleet.incidents()) == 1


async def test_a_campaign_says_from_several_versions_when_the_first_of_another_one_joins(store: Store) -> None:
    fleet = await having(World(store), *["3.00"] * CAMPAIGN_CIS, "3.01")
    told: list[Any] = []
    for host in fleet.hosts:
        host.bodies["packages"][-1]["version"] = "3.04"
        await fleet.world.tell(host.number, host)
        told.append((await fleet.incidents())[-1])
    assert [json.loads(each.detail).get("several", False) for each in told] == [False] * CAMPAIGN_CIS + [True]
    assert [each.causes for each in told] == [1] * (CAMPAIGN_CIS - 1) + [CAMPAIGN_CIS, CAMPAIGN_CIS + 1]
    assert json.loads(told[-1].title)["zh"].endswith("packages.cowsay|all（原版本不一）")


async def test_what_moved_alike_is_found_by_what_it_became_without_a_look_at_the_rest(sqlite_store: Store) -> None:
    async with sqlite_store.read() as reader:
        for asked in (stored._KNOWN, stored._SIGHTS):
            told = asked.params(one=1).compile(reader.engine, compile_kwargs={"literal_binds": True})
            plan = [row[-1] for row in await reader.exec_driver_sql(f"EXPLAIN QUERY PLAN {told}")]
            (its,) = [step for step in plan if " its " in step]
            assert its.endswith("ix_finding_item_alike (path_id=? AND field=? AND <expr>=? AND hi>? AND hi<?)")


async def test_another_version_on_one_of_them_is_no_part_of_it(fleet: Fleet) -> None:
    for host in fleet.hosts[1:]:
        await fleet.install(host)
    await fleet.install(fleet.hosts[0], version="9.9")
    assert await fleet.campaigns() == ()


async def test_a_campaign_is_accepted_as_one_decision_with_one_entry_each(fleet: Fleet) -> None:
    for host in fleet.hosts:
        await fleet.install(host)
    (found,) = await fleet.campaigns()
    async with fleet.world.store.write() as tx:
        told = act(tx, "sophia", fleet.world.now)
        answering = Answering(partial(changed, policies=fleet.world.runner.policies))
        numbers = [each.id for each in found.findings]
        assert await answering.accept_alike(told, SUPERVISING, numbers, "the patch of the month") == ()
    assert await fleet.verdicts() == ["accepted"] * CAMPAIGN_CIS
    assert await fleet.campaigns() == ()
    async with fleet.world.store.read() as connection:
        with pytest.raises(NotFound):
            await campaigns.one(connection, found.number)


async def test_one_change_made_from_a_campaign_and_approved_accepts_all_of_it(fleet: Fleet) -> None:
    for host in fleet.hosts:
        await fleet.install(host)
    (found,) = await fleet.campaigns()
    change = await fleet.raise_from(found.findings[3].id, ChangeType.STANDARD)
    assert await fleet.verdicts() == ["pending"] * CAMPAIGN_CIS, "nobody has approved it yet"
    await fleet.approve(change)
    assert await fleet.verdicts() == ["accepted"] * CAMPAIGN_CIS


async def test_what_moves_after_such_a_change_was_written_is_not_accepted_by_it(fleet: Fleet) -> None:
    for host in fleet.hosts:
        await fleet.install(host)
    (found,) = await fleet.campaigns()
    change = await fleet.raise_from(found.number, ChangeType.STANDARD)
    await fleet.remove(fleet.hosts[-1])
    await fleet.install(fleet.hosts[-1])
    await fleet.approve(change)
    assert await fleet.verdicts() == ["accepted"] * (CAMPAIGN_CIS - 1) + ["late_approval", "reverted"]


async def test_three_returns_within_a_day_are_told_with_the_finding_and_nothing_is_silenced(fleet: Fleet) -> None:
    host = fleet.hosts[0]
    await fleet.install(host)
    await fleet.remove(host)
    await fleet.install(host)
    newest = max(row.id for row in await fleet.world.rows(schema.finding))
    assert await fleet.flapping(newest) == ()
    await fleet.remove(host)
    await fleet.install(host)
    newest = max(row.id for row in await fleet.world.rows(schema.finding))
    (found,) = await fleet.flapping(newest)
    assert (found.path.key, found.flips) == ("cowsay|all", 4)
    assert found.remedies == (Remedy.MAKE_VOLATILE, Remedy.RAISE_CONFIRM)
    assert (await fleet.verdicts()).count("pending") == 1


async def test_a_campaign_is_one_incident_into_which_those_before_the_tenth_are_folded(fleet: Fleet) -> None:
    for host in fleet.hosts[1:]:
        await fleet.install(host)
    before = await fleet.incidents()
    assert len(before) == CAMPAIGN_CIS - 1, "nobody can know yet that it is one"
    await fleet.install(fleet.hosts[0])
    *folded, one = await fleet.incidents()
    assert (one.resolved_at, one.causes, one.severity) == (None, CAMPAIGN_CIS, "notice")
    assert json.loads(one.title) == {
        "zh": "待认定变动：10 个配置项发生相同变动 packages.cowsay|all",
        "en": "Change not yet explained on 10 CIs alike: packages.cowsay|all",
    }
    assert {(each.state, each.resolution_code, each.parent) for each in folded} == {
        ("resolved", "grouped", one.number)
    }  # fmt: skip
    assert len(folded) == CAMPAIGN_CIS - 1


async def test_whoever_joins_later_is_told_of_in_the_same_incident(fleet: Fleet) -> None:
    for host in fleet.hosts:
        await fleet.install(host)
    late = SimulatedHost(CAMPAIGN_CIS + 1, packages=3)
    await fleet.world.enrol(late.number)
    await fleet.world.tell(late.number, late)
    known = len(await fleet.incidents())
    await fleet.install(late)
    assert len(await fleet.incidents()) == known
    assert (await fleet.incidents())[-1].causes == CAMPAIGN_CIS + 1


async def test_what_moves_alike_at_once_opens_one_incident_and_is_told_once(fleet: Fleet) -> None:
    await with_channels(fleet.world.store, "webhook")
    for host in fleet.hosts:
        host.bodies["packages"].append(COWSAY)
    await fleet.night()
    (one,) = await fleet.incidents()
    assert (one.causes, await fleet.told("opened"), await fleet.told("resolved")) == (CAMPAIGN_CIS, 1, 0)
    fleet.world.now += 9 * HOUR
    await fleet.world.runner.tick()
    (one,) = [each for each in await fleet.incidents() if each.id == one.id]
    assert (one.severity, one.causes, json.loads(one.detail)["verdict"]) == ("warning", CAMPAIGN_CIS, "unapproved")
    assert await fleet.told("updated") == 1, "ten clocks ended: it is one thing still"


async def test_the_incident_of_a_campaign_ends_with_the_last_of_its_findings(fleet: Fleet) -> None:
    for host in fleet.hosts:
        await fleet.install(host)
    for host in fleet.hosts[:-1]:
        await fleet.remove(host)
    one = (await fleet.incidents())[-1]
    assert (one.resolved_at, one.causes) == (None, 1)
    await fleet.remove(fleet.hosts[-1])
    one = (await fleet.incidents())[-1]
    assert (one.state, one.causes, one.resolution_code) == ("resolved", 0, "self_recovered")
