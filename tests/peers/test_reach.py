"""Reachability over real networks: a probe's looks, a cable that is pulled, and what the collector makes of them.

probe ─ eth0 ── near ─ gate ─ far ── eth0 ─ hosts, a switch's address and two behind it
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from collector.security.vault import Vault
from collector.services import sweeps
from collector.services.sweeps import NewPlan, Taker, watching
from collector.store import probes
from collector.store.engine import Store
from discovery.authenticate import Access
from discovery.doors import DOORS
from discovery.limits import Limits, Profile
from discovery.sweep import Progress as Swept
from discovery.telling import State, frames
from tests.acts import act
from tests.collector.reach.estate import MINUTE, PROBE, START, Estate, address_of
from tests.peers.namespaces import Host, Network
from tests.peers.sweeping import swept
from wire.sweep import Progress, SweepTask, TargetRow

pytestmark = pytest.mark.xdist_group("namespaces")

GATE, SWITCH, LEFT, RIGHT = 2, 259, 260, 261
"""CIs, numbered by their addresses: 10.0.0.2, and 10.0.1.3 to 10.0.1.5."""
WATCHED = (GATE, SWITCH, LEFT, RIGHT)
WIRES = [(1, GATE), (GATE, SWITCH), (SWITCH, LEFT), (SWITCH, RIGHT)]
VAULT = Vault([bytes(32)])
LIMITS = Limits(timeout=0.5)


@pytest.fixture(scope="module")
def hosts(net: Network) -> tuple[Host, Host, Host]:
    probe, gate, far = net.host("probe"), net.host("gate"), net.host("hosts")
    net.cable(probe, "eth0", gate, "near")
    net.cable(gate, "far", far, "eth0")
    probe.ip("addr add 10.0.0.100/24 dev eth0", "link set eth0 up", "route add default via 10.0.0.2")
    gate.ip("addr add 10.0.0.2/24 dev near", "addr add 10.0.1.254/24 dev far", "link set near up", "link set far up")
    far.ip(*(f"addr add {address_of(number)}/24 dev eth0" for number in WATCHED[1:]), "link set eth0 up")
    far.ip("route add default via 10.0.1.254")
    gate.sets("ipv4/conf/all/forwarding", "1")
    return probe, gate, far


class Watching:
    """A collector over the estate, whose watch is carried out by a real sweep from the probe's host."""

    def __init__(self, store: Store, probe: Host) -> None:
        self.estate, self._probe = Estate(store, RIGHT, WIRES), probe

    async def build(self) -> None:
        await self.estate.build()
        async with self.estate.store.write() as tx:
            await probes.appoint(tx, "probe-1", [""])
            where = [address_of(number) for number in WATCHED]
            await sweeps.create_plan(act(tx, at=START), NewPlan("net", "", {"ranges": where}))

    async def minutes(self, count: int) -> None:
        for _ in range(count):
            self.estate.now += MINUTE
            async with self.estate.store.write() as tx:
                assert await watching.due(tx, self.estate.now) == 1
                task = await sweeps.take(tx, VAULT, Taker(PROBE), self.estate.now)
            assert task is not None
            rows = await asyncio.to_thread(self._look, task)
            async with self.estate.store.write() as tx:
                await sweeps.progress(tx, PROBE, Progress(task.uid, {}, rows, "4", True), self.estate.now)
            await self.estate.reaching.step()

    def _look(self, task: SweepTask) -> tuple[TargetRow, ...]:
        profile = Profile(until="alive", knock=(22,))
        found = swept(self._probe, task.ranges, Access([], DOORS), profile, LIMITS)
        return tuple(self._row(frames(each, self.estate.now, State(0, Swept(len(found))))) for each in found.values())

    @staticmethod
    def _row(said: Iterator[bytes]) -> TargetRow:
        (head,) = said  # one frame: nothing was identified
        row = json.loads(head.partition(b"\n")[0])["row"]
        return TargetRow(row["address"], row["stage"], row["cause"], found_json=row["found_json"], at_ms=row["at_ms"])

    async def states(self) -> list[str]:
        its = await self.estate.states()
        return [its[number] for number in WATCHED]


async def test_a_cable_that_is_pulled_is_one_incident_and_ends_with_it(
    hosts: tuple[Host, Host, Host], sqlite_store: Store
) -> None:
    probe, gate, _ = hosts
    watch = Watching(sqlite_store, probe)
    await watch.build()
    await watch.minutes(1)
    assert await watch.states() == ["up"] * 4
    gate.ip("link set far down")
    try:
        await watch.minutes(3)
    finally:
        gate.ip("link set far up")
    assert await watch.states() == ["up"] + ["unreachable"] * 3
    (incident,) = await watch.estate.incidents()
    assert incident.ci_id == SWITCH
    assert await watch.estate.members(incident.id) == {SWITCH: "cause", LEFT: "victim", RIGHT: "victim"}
    await watch.minutes(1)
    assert await watch.states() == ["up"] * 4
    assert not await watch.estate.incidents()


async def test_a_probe_whose_own_cable_is_pulled_sees_nothing_and_blames_nobody(
    hosts: tuple[Host, Host, Host], sqlite_store: Store
) -> None:
    probe, _, _ = hosts
    watch = Watching(sqlite_store, probe)
    await watch.build()
    await watch.minutes(1)
    probe.ip("link set eth0 down")
    try:
        await watch.minutes(3)
    finally:
        probe.ip("link set eth0 up", "route replace default via 10.0.0.2")
    assert await watch.states() == ["unknown"] * 4
    assert [each.kind for each in await watch.estate.incidents()] == ["collector_blind"]
    await watch.minutes(1)
    assert await watch.states() == ["up"] * 4
    assert not await watch.estate.incidents()
