"""Probes at the data listener: a stream of tasks each, authorised and bounded, and progress that is written."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from collector.clock import now
from collector.listeners import tasks
from collector.services import credentials, sweeps
from collector.services.credentials import NewCredential
from collector.services.sweeps import NewPlan, probing
from collector.store import probes, reach
from collector.store import sweeps as store_sweeps
from collector.store.reach import Watch
from tests.acts import TESTER, act
from tests.collector.listeners.client import Machine, pem
from tests.collector.listeners.conftest import Running
from tests.collector.listeners.test_enrolment import refused
from wire import codec, sweep_codec
from wire.enrolment import SERVER_NAME
from wire.sweep import Cancel, Idle, Progress, SweepTask, TargetRow

SECRET = "larch-and-cedar"
RANGES = ["192.0.2.0/28"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "POLL_S", 0.05)


class Stream:
    """An open stream of tasks."""

    def __init__(self, machine: Machine, channel: Any, idle: Idle) -> None:
        self.machine = machine
        self._call = channel.unary_stream(f"/{codec.AGENT_SERVICE}/Tasks")(sweep_codec.encode_idle(idle))
        self._reading: asyncio.Task[Any] | None = None

    async def next(self, seconds: float = 10.0) -> SweepTask | Cancel | None:
        """Return the next word, None when the collector ended the stream; raise what it failed with.

        A TimeoutError leaves the stream open: a read that is cancelled would end it.
        """
        self._reading = self._reading or asyncio.create_task(self._call.read())
        data = await asyncio.wait_for(asyncio.shield(self._reading), seconds)
        self._reading = None
        return None if data is grpc.aio.EOF else sweep_codec.decode_task(data)

    async def close(self) -> None:
        self._call.cancel()
        if self._reading:
            await asyncio.gather(self._reading, return_exceptions=True)


@contextlib.asynccontextmanager
async def waiting(machine: Machine, zone: str = "", holds: str = "", idle: Idle | None = None) -> AsyncIterator[Stream]:
    """Open a stream: of a probe of a version without lanes, unless `idle` says otherwise."""
    own = grpc.ssl_channel_credentials(machine.root, pem(machine.leaf_key), machine.chain)
    options = [("grpc.ssl_target_name_override", SERVER_NAME), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.secure_channel(f"127.0.0.1:{machine.data_port}", own, options=options) as channel:
        stream = Stream(machine, channel, idle or Idle(zone, holds))
        try:
            yield stream
        finally:
            await stream.close()


async def probe(collector: Running) -> Machine:
    """Return a machine that has just enrolled, and that a person has made a probe of two zones."""
    machine = await collector.agent()
    async with collector.store.write() as tx:
        assert await probes.appoint(tx, machine.uid, ["", "plant-1"])
    return machine


async def opened(collector: Running, stream: Stream) -> None:
    """Return when the collector has the only stream there is."""
    async with asyncio.timeout(10):
        while not collector.listeners.tasks.streams:
            with contextlib.suppress(TimeoutError):
                await stream.next(0.05)


async def asked_for(collector: Running, name: str = "campus", zone: str = "", ranges: list[str] = RANGES) -> str:
    """Make a plan and ask for a sweep of it; return the sweep's uid."""
    async with collector.store.write() as tx:
        plan = await sweeps.create_plan(act(tx, "test", now()), NewPlan(name, zone, {"ranges": ranges}))
        return await sweeps.start(act(tx, "test", now()), plan)


async def sealed(collector: Running) -> str:
    new = NewCredential("campus", "snmp_community", {"ranges": ["192.0.2.0/24"]}, {"community": SECRET})
    async with collector.store.write() as tx:
        return await credentials.create(act(tx, "test", now()), collector.listeners.tasks._vault, new)


async def state_of(collector: Running, uid: str) -> str:
    async with collector.store.read() as connection:
        sweep = await sweeps.one(connection, uid)
    assert sweep is not None
    return sweep.state


