"""Rows of known devices, pins and refusals, the order of a ledger, incidents of no CI; on both engines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import insert

from collector import incident
from collector.model import Incident
from collector.store import incidents, known_devices, pins, refusals, sections, sources, sweep_targets
from collector.store.browse.incident_query import IncidentQuery
from collector.store.browse.incidents import list_incidents
from collector.store.browse.page import Window
from collector.store.engine import Store
from collector.store.known_devices import KnownRow
from collector.store.pins import CHANGED, NEW, PINNED, PinRow
from collector.store.refusals import RefusalRow
from collector.store.schema import ci
from collector.store.sections import SectionRow, SectionState
from collector.store.sweep_targets import Filter, place
from tests.store.test_sweeps import row, with_sweeps
from wire.observation import Status

KNOWN = KnownRow("10.1.0.1", "c1", "Huawei", "aes256c", '{"stamps":{}}', 10)
PIN = PinRow("", "10.1.0.1", "host_key", "ssh-rsa SHA256:a", "", 10)


async def test_what_is_known_of_an_address_is_what_was_learned_last_in_its_zone(store: Store) -> None:
    later = replace(KNOWN, credential="c2", seen_at=30)
    async with store.write() as tx:
        await known_devices.put(tx, "", [KNOWN, replace(KNOWN, address="10.1.0.2", seen_at=20)])
        await known_devices.put(tx, "dmz", [KNOWN])
        await known_devices.put(tx, "", [later])
        await known_devices.put(tx, "", [])
        assert await known_devices.latest(tx, "") == [later, replace(KNOWN, address="10.1.0.2", seen_at=20)]
        assert await known_devices.latest(tx, "dmz") == [KNOWN]


async def test_hashes_are_of_what_is_held_of_the_ci_a_source_speaks_of_now(store: Store) -> None:
    async with store.write() as tx:
        base = {"ci_class": "network", "ci_type": "switch", "state": "active", "created_at": 1}
        was, now = [
            (await tx.execute(insert(ci).values(uid=uid, name=uid, **base).returning(ci.c.id))).scalar_one()
            for uid in ("was", "now")
        ]
        await sources.ensure(tx, ["snmp//10.1.0.1"])
        state = (await sources.load(tx, ["snmp//10.1.0.1"]))["snmp//10.1.0.1"]
        held = SectionState(Status.OK, b"h" * 32, 1, 5, 5)
        await sections.save(tx, [
            SectionRow(was, state.id, "device", replace_hash(held, b"w"), b"{}"),
            SectionRow(now, state.id, "device", held, b"{}"),
            SectionRow(now, state.id, "interfaces", SectionState(Status.FAILED, b"f" * 32, 1, 5, 5), b"[]"),
            SectionRow(now, state.id, "arp", SectionState(Status.OK, b"n" * 32, 1, 0, 5), b"[]"),
        ])  # fmt: skip
        assert await known_devices.hashes(tx, ["snmp//10.1.0.1"]) == {}, "it speaks of nothing yet"
        await sources.bind(tx, state.id, "host", now, "serial", 5)
        found = await known_devices.hashes(tx, ["snmp//10.1.0.1", "ssh//10.1.0.1"])
        assert found == {"snmp//10.1.0.1": {"device": b"h" * 32}}


async def test_what_several_sources_confirmed_as_a_whole_is_written_to_the_sections_of_each(store: Store) -> None:
    codes = ("snmp//10.1.0.1", "ssh//10.1.0.1")
    held = SectionState(Status.OK, b"h" * 32, 1, 5, 5)
    async with store.write() as tx:
        made = insert(ci).values(uid="u", name="u", ci_class="network", ci_type="switch", state="active", created_at=1)
        ci_id = (await tx.execute(made.returning(ci.c.id))).scalar_one()
        await sources.ensure(tx, codes)
        ids = {code: state.id for code, state in (await sources.load(tx, codes)).items()}
        await sections.save(tx, [
            *(SectionRow(ci_id, source_id, "device", held, b"{}") for source_id in ids.values()),
            SectionRow(ci_id, ids[codes[0]], "arp", replace(held, status=Status.FAILED), b"[]"),
        ])  # fmt: skip
        await sources.settle(tx, [(ci_id, source_id, 9) for source_id in ids.values()])
        told = {code: state.sections for code, state in (await sources.load(tx, codes)).items()}
    assert {(code, name): its.last_ok for code, each in told.items() for (_, name), its in each.items()} == {
        (codes[0], "device"): 9, (codes[1], "device"): 9, (codes[0], "arp"): 5,
    }  # fmt: skip


def replace_hash(state: SectionState, letter: bytes) -> SectionState:
    return SectionState(state.status, letter * 32, state.revision, state.last_ok, state.last_try)


async def test_pins_are_listed_by_zone_and_address_in_parts_and_by_their_state(store: Store) -> None:
    changed = replace(PIN, address="10.1.0.2", seen="ssh-rsa SHA256:b", seen_at=20)
    new = replace(PIN, zone="dmz", value="", seen="ssh-rsa SHA256:c")
    async with store.write() as tx:
        await pins.put(tx, [new, changed, PIN])
        assert await pins.listed(tx, "", None, 9) == [PIN, changed, new]
        assert await pins.listed(tx, "", ("", "10.1.0.1", "host_key"), 1) == [changed]
        for state, expected in ((PINNED, PIN), (CHANGED, changed), (NEW, new)):
            assert await pins.listed(tx, state, None, 9) == [expected]
            assert (expected.state, await pins.count(tx, state)) == (state, 1)
        assert await pins.trusted(tx, "dmz") == []
        assert await pins.of_addresses(tx, "", ["10.1.0.1", "10.1.0.9"]) == [PIN]
        await pins.put(tx, [replace(PIN, value="ssh-rsa SHA256:z")])
        found = await pins.find(tx, ("", "10.1.0.1", "host_key"))
        assert found
        assert found.value == "ssh-rsa SHA256:z"
        await pins.remove(tx, ("", "10.1.0.1", "host_key"))
        assert await pins.find(tx, ("", "10.1.0.1", "host_key")) is None


async def test_a_refusal_counts_once_an_address_and_is_forgotten_with_its_credential(store: Store) -> None:
    one = RefusalRow("c1", "", "10.1.0.1", 10)
    async with store.write() as tx:
        await refusals.put(tx, [one, replace(one, address="10.1.0.2"), replace(one, credential="c2")])
        await refusals.put(tx, [replace(one, at=30)])
        assert await refusals.counts(tx, ["c1", "c2"], 10) == {"c1": 2, "c2": 1}
        assert await refusals.counts(tx, ["c1"], 11) == {"c1": 1}
        assert [each.at for each in await refusals.since(tx, "", 0, 2)] == [30, 10]
        assert await refusals.since(tx, "dmz", 0, 9) == []
        assert [each.address for each in await refusals.of(tx, "c1", 9)] == ["10.1.0.1", "10.1.0.2"]
        await refusals.forget(tx, "c1")
        assert await refusals.counts(tx, ["c1", "c2"], 0) == {"c2": 1}
        await refusals.forget_before(tx, 11)
        assert await refusals.counts(tx, ["c2"], 0) == {}


ORDERED = ["9.0.0.1", "10.0.0.2", "10.0.0.10", "192.0.2.1", "2001:db8::2", "2001:db8::10", "fd00::1"]


async def test_a_ledger_is_in_the_order_of_addresses_as_numbers(store: Store) -> None:
    async with store.write() as tx:
        (sweep,) = await with_sweeps(tx, 1)
        await sweep_targets.put(tx, sweep.id, [row(each) for each in reversed(ORDERED)])
        found = await sweep_targets.listed(tx, sweep.id, Filter(), "", 99)
        assert [each.address for each in found] == ORDERED
        for at in range(len(ORDERED)):
            part = await sweep_targets.listed(tx, sweep.id, Filter(), ORDERED[at], 2)
            assert [each.address for each in part] == ORDERED[at + 1 : at + 3]
        everything = await sweep_targets.listed(tx, sweep.id, Filter(), "no address", 99)
        assert [each.address for each in everything] == ORDERED


@pytest.mark.parametrize("address", ["0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"])
def test_every_address_has_a_place_of_one_length(address: str) -> None:
    assert len(place(address)) == 33


async def test_an_incident_may_be_of_no_ci_and_is_open_once_a_cause(store: Store) -> None:
    cause = incident.credential_cause("uid-1", "campus", 5, ["10.1.0.1", "10.1.0.2"], 10)
    plan = incident.Plan(open=(cause,))
    async with store.write() as tx:
        assert len(await incidents.apply(tx, plan, 10)) == 1
        assert await incidents.apply(tx, plan, 11) == []
        (held,) = await incidents.open_of_kind(tx, "credential")
        page = await list_incidents(tx, IncidentQuery(), Window(10))
        assert [(each.ci, each.kind) for each in page.items] == [(None, "credential")]
        found = await list_incidents(tx, IncidentQuery(q="campus"), Window(10))
        assert (found.count, held.ci_id) == (1, None)
        gone = incident.plan(await incidents.held_of_kind(tx, "credential", [], 20), [], 20)
        await incidents.apply(tx, gone, 20)
        assert await incidents.open_of_kind(tx, "credential") == []
        assert isinstance(held, Incident)
