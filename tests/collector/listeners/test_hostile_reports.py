"""An enrolled agent may send anything: what comes of it is a true acknowledgement or one clear refusal."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.store import ingest_log
from tests.collector.listeners.client import Machine, report_of
from tests.collector.listeners.conftest import Running
from wire import codec
from wire.observation import MAX_OBSERVATION_BYTES, Envelope, Report

UNLIMITED = {"reports_per_minute": 10**9}
pytestmark = pytest.mark.parametrize("collector", [UNLIMITED], indirect=True)

thousands = settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
payloads = st.binary(max_size=40)
good = st.builds(lambda seq, payload: Envelope(seq, payload, zlib.crc32(payload)), st.integers(1, 50), payloads)
any_envelope = st.one_of(good, st.builds(Envelope, st.integers(0, 2**64 - 1), payloads, st.integers(0, 2**32 - 1)))
reports = st.builds(
    lambda epoch, envelopes: codec.encode_report(Report(epoch, tuple(envelopes))),
    st.binary(min_size=16, max_size=16), st.lists(any_envelope, max_size=6),
)  # fmt: skip


@dataclass
class Line:
    """A connection of an enrolled agent that stays open over all the examples of a test."""

    collector: Running
    machine: Machine
    call: Any
    seen: int = 0

    async def check(self, request: bytes) -> None:
        """Send it and hold the answer against what the bytes say and what is on the disk."""
        try:
            expected = codec.decode_report(request)
        except codec.Undecodable:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await self.call("Report", request)
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert "\n" not in (caught.value.details() or "\n")
            return
        answer = codec.decode_acknowledgement(await self.call("Report", request))
        taken = [each for each in expected.envelopes if is_good(each)]
        assert [each.seq for each in answer.refused] == [each.seq for each in expected.envelopes if not is_good(each)]
        assert answer.acked_seq == max((each.seq for each in taken), default=0)
        await self.holds(expected.spool_epoch, taken)

    async def holds(self, epoch: bytes, taken: list[Envelope]) -> None:
        """Assert that every new row of the log is one of those, and that each of those is there."""
        async with self.collector.store.read() as tx:
            rows = await ingest_log.pending(tx, 1000, self.seen)
            held = {(row.epoch, row.seq) for row in await ingest_log.pending(tx, 100_000)}
        self.seen = max([self.seen, *(row.id for row in rows)])
        assert {(epoch, each.seq) for each in taken} <= held
        assert {(row.epoch, row.seq, row.payload) for row in rows} <= {
            (epoch, each.seq, each.observation) for each in taken
        }
        assert all(row.source == f"agent/{self.machine.uid}" for row in rows)


def is_good(envelope: Envelope) -> bool:
    if not 1 <= envelope.seq < 2**63 or len(envelope.observation) > MAX_OBSERVATION_BYTES:
        return False
    return zlib.crc32(envelope.observation) == envelope.crc


@pytest.fixture
async def line(collector: Running) -> AsyncIterator[Line]:
    machine = await collector.agent()
    async with machine.data() as call:
        yield Line(collector, machine, call)
        await call("CheckIn", b"")  # whatever was sent, the listener is there


@thousands
@given(request=reports)
async def test_reports_with_repeated_reordered_and_damaged_envelopes(line: Line, request: bytes) -> None:
    await line.check(request)


@thousands
@given(request=reports, data=st.data())
async def test_reports_cut_short_anywhere(line: Line, request: bytes, data: st.DataObject) -> None:
    await line.check(request[: data.draw(st.integers(0, len(request)))])


@thousands
@given(request=reports, data=st.data())
async def test_reports_with_flipped_bytes(line: Line, request: bytes, data: st.DataObject) -> None:
    bent = bytearray(request)
    for at in data.draw(st.lists(st.integers(0, len(bent) - 1), max_size=4)):
        bent[at] ^= data.draw(st.integers(1, 255))
    await line.check(bytes(bent))


@thousands
@given(request=reports, number=st.integers(4, 2**29 - 1), body=payloads, first=st.booleans())
async def test_reports_with_fields_of_a_newer_agent(
    line: Line, request: bytes, number: int, body: bytes, first: bool
) -> None:
    field = _varint(number << 3 | 2) + _varint(len(body)) + body
    whole = field + request if first else request + field
    assert codec.decode_report(whole) == codec.decode_report(request)
    await line.check(whole)


@thousands
@given(noise=st.binary(max_size=400))
async def test_bytes_that_never_were_a_report(line: Line, noise: bytes) -> None:
    await line.check(noise)


async def test_groups_nested_without_end_are_refused(line: Line) -> None:
    await line.check(b"\x2b" * 100_000)
    await line.check(report_of() + b"\x2b" * 1000 + b"\x2c" * 1000)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])
