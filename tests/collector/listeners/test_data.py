"""The data listener: check-ins, reports, renewals of an agent in good standing, and their limits."""

from __future__ import annotations

import asyncio
import sqlite3

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy.exc import OperationalError

from collector.intake import Intake
from collector.store import agents, ingest_log
from collector.store.agents import Agent
from tests.acts import TESTER
from tests.collector.listeners.client import Machine, csr_of, envelope, new_key, report_of
from tests.collector.listeners.conftest import Running
from tests.collector.listeners.test_enrolment import check_in, refused, row_of
from tests.collector.test_intake import Gated
from wire import codec
from wire.observation import CheckIn, Refusal

BUSY = grpc.StatusCode.RESOURCE_EXHAUSTED


async def flushed(collector: Running, machine: Machine) -> Agent:
    await collector.registry.check_ins.flush()
    return await row_of(collector, machine)


async def pending(collector: Running) -> list[tuple[str, int, bytes]]:
    async with collector.store.read() as tx:
        return [(each.source, each.seq, each.payload) for each in await ingest_log.pending(tx, 100_000)]


# --- check-in


async def test_a_check_in_is_noted_with_the_offset_of_the_agents_clock(collector: Running) -> None:
    machine = await collector.agent()
    said = CheckIn("0.1.0", collector.clock() + 90_000, 3, 4096, 2, 40_000_000, 1234, "host-7", ("packages", "raid"))
    async with machine.data() as call:
        await call("CheckIn", codec.encode_check_in(said))
    agent = await flushed(collector, machine)
    assert 88_000 < agent.clock_offset_ms <= 90_000
    assert abs(agent.last_seen - collector.clock()) < 10_000
    assert (agent.version, agent.hostname, agent.address) == ("0.1.0", "host-7", "127.0.0.1")
    assert (agent.spool_depth, agent.dropped_total, agent.rss_bytes, agent.cpu_ms) == (3, 2, 40_000_000, 1234)
    assert agent.failing_sections == ("packages", "raid")


async def test_check_ins_are_written_by_themselves_within_moments(collector: Running) -> None:
    machine = await collector.agent()
    await check_in(machine)
    assert (await row_of(collector, machine)).last_seen == 0
    await asyncio.sleep(2.5)
    assert (await row_of(collector, machine)).last_seen > 0


async def test_numbers_and_texts_no_database_could_hold_are_cut_to_what_it_can(collector: Running) -> None:
    machine = await collector.agent()
    most = 2**64 - 1
    said = CheckIn("v\0", -(2**63), most, most, most, most, most, "h" * 999 + "\0", ("s\0",) * 999)
    async with machine.data() as call:
        await call("CheckIn", codec.encode_check_in(said))
    agent = await flushed(collector, machine)
    assert agent.spool_depth == agent.dropped_total == agent.rss_bytes == agent.cpu_ms == 2**63 - 1
    assert agent.clock_offset_ms == -(2**63 - 1)
    assert (agent.version, len(agent.hostname), len(agent.failing_sections)) == ("v\ufffd", 255, 200)


@pytest.mark.parametrize("collector", [{"check_in_s": 17, "inventory_s": 333}], indirect=True)
async def test_the_answer_tells_the_intervals_and_what_is_wanted_once(collector: Running) -> None:
    machine = await collector.agent()
    standing = collector.registry.find(machine.uid)
    assert standing is not None
    collector.wanted[standing.id] = ("packages",)
    async with collector.store.write() as tx:
        await agents.ask_to_look(tx, [machine.uid, "nobody"], collector.clock())
    await collector.registry.reload()
    async with machine.data() as call:
        first, second = [codec.decode_instructions(await call("CheckIn", b"")) for _ in range(2)]
    assert (first.next_check_in_s, first.inventory_interval_s) == (17, 333)
    assert (first.want_sections, first.inventory_now) == (("packages",), True)
    assert (second.want_sections, second.inventory_now) == ((), False)
    assert abs(first.server_time_ms - collector.clock()) < 10_000


# --- report


