"""What moved is held against changes, through the real store: from what a host says to verdict, lane and incident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import pytest

from collector.change.record import ChangeType
from collector.model import Event, Path
from collector.pipeline import changed
from collector.services.answering import Answering
from collector.services.refused import Refused
from collector.store import changes, events, ingest_log, schema
from collector.store.engine import Store
from collector.store.events import Spoken
from tests.acts import act
from tests.collector.ground import HOUR, SUPERVISING, Ground, exactly, line
from tests.collector.ground import ground as ground
from tests.collector.test_pipeline import MINUTE, World
from tests.collector.test_targets import found
from tests.simulated import SimulatedHost


async def test_what_nothing_explains_is_pending_for_eight_hours_and_then_unapproved(ground: Ground) -> None:
    await ground.install()
    finding = await ground.one()
    assert (finding.verdict, finding.due_at) == ("pending", finding.hi + 8 * HOUR)
    assert await ground.incidents() == [("notice", "new")], "it is told at once, it never waits silently"
    await ground.later(8 * HOUR - 1)
    assert await ground.verdicts() == ["pending"]
    await ground.later(1)
    assert await ground.verdicts() == ["unapproved"]
    assert await ground.incidents() == [("warning", "new")]


async def test_approved_work_is_in_progress_until_its_window_ends_and_then_verified(ground: Ground) -> None:
    now = ground.world.now
    change = await ground.raise_(ChangeType.NORMAL, line(ground, exactly({"version": "3.03"})),
                                 window=(now, now + HOUR), granted=now)  # fmt: skip
    await ground.install()
    assert await ground.verdicts() == ["in_progress"]
    assert await ground.authorised() == []
    await ground.later(2 * HOUR)
    await ground.tell()
    finding = await ground.one()
    assert (finding.verdict, finding.closed_at) != ("in_progress", None)
    assert finding.verdict == "verified"
    ((text, basis, stands),) = await ground.authorised()
    assert (basis, stands) == ("change", True)
    assert "3.03" in text
    assert await ground.incidents() == [], "approved work is nobody's incident"
    (item,) = await ground.world.rows(schema.finding_item)
    assert item.change == change.number


async def test_another_value_than_planned_is_a_variance(ground: Ground) -> None:
    now = ground.world.now
    await ground.raise_(ChangeType.NORMAL, line(ground, exactly({"version": "3.04"})),
                        window=(now, now + HOUR), granted=now)  # fmt: skip
    await ground.install()
    await ground.later(2 * HOUR)
    assert await ground.verdicts() == ["variance"]
    assert await ground.incidents() == [("warning", "new")]


async def test_a_change_of_another_value_covers_nothing_and_says_why(ground: Ground) -> None:
    now = ground.world.now
    other = Path("users", "root")
    change = await ground.raise_(ChangeType.NORMAL, line(ground, path=other), window=(now, now + HOUR), granted=now)
    await ground.install()
    (item,) = await ground.world.rows(schema.finding_item)
    assert item.verdict == "pending"
    assert item.refused == f'[["{change.number}", "other_path", null, 0]]'


async def test_an_emergency_recorded_in_time_explains_what_it_names_and_the_incident_is_over(ground: Ground) -> None:
    await ground.install()
    finding = await ground.one()
    await ground.later(2 * HOUR)
    await ground.raise_(ChangeType.EMERGENCY, line(ground, exactly({"version": "3.03"})),
                        window=(finding.lo, finding.hi), granted=ground.world.now)  # fmt: skip
    assert await ground.verdicts() == ["verified"]
    assert [basis for _, basis, _ in await ground.authorised()] == ["emergency"]
    assert await ground.incidents() == [("notice", "resolved")]
    assert await ground.ends() == ["explained"], "it is so still: nothing has recovered"


async def test_an_emergency_recorded_too_late_is_a_breach_even_though_the_work_was_justified(ground: Ground) -> None:
    await ground.install()
    finding = await ground.one()
    await ground.later(9 * HOUR)
    await ground.raise_(ChangeType.EMERGENCY, line(ground), window=(finding.lo, finding.hi), granted=ground.world.now)
    assert await ground.verdicts() == ["retro_late"]
    assert await ground.authorised() == []


async def test_what_was_approved_only_after_the_work_is_said_to_be(ground: Ground) -> None:
    now = ground.world.now
    await ground.install()
    await ground.raise_(ChangeType.NORMAL, line(ground), window=(now, now + HOUR), granted=ground.world.now)
    assert await ground.verdicts() == ["late_approval"]


async def test_a_change_made_from_a_finding_and_approved_accepts_it(ground: Ground) -> None:
    await ground.install()
    finding = await ground.one()
    await ground.later(30 * HOUR)
    now = ground.world.now
    await ground.raise_(ChangeType.NORMAL, line(ground, exactly({"version": "3.03"})),
                        window=(now, now + HOUR), granted=now, finding=finding.id)  # fmt: skip
    assert await ground.verdicts() == ["accepted"]
    assert [basis for _, basis, _ in await ground.authorised()] == ["accepted"]


async def test_a_retrospective_change_that_says_another_value_accepts_nothing(ground: Ground) -> None:
    await ground.install()
    finding = await ground.one()
    await ground.later(30 * HOUR)
    now = ground.world.now
    await ground.raise_(ChangeType.NORMAL, line(ground, exactly({"version": "9"})),
                        window=(now, now + HOUR), granted=now, finding=finding.id)  # fmt: skip
    assert await ground.verdicts() == ["unapproved"]


async def test_what_is_put_back_is_reverted_and_stays_counted(ground: Ground) -> None:
    await ground.install()
    await ground.remove()
    finding = await ground.one()
    assert (finding.verdict, finding.closed_at) == ("reverted", ground.world.now)
    assert await ground.incidents() == [("notice", "resolved")]
    assert await ground.ends() == ["self_recovered"]


async def test_what_one_work_did_and_undid_within_its_window_is_its_net_effect(ground: Ground) -> None:
    now = ground.world.now
    await ground.raise_(ChangeType.NORMAL, line(ground, exactly({"version": "3.04"})),
                        window=(now, now + HOUR), granted=now)  # fmt: skip
    await ground.install(version="3.03")
    await ground.install(version="3.04")
    await ground.later(2 * HOUR)
    assert await ground.verdicts() == ["verified"]
    assert len(await ground.world.rows(schema.finding_item)) == 1


async def test_one_field_that_is_approved_covers_no_other_field_of_the_element(ground: Ground) -> None:
    await ground.raise_(ChangeType.NORMAL, line(ground, path=Path("users", "root"), field="shell"),
                        window=(ground.world.now, ground.world.now + HOUR), granted=ground.world.now)  # fmt: skip
    ground.host.bodies["users"] = [{"name": "root", "uid": 0, "gid": 1, "shell": "/bin/zsh", "can_log_in": True}]
    await ground.tell()
    await ground.later(2 * HOUR)
    items = {row.field: row.verdict for row in await ground.world.rows(schema.finding_item)}
    assert items == {"shell": "authorised", "gid": "pending"}
    ((_, first, _), (text, basis, _)) = await ground.authorised(Path("users", "root"))
    assert (first, basis) == ("arrival", "change")
    assert '"gid":0' in text
    assert "/bin/zsh" in text


async def test_two_fields_of_one_element_moved_by_one_change_are_one_move_of_what_is_authorised(ground: Ground) -> None:
    await ground.raise_(ChangeType.NORMAL, line(ground, path=Path("users", "root")),
                        window=(ground.world.now, ground.world.now + HOUR), granted=ground.world.now)  # fmt: skip
    ground.host.bodies["users"] = [{"name": "root", "uid": 0, "gid": 1, "shell": "/bin/zsh", "can_log_in": True}]
    await ground.later(2 * HOUR)
    await ground.tell()
    items = {row.field: row.verdict for row in await ground.world.rows(schema.finding_item)}
    assert items == {"shell": "authorised", "gid": "authorised"}
    assert await ground.world.rows(schema.rejected_observation) == [], "and what was seen is not lost over it"
    (_, (text, basis, stands)) = await ground.authorised(Path("users", "root"))
    assert (basis, stands) == ("change", True)
    assert '"gid":1' in text
    assert "/bin/zsh" in text
    before = await ground.world.rows(schema.auth)
    await ground.later(HOUR)
    await ground.tell()
    assert await ground.world.rows(schema.auth) == before


async def test_what_a_change_covered_is_covered_no_longer_once_that_is_edited(ground: Ground) -> None:
    world = ground.world
    change = await ground.raise_(ChangeType.NORMAL, line(ground, path=Path("users", "root"), field="shell"),
                                 window=(world.now, world.now + HOUR), granted=world.now)  # fmt: skip
    ground.host.bodies["users"] = [{"name": "root", "uid": 0, "gid": 1, "shell": "/bin/zsh", "can_log_in": True}]
    await ground.tell()
    await ground.later(2 * HOUR)
    async with world.store.write() as tx:
        kept = await changes.find(tx, change.number)
        assert kept is not None
        assert kept.change.plan is not None
        plan = replace(kept.change.plan, text="more than that", written_at=world.now)
        await changes.save(tx, kept, replace(kept.change, plan=plan), world.now)
        await changed(tx, [ground.ci_id], world.now, world.runner.policies)
    items = {row.field: row.verdict for row in await world.rows(schema.finding_item)}
    assert items == {"gid": "pending", "shell": "pending"}
    assert await world.rows(schema.auth, schema.auth.c.basis == "change", schema.auth.c.tt > 9e13) == []
    ((_, basis, stands), *_) = await ground.authorised(Path("users", "root"))
    assert (basis, stands) == ("arrival", True)


async def test_what_a_supervisor_accepts_is_authorised_from_then_on(ground: Ground) -> None:
    await ground.install()
    finding = await ground.one()
    async with ground.world.store.write() as tx:
        await ground.answering().accept(act(tx, "sophia", ground.world.now), SUPERVISING, finding.id, "it is needed")
    assert await ground.verdicts() == ["accepted"]
    assert [basis for _, basis, _ in await ground.authorised()] == ["accepted"]
    assert await ground.incidents() == [("notice", "resolved")]
    assert await ground.ends() == ["explained"]
    await ground.remove()
    assert await ground.verdicts() == ["accepted", "pending"], "what was accepted may not vanish unnoticed either"


async def test_a_waived_finding_has_no_incident_until_its_waiver_ends(ground: Ground) -> None:
    await ground.install()
    finding = await ground.one()
    until = ground.world.now + 24 * HOUR
    async with ground.world.store.write() as tx:
        told = act(tx, "sophia", ground.world.now)
        await ground.answering().waive(told, SUPERVISING, finding.id, until, "a vendor looks at it")
    assert await ground.incidents() == [("notice", "resolved")]
    assert await ground.ends() == ["waived"]
    await ground.later(23 * HOUR)
    assert await ground.incidents() == [("notice", "resolved")]
    await ground.later(2 * HOUR)
    assert (await ground.incidents())[-1] == ("warning", "new")


async def test_a_waiver_lets_off_what_was_found_and_nothing_that_moves_later(ground: Ground) -> None:
    await ground.install()
    await ground.later(9 * HOUR)
    finding = await ground.one()
    until = ground.world.now + 300 * 24 * HOUR
    async with ground.world.store.write() as tx:
        told = act(tx, "sophia", ground.world.now)
        await ground.answering().waive(told, SUPERVISING, finding.id, until, "a vendor looks at it")
    assert await ground.incidents() == [("warning", "resolved")]
    await ground.later(24 * HOUR)
    await ground.install(version="9.9")
    assert sorted(await ground.incidents()) == [("notice", "new"), ("warning", "resolved")], "told with its clock"
    await ground.later(9 * HOUR)
    told_of = {row.id: (row.verdict, row.waived_until) for row in await ground.world.rows(schema.finding)}
    assert [told_of[each] for each in sorted(told_of)] == [("unapproved", until), ("unapproved", None)]
    assert sorted(await ground.incidents()) == [("warning", "new"), ("warning", "resolved")]
    await ground.install()
    assert len(await ground.world.rows(schema.finding)) == 2, "what was let off is let off when it is shown again"
    await ground.remove()
    assert await ground.verdicts() == ["reverted", "reverted"]
    assert [state for _, state in await ground.incidents()] == ["resolved", "resolved"]


@pytest.mark.parametrize("roles", [("engineer",), ("config_admin:*",), ("change_supervisor:network",), ("auditor",)])
async def test_only_who_supervises_the_class_answers(ground: Ground, roles: Sequence[str]) -> None:
    await ground.install()
    finding = await ground.one()
    async with ground.world.store.write() as tx:
        with pytest.raises(Refused, match="supervises"):
            await ground.answering().accept(act(tx, "eve", ground.world.now), roles, finding.id, "because")
    assert await ground.verdicts() == ["pending"]


async def test_an_answer_without_a_reason_and_one_to_a_closed_finding_are_refused(ground: Ground) -> None:
    await ground.install()
    finding = await ground.one()
    async with ground.world.store.write() as tx:
        with pytest.raises(Refused, match="reason"):
            await ground.answering().accept(act(tx, "sophia", ground.world.now), SUPERVISING, finding.id, "  ")
    await ground.remove()
    async with ground.world.store.write() as tx:
        with pytest.raises(Refused, match="closed"):
            await ground.answering().accept(act(tx, "sophia", ground.world.now), SUPERVISING, finding.id, "late")


async def test_a_line_of_syslog_narrows_the_bracket_of_a_configuration_and_names_who_did_it(ground: Ground) -> None:
    world = ground.world
    ground.host.bodies["configuration"] = [{"kind": "running", "sha256": "a" * 64}]
    await ground.tell()
    at = world.now + 30_000
    ground.host.bodies["configuration"] = [{"kind": "running", "sha256": "b" * 64}]
    world.now += 10 * MINUTE
    async with world.store.write() as tx:
        told = Event(at, "config_changed", actor="wang", origin="10.0.0.5", until=at, source="syslog")
        await events.add(tx, [told], Spoken(ground.ci_id, "", "10.0.0.1", 1))
    await ground.tell()
    (item,) = await world.rows(schema.finding_item)
    assert (item.actor, item.claimed) == ("wang", True)
    assert item.lo <= at <= item.hi
    assert item.hi - item.lo <= 2 * MINUTE
    async with world.store.write() as tx:
        with pytest.raises(Refused, match="yourself"):
            await ground.answering().accept(act(tx, "wang", world.now), SUPERVISING, 1, "it is mine")


async def test_a_line_of_syslog_tells_of_all_that_a_session_at_the_device_can_move(ground: Ground) -> None:
    """The MTU is configured, the serial number of the chassis is not: nobody changed that by typing."""
    world, before = ground.world, ground.world.now
    ground.host.bodies["interfaces"][0]["mtu"] = 9000
    ground.host.bodies["hardware"]["bios_version"] = "1.5"
    at = world.now + 30_000
    world.now += 10 * MINUTE
    async with world.store.write() as tx:
        told = Event(at, "config_changed", actor="wang", origin="10.0.0.5", until=at, source="syslog")
        await events.add(tx, [told], Spoken(ground.ci_id, "", "10.0.0.1", 1))
    await ground.tell()
    rows = {row.field: row for row in await world.rows(schema.finding_item)}
    assert (rows["mtu"].actor, rows["mtu"].claimed) == ("wang", True)
    assert before <= rows["mtu"].lo <= at <= rows["mtu"].hi <= at + MINUTE
    assert [row.actor for name, row in rows.items() if name != "mtu"] == [""]


@dataclass
class Watched:
    """A host whose hardware an agent tells, and a sweep by its management controller."""

    world: World
    host: SimulatedHost

    async def by_agent(self) -> None:
        await self.world.tell(2, self.host)

    async def by_sweep(self) -> None:
        hardware = dict(self.host.bodies["hardware"])
        device = {"class": "server", "type": "pc_server", "vendor": "Acme", "model": "m", "serial": hardware["serial"],
                  "name": self.host.hostname}  # fmt: skip
        told = found("192.0.2.77", device, self.world.now, protocol="redfish", interfaces=[], hardware=hardware)
        await self.world.say(1, told)

    async def both(self, first: str) -> None:
        """Let both tell of it within the hour, the one named first."""
        for name in sorted(("by_agent", "by_sweep"), key=lambda each: each != first):
            await getattr(self, name)()
            self.world.now += 30 * MINUTE


async def watched(store: Store) -> Watched:
    world, host = World(store), SimulatedHost(2)
    await world.enrol(1)
    await world.enrol(2)
    its = Watched(world, host)
    for _ in range(2):
        await its.both("by_agent")
    return its


@pytest.mark.parametrize("first", ["by_agent", "by_sweep"])
async def test_what_two_sources_show_is_one_finding_with_one_incident_whoever_is_first(
    store: Store, first: str
) -> None:
    its = await watched(store)
    world, hardware = its.world, its.host.bodies["hardware"]
    before, hardware["bios_version"] = hardware["bios_version"], "NEW9"
    await its.both(first)
    assert {(row.finding_id, row.verdict) for row in await world.rows(schema.finding_item)} == {(1, "pending")}
    assert len(await world.rows(schema.finding_item)) == 2, "who showed it, and between when and when, is kept of both"
    (incident,) = await world.rows(schema.incident, schema.incident.c.kind == "unapproved_change")
    assert incident.title.count("bios_version") == 2, "it is named once in each language"
    async with world.store.write() as tx:
        answering = Answering(moved=partial(changed, policies=world.runner.policies))
        await answering.accept(act(tx, "sophia", world.now), SUPERVISING, 1, "it is needed")
    assert [row.verdict for row in await world.rows(schema.finding)] == ["accepted"]
    hardware["bios_version"] = before
    await its.both(first)
    verdicts = sorted((row.id, row.verdict) for row in await world.rows(schema.finding))
    assert verdicts == [(1, "accepted"), (2, "pending")], "what was accepted may not vanish unnoticed either"


async def test_what_two_sources_show_is_put_back_when_both_say_so(store: Store) -> None:
    its = await watched(store)
    world, hardware = its.world, its.host.bodies["hardware"]
    before, hardware["bios_version"] = hardware["bios_version"], "NEW9"
    await its.both("by_agent")
    hardware["bios_version"] = before
    await its.by_agent()
    assert [row.verdict for row in await world.rows(schema.finding)] == ["pending"], "one of them has not looked yet"
    await its.by_sweep()
    assert [row.verdict for row in await world.rows(schema.finding)] == ["reverted"]
    (incident,) = await world.rows(schema.incident, schema.incident.c.kind == "unapproved_change")
    assert incident.state == "resolved"


async def test_what_moved_between_two_observations_that_came_at_once_is_found(store: Store) -> None:
    world, host = World(store), SimulatedHost(1)
    await world.enrol(1)
    world.now += 3 * HOUR
    said = [host.observe(world.now - 2 * HOUR)]
    host.bodies["packages"][0]["version"] = "99"
    said.append(host.observe(world.now - HOUR))
    async with store.write() as tx:
        received = [(1, bytes(16), seq, world.now, payload) for seq, payload in enumerate(said, 1)]
        await ingest_log.append(tx, received)
    while await world.runner.step():
        pass
    (item,) = await world.rows(schema.finding_item)
    assert (item.field, item.verdict) == ("version", "pending")