async def watched(collector: Running, ranges: list[str] = RANGES) -> str:
    """Ask for a sweep that is a watch; return its uid."""
    uid = await asked_for(collector, "watched", ranges=ranges)
    async with collector.store.write() as tx:
        row = await store_sweeps.find(tx, uid)
        assert row is not None
        await reach.put_watch(tx, Watch("", row.id, now(), ""))
    return uid


async def tell(machine: Machine, told: Progress) -> bool:
    async with machine.data() as call:
        return sweep_codec.decode_answer(await call("Progress", sweep_codec.encode_progress(told)))


async def test_a_probe_is_given_the_sweep_that_waits_with_what_it_is_lent(collector: Running) -> None:
    machine, lent, uid = await probe(collector), await sealed(collector), await asked_for(collector)
    async with waiting(machine) as stream:
        task = await stream.next()
    assert isinstance(task, SweepTask)
    assert (task.uid, task.ranges, task.cursor) == (uid, ("192.0.2.0/28",), "")
    assert [(each.uid, dict(each.secret)) for each in task.leases] == [(lent, {"community": SECRET})]
    assert await state_of(collector, uid) == "running"


async def test_a_sweep_that_is_asked_for_later_comes_as_it_is_asked_for(
    collector: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "POLL_S", 30.0)
    machine = await probe(collector)
    async with waiting(machine) as stream:
        await opened(collector, stream)
        with pytest.raises(TimeoutError):
            await stream.next(1.0)
        uid = await asked_for(collector)
        collector.listeners.tasks.wake()
        task = await stream.next()
    assert isinstance(task, SweepTask)
    assert task.uid == uid


async def test_a_probe_of_another_zone_is_given_nothing(collector: Running) -> None:
    machine, uid = await probe(collector), await asked_for(collector, zone="plant-1")
    async with waiting(machine) as stream:
        with pytest.raises(TimeoutError):
            await stream.next(0.5)
    assert await state_of(collector, uid) == "waiting"
    async with waiting(machine, "plant-1") as stream:
        assert await stream.next() is not None


async def test_what_is_told_is_written_and_the_next_sweep_comes_when_the_first_has_ended(collector: Running) -> None:
    machine, first = await probe(collector), await asked_for(collector)
    async with waiting(machine) as stream:
        assert await stream.next()
        second = await asked_for(collector, "another", ranges=["198.51.100.0/30"])
        row = TargetRow("192.0.2.1", "identify", found_json='{"model": "X"}', at_ms=now(), took_ms=7, alive=True)
        silent = TargetRow("192.0.2.2", "sweep", "no_answer", at_ms=now())
        assert await tell(machine, Progress(first, {}, (row, silent), "2")) is False
        with pytest.raises(TimeoutError):
            await stream.next(0.5)
        assert await tell(machine, Progress(first, {}, (), "14", ended=True)) is False
    async with waiting(machine) as stream:
        task = await stream.next()
    assert isinstance(task, SweepTask)
    assert task.uid == second
    async with collector.store.read() as connection:
        found = await sweeps.targets(connection, first)
    assert [(each.address, each.stage, each.cause, each.took_ms) for each in found] == [
        ("192.0.2.1", "identify", "", 7), ("192.0.2.2", "sweep", "no_answer", 0),
    ]  # fmt: skip
    assert await state_of(collector, first) == "done"


async def test_a_sweep_that_is_cancelled_is_told_by_the_stream_and_by_the_answer(collector: Running) -> None:
    machine, uid = await probe(collector), await asked_for(collector)
    async with waiting(machine) as stream:
        assert await stream.next()
        async with collector.store.write() as tx:
            assert await sweeps.cancel(act(tx, "test", now()), uid)
        assert await stream.next() == Cancel(uid)
    assert await tell(machine, Progress(uid)) is True


