"""What is kept between sweeps: how devices are let in, their keys, what was refused; and what the next one is told."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest

from collector.model import FOREVER
from collector.services import credential_alarms, credentials, pins
from collector.services.credentials import NewCredential
from collector.services.pins import Refused
from collector.services.sweeps.leasing import LEASE_S
from collector.store import incidents, known_devices
from collector.store.engine import Store
from tests.acts import act
from tests.collector.services.sweeping import MINUTE, NOW, VAULT, Collector, row, with_probes
from wire.localized import localized_key
from wire.sweep import CANCELLED, LEASE_ENDED, MAX_KNOWN, Known, Progress, SweepTask, TargetRow

KEY, OTHER = (f"ssh-ed25519 SHA256:{letter * 43}" for letter in "ab")
ENGINE = "80001f8880a1b2c3d4"
DAY = 24 * 60 * MINUTE
PIN = ("", "10.1.0.1", "host_key")


@pytest.fixture
async def collector(store: Store) -> Collector:
    return await with_probes(store)


async def begun(collector: Collector, now: int = NOW) -> SweepTask:
    """Start a sweep, and return the task a probe takes."""
    plan = await collector.plan(name=f"plan {now} {uuid.uuid4()}")
    await collector.start(plan)
    task = await collector.take(now)
    assert task
    return task


async def taken(collector: Collector, now: int = NOW) -> SweepTask:
    """Return the task of a sweep that finds nothing."""
    task = await begun(collector, now)
    await collector.tell(Progress(task.uid, ended=True), now)
    return task


async def told(collector: Collector, *rows: TargetRow, now: int = NOW) -> SweepTask:
    """Let a sweep tell rows and end; return what the next one is given."""
    task = await begun(collector, now)
    await collector.tell(Progress(task.uid, rows=rows, ended=True), now)
    return await taken(collector, now)


def learned(last: int = 1, credential: str = "c", **more: Any) -> TargetRow:
    known = Known(f"10.1.0.{last}", credential, **more)
    return row(last, credential=credential, learned=known)


async def user(collector: Collector, ranges: list[str], **other: str) -> str:
    secret = {
        "user": "ops",
        "auth": "sha256",
        "auth_key": "larch and cedar",
        "priv": "aes256",
        "priv_key": "birch tree",
    }
    async with collector.store.write() as tx:
        new = NewCredential(f"v3 {ranges}", "snmp_user", {"ranges": ranges}, secret | other)
        return await credentials.create(act(tx, at=NOW), VAULT, new)


async def pin(collector: Collector, key: tuple[str, str, str] = PIN) -> pins.PinRow | None:
    async with collector.store.read() as connection:
        return await pins.one(connection, key)


# --- what the next sweep is told


async def test_the_next_sweep_is_told_how_a_device_was_let_in_and_what_the_probe_kept(collector: Collector) -> None:
    stamps = json.dumps({"stamps": {"uptime": 5}})
    task = await told(collector, learned(vendor="Huawei", dialect="aes256c", stamps_json=stamps), row(2))
    (known,) = task.known
    assert known == Known("10.1.0.1", "c", "Huawei", stamps_json=stamps, dialect="aes256c")


async def test_a_device_that_refused_everything_is_known_as_it_was_before(collector: Collector) -> None:
    await told(collector, learned())
    refused = TargetRow("10.1.0.1", "authenticate", "wrong_auth", learned=Known("10.1.0.1"), at_ms=NOW)
    assert [each.credential for each in (await told(collector, refused, now=NOW + 10)).known] == ["c"]


async def test_only_addresses_of_the_task_are_told_and_none_of_another_zone(collector: Collector) -> None:
    async with collector.store.write() as tx:
        kept = known_devices.KnownRow("10.1.0.1", "c", "", "", "", NOW)
        await known_devices.put(tx, "dmz", [kept])
        await known_devices.put(tx, "", [replace(kept, address="10.9.0.1"), replace(kept, address="10.1.0.2")])
    assert [each.address for each in (await taken(collector)).known] == ["10.1.0.2"]


async def test_what_is_known_of_more_devices_than_a_task_holds_is_that_of_the_latest(collector: Collector) -> None:
    async with collector.store.write() as tx:
        some = [
            known_devices.KnownRow(f"10.1.{at >> 8}.{at & 255}", "c" * 36, "", "", "x" * 500, at)
            for at in range(MAX_KNOWN + 10)
        ]
        await known_devices.put(tx, "", some)
    await collector.start(await collector.plan({"ranges": ["10.1.0.0/16"]}))
    task = await collector.take()
    assert task
    assert 2000 < len(task.known) <= MAX_KNOWN
    assert task.known[0].address == some[-1].address


async def test_hostile_words_of_a_probe_are_kept_as_any_database_holds_them(collector: Collector) -> None:
    (known,) = (await told(collector, learned(vendor="a\0b\ud800\n", stamps_json='{"a":"\0"}'))).known
    assert (known.vendor, known.stamps_json) == ("ab", '{"a":""}')


# --- keys


async def test_a_host_key_is_pinned_on_first_use_where_a_scope_allows_that(collector: Collector) -> None:
    await collector.lend("ssh", ["10.1.0.0/16"], unpinned=True)
    (known,) = (await told(collector, learned(host_key=KEY))).known
    found = await pin(collector)
    assert found
    assert (known.host_key, found.state, found.pinned_by, found.pinned_at) == (KEY, "pinned", "", NOW)


async def test_elsewhere_it_waits_for_a_person_and_where_nobody_logs_in_it_is_not_kept(collector: Collector) -> None:
    await collector.lend("ssh", ["10.1.0.1"])
    task = await told(collector, learned(1, host_key=KEY), learned(2, host_key=KEY))
    assert [each.host_key for each in task.known] == ["", ""]
    found = await pin(collector)
    assert found
    assert (found.state, found.seen) == ("new", KEY)
    assert await pin(collector, ("", "10.1.0.2", "host_key")) is None
    async with collector.store.write() as tx:
        assert await pins.accept(act(tx, "ada", NOW + 5), PIN, KEY)
    found = await pin(collector)
    assert found
    assert (found.state, found.value, found.seen, found.pinned_by) == ("pinned", KEY, "", "ada")


async def test_another_key_is_put_beside_the_pinned_one_which_is_told_until_a_person_says(collector: Collector) -> None:
    await collector.lend("ssh", ["10.1.0.0/16"], unpinned=True)
    await told(collector, learned(host_key=KEY))
    task = await told(collector, learned(host_key=OTHER), now=NOW + 10)
    assert [each.host_key for each in task.known] == [KEY]
    async with collector.store.read() as connection:
        assert await pins.changed(connection) == 1
    found = await pin(collector)
    assert found
    assert (found.state, found.value, found.seen, found.seen_at) == ("changed", KEY, OTHER, NOW + 10)
    await told(collector, learned(host_key=KEY), now=NOW + 20)
    found = await pin(collector)
    assert found
    assert found.state == "pinned", "it shows the old one again"


async def test_a_key_that_is_accepted_is_one_and_a_pin_that_is_gone_is_not_accepted(collector: Collector) -> None:
    await collector.lend("ssh", ["10.1.0.0/16"], unpinned=True)
    await told(collector, learned(host_key=KEY))
    async with collector.store.write() as tx:
        for bad in ("", "ssh-rsa", KEY + "\n", f"ssh-rsa MD5:{'a' * 43}"):
            with pytest.raises(Refused):
                await pins.accept(act(tx), PIN, bad)
        done = act(tx, "ada", NOW)
        assert await pins.forget(done, PIN)
        assert [each.action for each in done.told] == ["pin.forget"]
        assert not await pins.accept(act(tx), PIN, KEY)
        assert not await pins.forget(act(tx), PIN)


async def test_an_engine_is_pinned_by_a_user_it_knew_and_not_by_a_community(collector: Collector) -> None:
    uid = await user(collector, ["10.1.0.0/16"])
    task = await told(collector, learned(1, uid, engine_id=ENGINE), learned(2, "community", engine_id=ENGINE))
    assert {each.address: each.engine_id for each in task.known} == {"10.1.0.1": ENGINE, "10.1.0.2": ""}


@pytest.mark.parametrize("bad", ["x", "SHA256:" + "a" * 43, KEY + "\n"])
async def test_what_is_no_key_is_not_taken_for_one(collector: Collector, bad: str) -> None:
    await collector.lend("ssh", ["10.1.0.0/16"], unpinned=True)
    await told(collector, learned(host_key=bad))
    assert await pin(collector) is None


# --- leases


async def test_a_user_for_one_pinned_device_is_lent_as_keys_of_its_engine(collector: Collector) -> None:
    uid = await user(collector, ["10.1.0.1"])
    (before,) = (await taken(collector)).leases
    assert before.secret["auth_key"] == "larch and cedar", "nobody knows the engine yet"
    (lease,) = (await told(collector, learned(1, uid, engine_id=ENGINE), now=NOW + 10)).leases
    assert (lease.uid, lease.ranges, lease.secret["engine_id"]) == (uid, ("10.1.0.1",), ENGINE)
    assert "larch and cedar" not in str(lease.secret)
    assert "birch tree" not in str(lease.secret)
    expected = localized_key("sha256", b"larch and cedar", bytes.fromhex(ENGINE)).hex()
    assert lease.secret["auth_key"] == expected


async def test_a_user_for_several_pinned_devices_is_lent_as_keys_of_each(collector: Collector) -> None:
    uid = await user(collector, ["10.1.0.1-10.1.0.2"])
    rows = [learned(at, uid, engine_id=f"{ENGINE}0{at}") for at in (1, 2)]
    first = await told(collector, rows[0])
    assert [each.secret["auth_key"] for each in first.leases] == ["larch and cedar"], "one engine is not known"
    both = (await told(collector, *rows, now=NOW + 10)).leases
    assert {each.ranges: each.secret["engine_id"] for each in both} == {
        ("10.1.0.1",): f"{ENGINE}01", ("10.1.0.2",): f"{ENGINE}02",
    }  # fmt: skip
    assert len({each.secret["auth_key"] for each in both}) == 2


async def test_leases_have_an_end_and_a_sweep_that_outlasts_them_waits_for_new_ones(collector: Collector) -> None:
    task = await begun(collector)
    assert task.lease_s == LEASE_S
    await collector.tell(Progress(task.uid, cursor="4", ended=True, failure=LEASE_ENDED), NOW + MINUTE)
    again = await collector.take(NOW + MINUTE)
    assert again
    assert (again.uid, again.cursor, again.lease_s) == (task.uid, "4", LEASE_S)


async def test_a_sweep_its_probe_had_stopped_before_it_was_to_go_on_goes_on_and_is_not_over(
    collector: Collector,
) -> None:
    task = await begun(collector)
    await collector.tell(Progress(task.uid, cursor="4", ended=True, failure=CANCELLED), NOW + MINUTE)
    again = await collector.take(NOW + MINUTE)
    assert again
    assert (again.uid, again.cursor) == (task.uid, "4")


# --- what is refused


async def refuse(collector: Collector, uid: str, *lasts: int, now: int = NOW) -> SweepTask:
    refused = [row(at, "authenticate", "login_refused", refused=(uid,)) for at in lasts]
    return await told(collector, *refused, now=now)


async def of(collector: Collector, uid: str) -> credentials.Credential:
    async with collector.store.read() as connection:
        return await credentials.one(connection, uid)


async def test_refusals_are_told_to_the_next_sweep_for_a_day(collector: Collector) -> None:
    uid = await collector.lend("ssh", ["10.1.0.0/16"])
    task = await refuse(collector, uid, 1)
    assert [(each.credential, each.address, each.ago_s) for each in task.refusals] == [(uid, "10.1.0.1", 0)]
    assert [each.ago_s for each in (await taken(collector, NOW + DAY - 1000)).refusals] == [86_399]
    assert (await taken(collector, NOW + DAY + 1)).refusals == ()


async def test_a_credential_that_five_devices_refuse_in_several_sweeps_is_suspended_until_a_person_resumes_it(
    collector: Collector,
) -> None:
    uid, fine = await collector.lend("ssh", ["10.1.0.0/16"]), await collector.lend("fine", ["10.1.0.0/16"])
    await refuse(collector, uid, 1, 2, 3)
    await told(collector, row(9, credential=fine), now=NOW + 10)
    assert (await of(collector, uid)).suspended_until == 0
    task = await refuse(collector, uid, 4, 5, now=NOW + 20)
    assert (await of(collector, uid)).suspended_until == FOREVER
    assert [each.uid for each in task.leases] == [fine]
    assert (await of(collector, fine)).used_at == NOW + 10
    async with collector.store.write() as tx:
        assert len(await credentials.refused_by(tx, uid)) == 5
        assert await credentials.resume(act(tx), uid)
        assert await credentials.refused_by(tx, uid) == []
    task = await taken(collector, NOW + 30)
    assert ({each.uid for each in task.leases}, task.refusals) == ({uid, fine}, ())


async def test_devices_that_refuse_now_and_then_suspend_nothing(collector: Collector) -> None:
    uid = await collector.lend("ssh", ["10.1.0.0/16"])
    for at in range(1, 9):
        await refuse(collector, uid, at, now=NOW + at * 5 * MINUTE)
    assert (await of(collector, uid)).suspended_until == 0


async def test_a_probe_that_says_it_was_refused_where_it_may_not_ask_suspends_nothing(collector: Collector) -> None:
    uid = await collector.lend("elsewhere", ["10.2.0.0/16"])
    task = await refuse(collector, uid, 1, 2, 3, 4, 5, 6)
    assert (await of(collector, uid)).suspended_until == 0
    assert task.refusals == ()


async def test_a_suspended_credential_is_one_incident_until_it_is_resumed(collector: Collector) -> None:
    uid = await collector.lend("campus ssh", ["10.1.0.0/16"])
    await refuse(collector, uid, 1, 2, 3, 4, 5)
    for at in (1, 2):
        async with collector.store.write() as tx:
            await credential_alarms.settle(tx, NOW + at)
    async with collector.store.read() as connection:
        (raised,) = await incidents.open_of_kind(connection, "credential")
    assert raised.title["en"] == "Credential campus ssh suspended after 5 failures at 10.1.0.1, 10.1.0.2, 10.1.0.3 …"
    assert raised.title["zh"].startswith("凭据“campus ssh”已暂停使用：5 台设备拒绝登录")
    assert raised.detail["role"] == "network_admin"
    assert "hard-to-guess" not in str(raised)
    async with collector.store.write() as tx:
        await credentials.resume(act(tx), uid)
        await credential_alarms.settle(tx, NOW + 3)
        assert await incidents.open_of_kind(tx, "credential") == []


async def test_a_new_secret_ends_a_suspension_and_what_led_to_it(collector: Collector) -> None:
    uid = await collector.lend("ssh", ["10.1.0.0/16"])
    await refuse(collector, uid, 1, 2, 3, 4, 5)
    async with collector.store.write() as tx:
        await credentials.change(act(tx), VAULT, uid, secret={"user": "muster", "password": "another"})
        assert await credentials.refused_by(tx, uid) == []
    assert (await of(collector, uid)).suspended_until == 0
