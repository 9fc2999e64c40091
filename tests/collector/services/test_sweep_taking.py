"""Which probe is given which sweep, and what it is lent for it."""

from __future__ import annotations

from sqlalchemy import select
from structlog.testing import capture_logs

from collector.services import credentials, sweeps
from collector.store import credentials as credential_rows
from collector.store import probes as appointed
from collector.store import schema
from tests.acts import act
from tests.collector.services.sweeping import NOW, Collector, row
from wire.sweep import Progress


async def test_a_sweep_goes_to_a_probe_of_its_zone_and_to_one_alone(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan(zone="dmz"))
    async with collector.store.read() as connection:
        assert not await sweeps.waits(connection, "")
        assert await sweeps.waits(connection, "dmz")
    assert await collector.take() is None
    task = await collector.take(zone="dmz")
    assert task
    assert (task.uid, task.ranges, task.until, task.cursor) == (sweep, ("10.1.0.1-10.1.0.9",), "explore", "")
    assert await collector.take(zone="dmz", probe=1) is None
    taken = await collector.one(sweep)
    assert (taken.state, taken.agent, taken.agent_name, taken.started_at) == ("running", "agent-0", "probe-0", NOW)


async def test_a_probe_has_one_sweep_at_a_time_and_no_address_is_in_two(collector: Collector) -> None:
    for name, ranges in (("a", ["10.1.0.0/24"]), ("b", ["10.1.0.9-10.1.1.5"]), ("c", ["10.2.0.0/24"])):
        await collector.start(await collector.plan({"ranges": ranges}, name=name))
    first = await collector.take()
    assert first
    assert first.ranges == ("10.1.0.0/24",)
    assert await collector.take() is None
    other = await collector.take(probe=1)
    assert other
    assert other.ranges == ("10.2.0.0/24",)
    await collector.tell(Progress(first.uid, ended=True))
    after = await collector.take()
    assert after
    assert after.ranges == ("10.1.0.9-10.1.1.5",)


async def test_an_agent_nobody_appointed_for_the_zone_is_given_nothing_and_lent_nothing(collector: Collector) -> None:
    await collector.start(await collector.plan())
    async with collector.store.write() as tx:
        assert await appointed.appoint(tx, "agent-0", ["dmz"])
        assert not await appointed.appoint(tx, "nobody", [""])
    assert await collector.take() is None
    assert await collector.take(probe=1) is not None


# --- what is lent


async def test_who_is_no_probe_of_the_zone_any_more_is_not_heard_of_the_sweep_it_has(collector: Collector) -> None:
    uid = await collector.start(await collector.plan())
    assert await collector.take()
    assert not await collector.tell(Progress(uid, {}, (row(1),)))
    async with collector.store.write() as tx:
        await appointed.appoint(tx, "agent-0", ["dmz"])
    assert await collector.tell(Progress(uid, {}, (row(2),))), "it is to stop"
    async with collector.store.read() as connection:
        found = (await connection.execute(select(schema.sweep_target.c.address))).scalars().all()
    assert found == ["10.1.0.1"]
    assert (await collector.one(uid)).state == "waiting"
    assert await collector.take(probe=1), "another one takes it"


async def test_a_probe_is_lent_what_is_in_scope_for_the_targets_it_has(collector: Collector) -> None:
    await collector.lend("elsewhere", ["10.2.0.0/16"])
    await collector.lend("other zone", ["10.1.0.0/16"], zones=["dmz"])
    await collector.lend("excepted", ["10.1.0.0/16"], **{"except": ["10.1.0.0/24"]})
    suspended = await collector.lend("suspended", ["10.1.0.0/16"])
    wide = await collector.lend("wide", ["0.0.0.0/0"], vendors=["Cisco"], unpinned=True)
    async with collector.store.write() as tx:
        await credentials.suspend(act(tx), suspended, NOW + 1, "refused")
    await collector.start(await collector.plan())
    task = await collector.take()
    assert task
    (lease,) = task.leases
    assert (lease.uid, lease.kind, lease.ranges) == (wide, "ssh", ("10.1.0.1-10.1.0.9",))
    assert (lease.vendors, lease.silent, lease.unpinned) == (("Cisco",), False, True)
    assert lease.secret == {"user": "muster", "password": "hard-to-guess"}
    assert "hard-to-guess" not in repr(task)


async def test_addresses_of_the_machine_itself_are_lent_only_what_spells_them_out(collector: Collector) -> None:
    await collector.lend("wide", ["0.0.0.0/0"])
    spelled = await collector.lend("spelled", ["127.0.0.0/8"])
    await collector.start(await collector.plan({"ranges": ["127.0.0.1-127.0.0.9"]}))
    task = await collector.take()
    assert task
    assert [each.uid for each in task.leases] == [spelled]


async def test_a_secret_that_was_tampered_with_is_not_lent_and_the_sweep_goes_on(collector: Collector) -> None:
    uid = await collector.lend("narrow", ["10.9.0.1"])
    async with collector.store.write() as tx:
        await credential_rows.change(
            tx, uid, scope='{"ranges": ["0.0.0.0/0"], "except": [], "zones": [], "vendors": []}'
        )
    await collector.start(await collector.plan())
    with capture_logs() as logs:
        task = await collector.take()
    assert task
    assert task.leases == ()
    assert [each["credential"] for each in logs if each["event"] == "a credential is not lent"] == [uid]
    assert "hard-to-guess" not in str(logs)


async def test_nothing_secret_is_logged_when_it_is_lent(collector: Collector) -> None:
    uid = await collector.lend("campus", ["10.1.0.0/16"])
    await collector.start(await collector.plan())
    with capture_logs() as logs:
        await collector.take()
    assert [each["lent"] for each in logs if each["event"] == "a sweep begins"] == [[uid]]
    assert "hard-to-guess" not in str(logs)