async def test_a_report_is_acknowledged_and_on_the_disk_under_the_agent_of_the_certificate(collector: Running) -> None:
    one, two = await collector.agent(), await collector.agent()
    for machine in (one, two):
        async with machine.data() as call:
            answer = await call("Report", report_of(envelope(1, b"a"), envelope(2, b"b", crc=1), envelope(3, b"c")))
        taken = codec.decode_acknowledgement(answer)
        assert (taken.acked_seq, taken.refused) == (3, (Refusal(2, "the checksum does not match"),))
    assert await pending(collector) == [
        (f"agent/{machine.uid}", seq, payload) for machine in (one, two) for seq, payload in ((1, b"a"), (3, b"c"))
    ]


async def test_a_report_sent_again_is_acknowledged_again_and_stored_once(collector: Running) -> None:
    machine = await collector.agent()
    async with machine.data() as call:
        for _ in range(3):
            answer = await call("Report", report_of(envelope(5), envelope(4), envelope(5)))
            assert codec.decode_acknowledgement(answer).acked_seq == 5
    assert [seq for _, seq, _ in await pending(collector)] == [5, 4]


async def test_the_acknowledgement_carries_the_sections_wanted_in_full(collector: Running) -> None:
    machine = await collector.agent()
    standing = collector.registry.find(machine.uid)
    assert standing is not None
    collector.wanted[standing.id] = ("packages", "services")
    async with machine.data() as call:
        taken = codec.decode_acknowledgement(await call("Report", report_of(envelope(1))))
    assert taken.want_sections == ("packages", "services")


async def test_a_report_beyond_the_limits_is_refused_in_one_line(collector: Running) -> None:
    machine = await collector.agent()
    async with machine.data() as call:
        many = report_of(*(envelope(seq) for seq in range(1, 502)))
        await refused(call("Report", many), grpc.StatusCode.INVALID_ARGUMENT, "501 envelopes, at most 500")
        for epoch in (b"", b"short", bytes(17)):
            await refused(call("Report", report_of(epoch=epoch)), grpc.StatusCode.INVALID_ARGUMENT, "16 bytes")
        await refused(
            call("Report", report_of(envelope(1, bytes(8_500_000)))), grpc.StatusCode.INVALID_ARGUMENT, "at most"
        )
        await refused(call("Report", report_of(envelope(1, bytes(9_500_000)))), BUSY, "larger than max")
        assert (
            codec.decode_acknowledgement(await call("Report", report_of(envelope(1, bytes(8_000_000))))).acked_seq == 1
        )


@pytest.mark.parametrize("collector", [{"reports_per_minute": 3}], indirect=True)
async def test_an_agent_that_reports_too_often_is_told_when_to_come_back_and_others_are_not(collector: Running) -> None:
    eager, calm = await collector.agent(), await collector.agent()
    async with eager.data() as call:
        for seq in (1, 2, 3):
            await call("Report", report_of(envelope(seq)))
        metadata = await refused(call("Report", report_of(envelope(4))), BUSY, "too many calls")
        assert 10_000 <= int(metadata["retry-after-ms"]) <= 30_000
        await call("CheckIn", b"")
    async with calm.data() as call:
        await call("Report", report_of(envelope(1)))
    assert [seq for _, seq, _ in await pending(collector)] == [1, 2, 3, 1]


def gate(collector: Running) -> Gated:
    """Make the collector's commits wait until they are let."""
    gated = Gated(collector.store)
    collector.listeners.data._intake = Intake(gated, clock=collector.clock)
    return gated


@pytest.mark.parametrize("collector", [{"max_reports": 2}], indirect=True)
async def test_over_the_concurrency_limit_reports_wait_outside_and_check_ins_go_through(collector: Running) -> None:
    machines = [await collector.agent() for _ in range(5)]
    gated = gate(collector)
    inside = [asyncio.create_task(send(machine)) for machine in machines[:2]]
    await gated.reached.wait()
    await asyncio.sleep(0.2)
    for machine in machines[2:]:
        metadata = await refused(send(machine), BUSY, "the collector is busy")
        assert 150 <= int(metadata["retry-after-ms"]) <= 90_000
        await check_in(machine)
    gated.gate.set()
    assert await asyncio.gather(*inside) == [1, 1]
    assert await send(machines[2]) == 1
    assert (collector.listeners.data.admission.calls, collector.listeners.data.admission.bytes) == (0, 0)
    assert collector.listeners.data.admission.refused == 3


