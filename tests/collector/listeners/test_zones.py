"""What is said of targets: a probe is heard for its zones, and nobody else is, whatever else it has to say."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.listeners.zones import WHY, refused, spoken_of
from collector.services import agents
from collector.store import audit
from tests.acts import act
from tests.collector.listeners.client import Machine, envelope, report_of
from tests.collector.listeners.conftest import Running
from tests.collector.listeners.test_data import pending
from wire import codec
from wire.observation import Acknowledgement, Envelope, Observation, Refusal, Report, Target


def of_target(seq: int, zone: str = "", protocol: str = "snmp") -> Envelope:
    seen = Observation(1_000, "0.1.0", "boot", b"", (), target=Target(protocol, zone, "10.20.0.1"))
    return envelope(seq, codec.encode_observation(seen))


def of_itself(seq: int) -> Envelope:
    return envelope(seq, codec.encode_observation(Observation(1_000, "0.1.0", "boot", b"", ())))


async def appoint(collector: Running, machine: Machine, *zones: str) -> None:
    async with collector.store.write() as tx:
        await agents.appoint(act(tx, "admin", collector.clock()), machine.uid, zones)


async def said(machine: Machine, *envelopes: Envelope) -> Acknowledgement:
    async with machine.data() as call:
        return codec.decode_acknowledgement(await call("Report", report_of(*envelopes)))


async def taken(collector: Running) -> list[int]:
    return [seq for _, seq, _ in await pending(collector)]


async def told(collector: Running) -> list[tuple[str, str, str]]:
    async with collector.store.read() as connection:
        rows = await audit.after(connection, 0, 100)
    return [(row.actor, row.object, row.details) for row in rows if row.action == "agent.overstep"]


@pytest.mark.parametrize("protocol", ["snmp", "ssh", "redfish", "nut", "event"])
async def test_an_agent_that_is_no_probe_is_not_heard_of_targets_and_is_heard_of_itself(
    collector: Running, protocol: str
) -> None:
    machine = await collector.agent()
    answer = await said(machine, of_itself(1), of_target(2, protocol=protocol), of_itself(3))
    assert (answer.acked_seq, answer.refused) == (3, (Refusal(2, WHY),))
    assert await taken(collector) == [1, 3]
    assert collector.intake.counters.refused == 1


async def test_a_probe_is_heard_of_the_targets_of_its_own_zones_only(collector: Running) -> None:
    machine = await collector.agent()
    await appoint(collector, machine, "", "plant-1")
    answer = await said(machine, of_target(1), of_target(2, "plant-1"), of_target(3, "plant-2"))
    assert answer.refused == (Refusal(3, WHY),)
    assert await taken(collector) == [1, 2]


async def test_a_probe_is_heard_from_the_moment_it_is_appointed(collector: Running) -> None:
    machine = await collector.agent()
    assert (await said(machine, of_target(1))).refused
    await appoint(collector, machine, "")  # and nothing has read the standings again yet
    assert not (await said(machine, of_target(2))).refused


async def test_who_is_no_probe_any_more_is_not_heard_of_what_it_saw_before(collector: Running) -> None:
    machine = await collector.agent()
    await appoint(collector, machine, "")
    assert not (await said(machine, of_target(1))).refused
    await appoint(collector, machine)
    await collector.registry.reload()
    assert (await said(machine, of_target(2))).refused == (Refusal(2, WHY),)


async def test_one_number_given_twice_does_not_bring_another_zone_in(collector: Running) -> None:
    machine = await collector.agent()
    await appoint(collector, machine, "")
    answer = await said(machine, of_target(1, "plant-2"), of_target(1), of_itself(2), of_target(2, "plant-2"))
    assert {each.seq for each in answer.refused} == {1, 2}
    assert await taken(collector) == []


async def test_it_is_told_once_in_the_audit_log_and_again_after_another_appointment(collector: Running) -> None:
    machine = await collector.agent()
    for seq in (1, 2, 3):
        await said(machine, of_target(seq, f"plant-{seq}"))
    who = f"agent/{machine.uid}"
    assert await told(collector) == [(who, who, '{"after":{"zones":["plant-1"]},"before":{"zones":[]}}')]
    await appoint(collector, machine, "plant-1")
    await said(machine, of_target(4, "plant-1"), of_target(5, "plant-9"))
    assert len(await told(collector)) == 2


async def test_what_cannot_be_opened_is_taken_as_ever_and_set_aside_by_the_pipeline(collector: Running) -> None:
    machine = await collector.agent()
    assert not (await said(machine, envelope(1, b"\xff\xff\xff"))).refused


ZONES = st.sampled_from(["", "a", "b"])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.none() | ZONES), max_size=6),
    st.frozensets(ZONES),
)
def test_nothing_that_is_let_in_is_of_a_zone_one_is_not_the_probe_of(
    saying: list[tuple[int, str | None]], probe_of: Collection[str]
) -> None:
    envelopes = [of_itself(seq) if zone is None else of_target(seq, zone) for seq, zone in saying]
    out = refused(spoken_of(Report(bytes(16), tuple(envelopes))), probe_of)
    let_in = [zone for seq, zone in saying if seq not in out]
    assert all(zone is None or zone in probe_of for zone in let_in)
    foreign = {seq for seq, zone in saying if zone is not None and zone not in probe_of}
    assert out.keys() == foreign
