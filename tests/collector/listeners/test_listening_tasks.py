"""A probe that listens is told by its stream what it may hear, and told again when that has changed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import grpc
import pytest

from collector.clock import now
from collector.listeners import tasks
from collector.services import sweeps
from collector.services.sweeps import NewPlan
from tests.acts import act
from tests.collector.listeners.client import Machine, pem
from tests.collector.listeners.conftest import Running
from tests.collector.listeners.test_tasks import SECRET, Stream, asked_for, probe, sealed
from wire import sweep_codec
from wire.enrolment import SERVER_NAME
from wire.listening import ListenTask
from wire.sweep import Idle, SweepTask


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "POLL_S", 0.05)
    monkeypatch.setattr(tasks, "LOOK_S", 0.1)


@contextlib.asynccontextmanager
async def listening(machine: Machine, digest: bytes = b"", listens: bool = True) -> AsyncIterator[Stream]:
    own = grpc.ssl_channel_credentials(machine.root, pem(machine.leaf_key), machine.chain)
    options = [("grpc.ssl_target_name_override", SERVER_NAME), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.secure_channel(f"127.0.0.1:{machine.data_port}", own, options=options) as channel:
        stream = Stream(machine, channel, Idle("", "", listens, digest))
        try:
            yield stream
        finally:
            await stream.close()


async def planned(collector: Running, name: str, *ranges: str) -> None:
    async with collector.store.write() as tx:
        await sweeps.create_plan(act(tx, "test", now()), NewPlan(name, "", {"ranges": list(ranges)}))


async def test_a_probe_that_listens_is_told_what_it_may_hear_and_what_has_changed(collector: Running) -> None:
    machine = await probe(collector)
    await planned(collector, "campus", "192.0.2.0/28")
    async with listening(machine) as stream:
        first = await stream.next()
        assert isinstance(first, ListenTask)
        assert (first.zone, first.ranges, first.leases) == ("", ("192.0.2.1-192.0.2.14",), ())
        await sealed(collector)
        second = await stream.next()
        assert isinstance(second, ListenTask)
        assert [dict(each.secret) for each in second.leases] == [{"community": SECRET}]
        assert second.digest != first.digest
    async with listening(machine, second.digest) as stream:
        with pytest.raises(TimeoutError):
            await stream.next(0.5)


async def test_sweeps_come_over_the_same_stream(collector: Running) -> None:
    machine = await probe(collector)
    await asked_for(collector)
    async with listening(machine) as stream:
        words = [await stream.next(), await stream.next()]
    assert {type(each) for each in words} == {ListenTask, SweepTask}


async def test_a_probe_that_does_not_listen_is_told_nothing_of_it(collector: Running) -> None:
    machine = await probe(collector)
    await planned(collector, "campus", "192.0.2.0/28")
    async with listening(machine, listens=False) as stream:
        with pytest.raises(TimeoutError):
            await stream.next(0.5)


async def test_a_task_that_cannot_travel_leaves_the_stream_and_its_sweeps_alone(
    collector: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = await probe(collector)
    await planned(collector, "campus", *(f"192.0.2.{last}" for last in range(1, 200, 2)))
    monkeypatch.setattr(sweep_codec, "MAX_TASK_BYTES", 600)
    async with listening(machine) as stream:
        with pytest.raises(TimeoutError):
            await stream.next(0.5)
        await asked_for(collector, "one", ranges=["198.51.100.1"])
        assert isinstance(await stream.next(30.0), SweepTask)