@pytest.mark.parametrize("collector", [{"max_pending_bytes": 100_000}], indirect=True)
async def test_over_the_limit_of_bytes_in_flight_a_report_is_turned_away_unless_it_is_alone(collector: Running) -> None:
    one, two = await collector.agent(), await collector.agent()
    gated = gate(collector)
    inside = asyncio.create_task(send(one, bytes(150_000)))
    await gated.reached.wait()
    await refused(send(two, bytes(10)), BUSY, "busy")
    gated.gate.set()
    assert await inside == 1
    assert await send(two, bytes(10)) == 1


async def test_a_caller_whose_deadline_passes_is_let_go_and_can_send_again(collector: Running) -> None:
    machine = await collector.agent()
    gated = gate(collector)
    async with machine.data() as call:
        await refused(call("Report", report_of(envelope(1)), timeout=0.3), grpc.StatusCode.DEADLINE_EXCEEDED)
        await asyncio.sleep(0.1)
        assert collector.listeners.data.admission.calls == 0
        gated.gate.set()
        assert codec.decode_acknowledgement(await call("Report", report_of(envelope(1)))).acked_seq == 1
    assert [seq for _, seq, _ in await pending(collector)] == [1]


async def test_while_the_database_is_away_nothing_is_acknowledged_and_a_time_is_named(collector: Running) -> None:
    machine = await collector.agent()
    gated = gate(collector)
    gated.gate.set()
    gated.failure = OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error"))
    metadata = await refused(send(machine), grpc.StatusCode.UNAVAILABLE, "database does not answer")
    assert 3_000 <= int(metadata["retry-after-ms"]) <= 8_000
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorname = "SQLITE_FULL"
    gated.failure = OperationalError("COMMIT", {}, full)
    metadata = await refused(send(machine), BUSY, "the collector's disk is full")
    assert int(metadata["retry-after-ms"]) >= 3_000
    assert await pending(collector) == []
    gated.failure = None
    assert await send(machine) == 1


async def send(machine: Machine, payload: bytes = b"payload") -> int:
    async with machine.data() as call:
        return codec.decode_acknowledgement(await call("Report", report_of(envelope(1, payload)))).acked_seq


# --- renew


async def test_a_renewal_gives_a_leaf_for_the_new_key_only(collector: Running) -> None:
    machine = await collector.agent()
    before = machine.leaf
    await machine.renew()
    assert machine.leaf.public_key() == machine.leaf_key.public_key() != before.public_key()
    assert list(machine.leaf.extensions)[2] == list(before.extensions)[2]
    agent = await row_of(collector, machine)
    assert agent.certificate_until // 1000 == int(machine.leaf.not_valid_after_utc.timestamp())


async def test_a_renewal_for_another_kind_of_key_is_refused_and_changes_nothing(collector: Running) -> None:
    machine = await collector.agent()
    async with machine.data() as call:
        for csr in (csr_of(rsa.generate_private_key(65_537, 2048)), b"", b"nonsense", bytes(9000)):
            await refused(call("Renew", codec.encode_renew(csr)), grpc.StatusCode.INVALID_ARGUMENT)
    assert (await row_of(collector, machine)).serial_next is None


async def test_renewals_in_a_row_are_limited(collector: Running) -> None:
    machine = await collector.agent()
    request = codec.encode_renew(csr_of(new_key()))
    async with machine.data() as call:
        for _ in range(5):
            await call("Renew", request)
        metadata = await refused(call("Renew", request), BUSY, "too many calls")
    assert int(metadata["retry-after-ms"]) > 1_000


async def test_agents_state_written_by_check_ins_does_not_touch_standings(collector: Running) -> None:
    machine = await collector.agent()
    await check_in(machine)
    await collector.registry.ban(machine.uid, "stolen", TESTER)
    agent = await flushed(collector, machine)
    assert (agent.state, agent.state_reason) == (agents.BANNED, "stolen")
    assert agent.last_seen > 0