async def test_a_probe_that_comes_back_with_nothing_in_hand_is_given_its_sweep_again_from_its_cursor(
    collector: Running,
) -> None:
    machine, uid = await probe(collector), await asked_for(collector)
    async with waiting(machine) as stream:
        assert await stream.next()
        await tell(machine, Progress(uid, {}, (), "5"))
    async with waiting(machine, holds=uid) as stream:
        with pytest.raises(TimeoutError):
            await stream.next(0.5)
    async with waiting(machine) as stream:
        task = await stream.next()
    assert isinstance(task, SweepTask)
    assert (task.uid, task.cursor) == (uid, "5")


async def test_a_watch_comes_beside_a_sweep_of_the_same_addresses_and_each_is_cancelled_for_itself(
    collector: Running,
) -> None:
    machine, explored = await probe(collector), await asked_for(collector)
    async with waiting(machine, idle=Idle("", watches=True)) as stream:
        first = await stream.next()
        watch = await watched(collector)
        second = await stream.next()
        assert isinstance(first, SweepTask)
        assert isinstance(second, SweepTask)
        assert [(first.uid, first.watch), (second.uid, second.watch)] == [(explored, False), (watch, True)]
        await tell(machine, Progress(watch, ended=True))
        assert (await state_of(collector, watch), await state_of(collector, explored)) == ("done", "running")
        async with collector.store.write() as tx:
            assert await sweeps.cancel(act(tx, "test", now()), explored)
        word = await stream.next()
        if word == Cancel(watch):  # the stream may look before the end is noted in it: that harms nobody
            word = await stream.next()
        assert word == Cancel(explored)


async def test_a_probe_without_lanes_has_a_watch_or_another_sweep_and_never_both(collector: Running) -> None:
    machine = await probe(collector)
    await asked_for(collector)
    watch = await watched(collector)
    async with waiting(machine) as stream:
        task = await stream.next()
        assert isinstance(task, SweepTask)
        assert task.uid == watch, "watches first"
        with pytest.raises(TimeoutError):
            await stream.next(0.5)


async def test_a_probe_that_comes_back_keeps_what_it_holds_in_each_lane(collector: Running) -> None:
    machine, explored, watch = await probe(collector), await asked_for(collector), await watched(collector)
    async with waiting(machine, idle=Idle("", watches=True)) as stream:
        assert {(await _sweep(stream)).uid, (await _sweep(stream)).uid} == {explored, watch}
    async with waiting(machine, idle=Idle("", explored, watches=True)) as stream:
        assert (await _sweep(stream)).uid == watch
    async with waiting(machine, idle=Idle("", watch_uid=watch, watches=True)) as stream:
        assert (await _sweep(stream)).uid == explored
    assert (await state_of(collector, explored), await state_of(collector, watch)) == ("running", "running")


async def test_what_waits_again_is_given_out_when_the_probe_has_let_go_of_it_and_not_before(
    collector: Running,
) -> None:
    machine, explored = await probe(collector), await asked_for(collector)
    async with waiting(machine, idle=Idle("", watches=True)) as stream:
        assert (await _sweep(stream)).uid == explored
        async with collector.store.write() as tx:
            row = await store_sweeps.find(tx, explored)
            assert row is not None
            await probing.give_back(tx, row, "blackout")
        watch = await watched(collector, ["198.51.100.0/30"])
        assert (await _sweep(stream)).uid == watch
        with pytest.raises(TimeoutError):
            await stream.next(0.5)
        await tell(machine, Progress(explored, ended=True))
        assert (await _sweep(stream)).uid == explored


async def _sweep(stream: Stream) -> SweepTask:
    task = await stream.next()
    assert isinstance(task, SweepTask)
    return task


async def test_what_another_agent_says_of_a_sweep_is_not_heard(collector: Running) -> None:
    mine, other, uid = await probe(collector), await probe(collector), await asked_for(collector)
    async with waiting(mine) as stream:
        assert await stream.next()
        assert await tell(other, Progress(uid, ended=True)) is True
    assert await state_of(collector, uid) == "running"


