"""A credential tried on one address: a sweep like any other, of that address and with that credential alone."""

from __future__ import annotations

import json

import pytest

from collector.services import credentials, sweeps
from collector.services.sweeps import Refused, Trial
from collector.store.engine import Store
from tests.acts import act
from tests.collector.services.sweeping import HOUR, NOW, VAULT, Collector, with_probes
from wire.sweep import Progress, TargetRow

ADDRESS = "10.1.0.5"


@pytest.fixture
async def collector(store: Store) -> Collector:
    return await with_probes(store)


async def ask(collector: Collector, credential: str, address: str = ADDRESS, zone: str = "") -> str:
    async with collector.store.write() as tx:
        doing = act(tx, at=NOW)
        uid = await sweeps.try_out(doing, credential, address, zone, NOW)
        assert [each.action for each in doing.told] == ["credential.test"]
        return uid


async def came_of(collector: Collector, uid: str) -> Trial:
    async with collector.store.read() as connection:
        found = await sweeps.trial(connection, uid)
    assert found
    return found


async def test_a_probe_is_lent_the_one_credential_for_the_one_address(collector: Collector) -> None:
    one = await collector.lend("one", ["10.1.0.0/24"])
    await collector.lend("other", ["10.1.0.0/24"])
    uid = await ask(collector, one)
    task = await collector.take()
    assert task
    assert (task.uid, task.ranges, task.until) == (uid, (ADDRESS,), "identify")
    assert [(each.uid, each.ranges) for each in task.leases] == [(one, (ADDRESS,))]
    assert task.secrets_key == b"", "no configuration is read to try a credential"


@pytest.mark.parametrize(("credential", "cause", "accepted"), [
    (True, "", True), (True, "unknown_model", True), (False, "login_refused", False), (False, "no_answer", False),
])  # fmt: skip
async def test_what_came_of_it_is_read_from_the_ledger(
    collector: Collector, credential: bool, cause: str, accepted: bool
) -> None:
    one = await collector.lend("one", ["10.1.0.0/24"])
    uid = await ask(collector, one)
    assert (await came_of(collector, uid)).accepted is None
    await collector.take()
    row = TargetRow(ADDRESS, "identify", cause, "ssh: said so", one if credential else "", "{}", NOW, 5, True)
    await collector.tell(Progress(uid, {}, (row,), "1", True, ""))
    found = await came_of(collector, uid)
    assert (found.state, found.accepted, found.cause, found.detail) == ("done", accepted, cause, "ssh: said so")
    async with collector.store.read() as connection:
        assert [each.uid for each in await sweeps.trials(connection, one)] == [uid]
        assert await sweeps.trials(connection, "another") == []


async def test_it_goes_to_the_ports_a_plan_names_for_that_address(collector: Collector) -> None:
    one = await collector.lend("one", ["10.1.0.0/24"])
    await collector.plan({"ranges": ["10.1.0.0/24"], "snmp_port": 1161, "ports": {"ssh": 2222}, "rate": 7})
    await ask(collector, one)
    task = await collector.take()
    assert task
    assert (task.snmp_port, dict(task.ports)) == (1161, {"ssh": 2222})


@pytest.mark.parametrize(("address", "zone", "field"), [
    ("10.9.0.1", "", "address"), ("nowhere", "", "address"), ("10.1.0.0/24", "", "address"), (ADDRESS, "a b", "zone"),
])  # fmt: skip
async def test_what_is_outside_its_scope_is_refused(collector: Collector, address: str, zone: str, field: str) -> None:
    one = await collector.lend("one", ["10.1.0.0/24"])
    with pytest.raises(Refused) as caught:
        await ask(collector, one, address, zone)
    assert caught.value.field == field


async def test_a_suspended_one_and_one_that_is_not_there_are_refused(collector: Collector) -> None:
    one = await collector.lend("one", ["10.1.0.0/24"])
    async with collector.store.write() as tx:
        await credentials.suspend(act(tx, at=NOW), one, NOW + HOUR, "refused by 5 devices")
    for uid in (one, "nobody"):
        with pytest.raises(Refused, match="credential"):
            await ask(collector, uid)


async def test_configurations_are_read_only_where_ssh_may_go_until_the_end(collector: Collector) -> None:
    keys = []
    for until, ranges in (("explore", ["10.1.0.0/24"]), ("identify", ["10.1.0.0/24"])):
        await collector.lend(until, ranges)
        await collector.start(await collector.plan({"ranges": ["10.1.0.1"], "until": until}, name=until))
        task = await collector.take()
        assert task
        keys.append(task.secrets_key)
        await collector.tell(Progress(task.uid, {}, (), "1", True, ""))
    assert keys == [VAULT.derived("secrets of configurations"), b""]


def test_the_key_of_secrets_is_one_as_long_as_the_oldest_key_is_there() -> None:
    from collector.security.vault import Vault

    old, new = bytes(32), bytes([1]) * 32
    first = Vault([old]).derived("a")
    assert Vault([new, old]).derived("a") == first
    assert len({first, Vault([old]).derived("b"), Vault([new]).derived("a"), old}) == 4
    assert json.dumps(first.hex())
