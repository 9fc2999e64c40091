"""The second sweep of an estate: what stands still is not asked for again. Counted, not timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from discovery.asking import Answer, Ask, Get
from discovery.authenticate import Access
from discovery.credentials import communities
from discovery.doors import DOORS
from discovery.explore import Section
from discovery.knowledge import Knowledge, Known
from discovery.lab import Lab
from discovery.lab.device import Device
from discovery.lab.estate import estate
from discovery.lab.running import Doors, simulated
from discovery.library import SHIPPED, Definitions, definitions_in
from discovery.limits import Limits, Profile
from discovery.plan import plan
from discovery.shelf import Shelf
from discovery.snmp import Session
from discovery.sweep import sweep
from wire.sections import canonical

COMMUNITY, FIRST, DEVICES = "larch", "127.74.0.1", 200
RANGE = "127.74.0.0/24"
CHANGING = frozenset({"health", "sensors", "power", "ups"})
"""Sections that say something else each time."""


@cache
def shipped() -> Definitions:
    return definitions_in([SHIPPED])


@dataclass
class Network:
    """A lab, and a probe that keeps what it learned from sweep to sweep. `asked`: address → what it was asked for."""

    lab: Lab
    shelf: Shelf
    known: dict[str, Known] = field(default_factory=dict)
    asked: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def devices(self) -> dict[str, Device]:
        return self.lab.devices

    @property
    def pdus(self) -> int:
        """Questions all devices have heard, those that came twice among them."""
        return sum(device.asked for device in self.devices.values())

    async def sweep(self) -> dict[str, Sequence[Section]]:
        """Return what each device told."""
        self.asked.clear()
        knowledge = Knowledge(dict(self.known), shelf=self.shelf)
        access = Access(communities([COMMUNITY], [RANGE]), DOORS, knowledge)
        told: dict[str, Sequence[Section]] = {}
        limits = Limits(timeout=5.0, seconds=300, explore_seconds=600)
        begun = sweep(plan([RANGE]), access, shipped(), limits, Profile("explore", self.lab.port))
        async for outcome in begun:
            if outcome.row.alive:
                assert outcome.row.cause is None, outcome.row
                assert outcome.explored
                told[outcome.row.address] = outcome.explored.sections
                self.known[outcome.row.address] = outcome.known
        return told

    def columns(self, address: str) -> int:
        """Return how many columns and instances a device was asked for in the last sweep."""
        return self.asked[address].total()

    @property
    def total(self) -> int:
        return sum(map(self.columns, self.asked))


@pytest.fixture
async def network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[Network]:
    answer = Session.answer

    async def counting(session: Session, asked: Ask) -> Answer:
        names = asked.oids if isinstance(asked, Get) else asked.columns
        seen.asked.setdefault(session.target.address[0], Counter()).update(names)
        return await answer(session, asked)

    monkeypatch.setattr(Session, "answer", counting)
    devices = simulated(estate(getattr(request, "param", DEVICES), 0), FIRST)
    async with Lab(devices, Doors(communities=frozenset({COMMUNITY}))) as lab:
        seen = Network(lab, Shelf(tmp_path))
        yield seen


def bodies(sections: Sequence[Section]) -> dict[str, bytes]:
    return {each.name: canonical(each.body) for each in sections if each.name not in CHANGING}


async def test_a_second_sweep_asks_a_fraction_and_one_device_that_changed_is_read_again(network: Network) -> None:
    told = await network.sweep()
    assert len(told) == DEVICES
    first, heard = network.total, network.pdus
    same = await network.sweep()
    second, again = network.total, network.pdus - heard
    print(f"first sweep: {first} columns, {heard} PDUs; second: {second} columns, {again} PDUs")
    assert {address: bodies(some) for address, some in same.items()} == {
        address: bodies(some) for address, some in told.items()
    }
    assert second < 0.5 * first
    assert again < 0.7 * heard  # a busy machine asks some things twice

    before = {address: network.columns(address) for address in told}
    changed = next(address for address, some in told.items() if len(_rows(some, "components")) > 3)
    serial = next(row["serial"] for row in _rows(told[changed], "components") if row.get("class") == "power_supply")
    network.devices[changed].swap_serial("NEW12345", serial)
    after = await network.sweep()
    assert {address for address in told if network.columns(address) > before[address]} == {changed}
    assert {address for address in after if bodies(after[address]) != bodies(told[address])} == {changed}
    assert "NEW12345" in str(_rows(after[changed], "components"))


@pytest.mark.parametrize("network", [12], indirect=True)
async def test_a_device_that_started_anew_is_read_as_if_for_the_first_time(network: Network) -> None:
    told = await network.sweep()
    first = {address: network.columns(address) for address in told}
    again = max(first, key=lambda address: first[address])
    network.devices[again].reboot()
    await network.sweep()
    assert network.columns(again) == first[again]
    assert all(network.columns(address) < first[address] for address in told if address != again)


def _rows(sections: Sequence[Section], name: str) -> list[dict[str, str]]:
    body = next((each.body for each in sections if each.name == name), [])
    assert isinstance(body, list)
    return body