async def test_the_later_of_two_streams_of_one_agent_counts(collector: Running) -> None:
    machine = await probe(collector)
    async with waiting(machine) as first:
        await opened(collector, first)
        async with waiting(machine) as second:
            assert await first.next() is None
            assert collector.listeners.tasks.streams == 1
            await asked_for(collector)
            assert await second.next() is not None


async def test_more_probes_than_may_wait_are_told_when_to_come_back(collector: Running) -> None:
    collector.listeners.tasks._max_streams = 1
    one, two = await probe(collector), await probe(collector)
    async with waiting(one) as stream:
        await opened(collector, stream)
        async with waiting(two) as refused_one:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await refused_one.next()
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert int(dict(caught.value.trailing_metadata() or ())["retry-after-ms"]) > 1_000


async def test_a_stream_has_its_time_and_then_ends_without_a_failure(
    collector: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "STREAM_S", 0.3)
    async with waiting(await probe(collector)) as stream:
        assert await stream.next() is None
    assert collector.listeners.tasks.streams == 0


async def test_a_ban_ends_an_open_stream(collector: Running) -> None:
    machine = await probe(collector)
    async with waiting(machine) as stream:
        await opened(collector, stream)
        await collector.registry.ban(machine.uid, "test", TESTER)
        await asked_for(collector)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.next()
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_who_is_banned_or_unknown_opens_no_stream(collector: Running) -> None:
    machine = await probe(collector)
    old = machine.chain, machine.leaf_key
    await machine.renew()
    async with machine.data() as call:
        await call("CheckIn", b"")
    new = machine.chain, machine.leaf_key
    machine.chain, machine.leaf_key = old
    async with waiting(machine) as stream:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.next()
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    machine.chain, machine.leaf_key = new
    await collector.registry.ban(machine.uid, "test", TESTER)
    async with waiting(machine) as stream:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.next()
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_task_that_cannot_travel_has_failed_and_does_not_come_again(
    collector: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_codec, "MAX_TASK_BYTES", 10)
    machine, uid = await probe(collector), await asked_for(collector)
    async with waiting(machine) as stream:
        with pytest.raises(TimeoutError):
            await stream.next(0.5)
    assert await state_of(collector, uid) == "failed"


@pytest.mark.parametrize(
    ("method", "request_bytes"), [("Progress", b""), ("Progress", b"\xff"), ("Progress", b"\x0a\x01s\x1a\x00")]
)
async def test_progress_that_is_none_is_refused_for_good(collector: Running, method: str, request_bytes: bytes) -> None:
    machine = await probe(collector)
    async with machine.data() as call:
        await refused(call(method, request_bytes), grpc.StatusCode.INVALID_ARGUMENT)


async def test_who_tells_too_often_is_told_to_wait(collector: Running) -> None:
    machine = await probe(collector)
    async with machine.data() as call:
        answers: list[object] = []
        for _ in range(6):
            told = (call("Progress", sweep_codec.encode_progress(Progress("s"))) for _ in range(10))
            answers += await asyncio.gather(*told, return_exceptions=True)
    busy = [each for each in answers if isinstance(each, grpc.aio.AioRpcError)]
    assert busy
    assert {each.code() for each in busy} == {grpc.StatusCode.RESOURCE_EXHAUSTED}


async def test_closing_ends_every_stream_at_once(collector: Running) -> None:
    async with waiting(await probe(collector)) as stream:
        await opened(collector, stream)
        began = asyncio.get_running_loop().time()
        await collector.listeners.stop(5.0)
        assert asyncio.get_running_loop().time() - began < 2.0


async def test_an_agent_nobody_made_a_probe_is_lent_nothing_however_it_asks(collector: Running) -> None:
    machine, _, uid = await collector.agent(), await sealed(collector), await asked_for(collector)
    async with waiting(machine) as stream:
        await opened(collector, stream)
        with pytest.raises(TimeoutError):
            await stream.next(0.5)
    assert await state_of(collector, uid) == "waiting"
