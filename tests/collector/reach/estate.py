"""Devices a probe watches, written straight into a store: CIs, their addresses, and what each look at them found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import reachability
from collector.pipeline import policies
from collector.pipeline.policies import Policies
from collector.pipeline.reaching import Reaching
from collector.reachability import Graph
from collector.services.estate_graph import EstateGraph, graph
from collector.store import reach, schema
from collector.store.engine import Store, insert
from collector.store.reach import Look

RULES = Path(__file__).parents[3] / "rules"
START = 1_790_000_000_000
MINUTE = 60_000
PROBE = 1


@cache
def shipped() -> Policies:
    """Return the rules that are shipped, read once."""
    return policies.load(RULES)


class Drawn(EstateGraph):
    """A topology that is drawn by hand."""

    def __init__(self, drawn: Graph) -> None:
        super().__init__()
        self._drawn = drawn

    async def now(self, reader: AsyncConnection, hosts: Collection[int], now: int) -> Graph:
        return self._drawn


def address_of(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@dataclass
class Estate:
    """CIs 1 to `size`, of which 1 is where the probe stands and is not watched; the clock moves when told."""

    store: Store
    size: int
    wires: Sequence[tuple[int, int]] = ()
    rules: Policies = field(default_factory=shipped)
    kinds: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    now: int = START
    reaching: Reaching = field(init=False)

    def __post_init__(self) -> None:
        drawn = Drawn(graph(self.wires, [1]))
        self.reaching = Reaching(self.store, self.rules, lambda: self.now, drawn)

    async def build(self) -> None:
        numbers = range(1, self.size + 1)
        cis = [
            {"id": number, "uid": f"ci-{number}", "ci_class": ci_class, "ci_type": ci_type, "name": f"dev-{number}",
             "state": "active", "created_at": START}
            for number in numbers
            for ci_class, ci_type in (self.kinds.get(number, ("network", "switch")),)
        ]  # fmt: skip
        sources = [{"id": number, "code": f"snmp//{address_of(number)}", "kind": "snmp"} for number in numbers[1:]]
        bound = [
            {"source_id": number, "ci_id": number, "role": "host", "matched_by": "serial", "since": START}
            for number in numbers[1:]
        ]
        agent = {"id": PROBE, "uid": "probe-1", "hostname": "probe", "instance_key": b"1", "enrolled_at": START}
        async with self.store.write() as tx:
            await tx.execute(insert(tx, schema.ci), cis)
            await tx.execute(insert(tx, schema.agent), [agent])
            await tx.execute(insert(tx, schema.source), sources)
            await tx.execute(insert(tx, schema.subject_ci), bound)

    async def look(self, silent: Iterable[int] = (), asked: Iterable[int] | None = None) -> None:
        """Let the probe ask everybody, or those; nobody of `silent` answers."""
        dead, those = set(silent), list(asked or range(2, self.size + 1))
        async with self.store.read() as reader:
            before = await reach.looks(reader)
        looks = []
        for number in those:
            address = address_of(number)
            held = before[("", address)].methods if ("", address) in before else {}
            methods = reachability.looked(held, () if number in dead else ("icmp",), self.now)
            looks.append(Look("", address, PROBE, methods, self.now))
        async with self.store.write() as tx:
            await reach.put_looks(tx, looks)

    async def minutes(self, count: int, silent: Iterable[int] = ()) -> None:
        """Let so many minutes go by, with a look in each."""
        for _ in range(count):
            self.now += MINUTE
            await self.look(silent)
            await self.reaching.step()

    async def states(self) -> dict[int, str]:
        async with self.store.read() as reader:
            return {ci_id: str(each.state) for ci_id, each in (await reach.standings(reader)).items()}

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        async with self.store.read() as reader:
            return list(await reader.execute(select(table).where(*where)))

    async def incidents(self) -> list[Any]:
        """Return the incidents that are open, the oldest first."""
        return [each for each in await self.rows(schema.incident) if each.resolved_at is None]

    async def members(self, incident_id: int) -> dict[int | None, str]:
        """Return CI → role of those who are in an incident now."""
        its = schema.incident_cause.c
        return {row.ci_id: row.role for row in await self.rows(schema.incident_cause, its.incident_id == incident_id)
                if row.ended_at is None}  # fmt: skip


def tree(size: int, ways: int = 3) -> list[tuple[int, int]]:
    """Return the wires of a tree of CIs 1 to `size` that branches into so many ways."""
    return [((number - 2) // ways + 1, number) for number in range(2, size + 1)]


def below(wires: Iterable[tuple[int, int]], root: int) -> set[int]:
    """Return all that is behind `root` in a tree."""
    children: dict[int, list[int]] = {}
    for above, number in wires:
        children.setdefault(above, []).append(number)
    found = [root]
    for each in found:
        found += children.get(each, [])
    return set(found)
