"""Intake: nothing is acknowledged that is not on the disk, and one bad sender costs only himself."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sqlite3
import subprocess
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.intake import Intake
from collector.store import agents, ingest_log
from collector.store.agents import NewAgent
from collector.store.engine import Store, open_store, sqlite_url
from collector.store.failure import DiskFull, Unacceptable, WriteFailed
from collector.store.migrate import migrate
from wire.observation import MAX_OBSERVATION_BYTES, Acknowledgement, Envelope, Refusal, Report

EPOCH = bytes(16)
serials = itertools.count()


def envelope(seq: int, payload: bytes = b"payload") -> Envelope:
    return Envelope(seq, payload, zlib.crc32(payload))


def report(*envelopes: Envelope, epoch: bytes = EPOCH) -> Report:
    return Report(epoch, envelopes)


async def admit(store: Store) -> int:
    uid = f"agent-{next(serials)}"
    async with store.write() as tx:
        return (await agents.create(tx, NewAgent(uid, uid.encode(), "serial", 2, 1))).id


async def stored(store: Store) -> list[tuple[int, int]]:
    async with store.read() as tx:
        return [(each.agent_id, each.seq) for each in await ingest_log.pending(tx, 100_000)]


class Gated(Store):
    """A store that commits only when it is let, and can be made to fail."""

    def __init__(self, store: Store) -> None:
        super().__init__(str(store.url), store._writer, store._reader)
        self.url = store.url
        self.gate = asyncio.Event()
        self.reached = asyncio.Event()
        self.failure: Exception | None = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        async with super().write() as connection:
            yield connection
            self.reached.set()
            await self.gate.wait()
            if self.failure:
                raise self.failure


async def test_the_acknowledgement_waits_for_the_commit(store: Store) -> None:
    agent, gated = await admit(store), Gated(store)
    woken: list[int] = []
    intake = Intake(gated, lambda _: woken.append(1))
    waiting = asyncio.create_task(intake.take(agent, report(envelope(1), envelope(2))))
    await gated.reached.wait()
    await asyncio.sleep(0.05)
    assert not waiting.done()
    assert woken == []
    assert await stored(store) == []
    gated.gate.set()
    assert await waiting == Acknowledgement(2)
    assert woken == [1]
    assert await stored(store) == [(agent, 1), (agent, 2)]


async def test_all_who_come_during_a_commit_share_the_next_one(store: Store) -> None:
    ids = [await admit(store) for _ in range(10)]
    gated = Gated(store)
    intake = Intake(gated)
    first = asyncio.create_task(intake.take(ids[0], report(envelope(1))))
    await gated.reached.wait()
    rest = [asyncio.create_task(intake.take(each, report(envelope(1), envelope(2)))) for each in ids[1:]]
    await asyncio.sleep(0)
    gated.gate.set()
    assert [each.acked_seq for each in await asyncio.gather(first, *rest)] == [1] + [2] * 9
    assert intake.counters.commits == 2
    assert intake.counters.envelopes == 19
    assert len(await stored(store)) == 19


async def test_a_damaged_envelope_is_refused_and_the_others_are_taken(store: Store) -> None:
    agent, intake = await admit(store), Intake(store)
    damaged = Envelope(2, b"payload", zlib.crc32(b"payload") ^ 1)
    huge = Envelope(4, bytes(MAX_OBSERVATION_BYTES + 1), 0)
    taken = await intake.take(agent, report(envelope(1), damaged, envelope(3), huge, envelope(0), envelope(2**63)))
    assert taken == Acknowledgement(
        3,
        (
            Refusal(2, "the checksum does not match"),
            Refusal(4, "8388609 bytes, at most 8388608"),
            Refusal(0, "the sequence number is out of range"),
            Refusal(2**63, "the sequence number is out of range"),
        ),
    )
    assert await stored(store) == [(agent, 1), (agent, 3)]


async def test_a_report_without_a_good_envelope_acknowledges_nothing_and_writes_nothing(store: Store) -> None:
    agent, intake = await admit(store), Intake(store)
    assert await intake.take(agent, report()) == Acknowledgement(0)
    assert (await intake.take(agent, report(envelope(0)))).acked_seq == 0
    assert intake.counters.commits == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sent=st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=12)), max_size=8
    )
)
async def test_repeated_reordered_and_damaged_envelopes_are_each_stored_once_or_refused(
    sqlite_store: Store, sent: list[tuple[int, list[tuple[int, bool]]]]
) -> None:
    ids = [await admit(sqlite_store) for _ in range(3)]
    intake = Intake(sqlite_store)
    reports = [
        (ids[who], report(*(envelope(seq) if good else Envelope(seq, b"x", 0) for seq, good in what)))
        for who, what in sent
    ]
    taken = await asyncio.gather(*(intake.take(*each) for each in reports))
    acknowledged = set()
    for (agent, asked), answer in zip(reports, taken, strict=True):
        refused = {each.seq for each in answer.refused}
        good = {(agent, each.seq) for each in asked.envelopes if each.seq and each.crc}
        assert {seq for seq in refused if seq} <= {each.seq for each in asked.envelopes if not each.crc}
        assert answer.acked_seq == max((seq for _, seq in good), default=0)
        acknowledged |= good
    found = [each for each in await stored(sqlite_store) if each[0] in ids]
    assert len(found) == len(set(found))
    assert set(found) == acknowledged


async def test_after_a_failed_commit_nothing_is_acknowledged_and_the_next_report_is_taken(store: Store) -> None:
    agent, gated = await admit(store), Gated(store)
    woken: list[int] = []
    intake = Intake(gated, lambda _: woken.append(1))
    gated.gate.set()
    gated.failure = OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error"))
    several = [intake.take(agent, report(envelope(seq))) for seq in (1, 2, 3)]
    failures = await asyncio.gather(*several, return_exceptions=True)
    assert [type(each) for each in failures] == [WriteFailed] * 3
    assert woken == []
    assert await stored(store) == []
    gated.failure = None
    assert await intake.take(agent, report(envelope(1))) == Acknowledgement(1)
    assert await stored(store) == [(agent, 1)]


async def test_an_error_nobody_foresaw_reaches_all_who_wait(store: Store) -> None:
    agent, gated = await admit(store), Gated(store)
    gated.gate.set()
    gated.failure = ZeroDivisionError()
    several = [Intake(gated).take(agent, report(envelope(1))), Intake(gated).take(agent, report(envelope(2)))]
    failures = await asyncio.gather(*several, return_exceptions=True)
    assert [type(each) for each in failures] == [ZeroDivisionError] * 2


async def test_a_report_the_database_refuses_does_not_cost_the_others_of_its_group(store: Store) -> None:
    one, two = await admit(store), await admit(store)
    intake = Intake(store)
    answers = await asyncio.gather(
        *(intake.take(each, report(envelope(1))) for each in (one, two + 1000, two)), return_exceptions=True
    )
    assert [type(each) for each in answers] == [Acknowledgement, Unacceptable, Acknowledgement]
    assert await stored(store) == [(one, 1), (two, 1)]


async def test_a_caller_who_gave_up_before_its_turn_is_not_written_and_harms_nobody(store: Store) -> None:
    one, two = await admit(store), await admit(store)
    gated = Gated(store)
    intake = Intake(gated)
    first = asyncio.create_task(intake.take(one, report(envelope(1))))
    await gated.reached.wait()
    early = asyncio.create_task(intake.take(two, report(envelope(1))))
    late = asyncio.create_task(intake.take(two, report(envelope(2))))
    await asyncio.sleep(0)
    first.cancel()
    early.cancel()
    await asyncio.sleep(0)
    gated.gate.set()
    assert (await late).acked_seq == 2
    await intake.drain()
    assert await stored(store) == [(one, 1), (two, 2)]


# --- a full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small tmpfs cannot be mounted here (it takes root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


async def test_on_a_full_disk_nothing_is_acknowledged_that_is_not_there_and_space_brings_it_back(
    small_disk: Path,
) -> None:
    store = open_store(sqlite_url(small_disk / "muster.db"))
    await migrate(store)
    agent, intake = await admit(store), Intake(store)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(300_000))
    acknowledged, seq = [], 0
    with contextlib.suppress(DiskFull):
        for seq in range(1, 1000):
            await intake.take(agent, report(envelope(seq, os.urandom(4000))))
            acknowledged.append((agent, seq))
    assert 1 < seq < 999
    for _ in range(3):
        with pytest.raises(DiskFull, match="disk is full"):
            await intake.take(agent, report(envelope(seq, os.urandom(4000))))
    assert await stored(store) == acknowledged
    ballast.unlink()
    for again in range(seq, seq + 10):
        assert (await intake.take(agent, report(envelope(again, os.urandom(4000))))).acked_seq == again
        acknowledged.append((agent, again))
    assert await stored(store) == acknowledged
    await store.close()
    assert _integrity(small_disk / "muster.db") == "ok"


def _integrity(path: Path) -> str:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
