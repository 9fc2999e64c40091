"""Who can be asked to look at a CI: the agent that speaks of it, and the addresses by which sweeps know it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning, schema
from collector.store.agents import ACTIVE
from collector.store.browse.swept import PROTOCOLS

_source, _agent, _bound = schema.source.c, schema.agent.c, schema.subject_ci.c
Address = tuple[str, str]
"""Zone and address."""


@dataclass(frozen=True, slots=True)
class Lookers:
    """`agents`: uid → name of those that speak of some CIs; `addresses`: where sweeps reach them."""

    agents: dict[str, str] = field(default_factory=dict)
    addresses: set[Address] = field(default_factory=set)


async def of_cis(connection: AsyncConnection, ci_ids: Collection[int]) -> Lookers:
    found = Lookers()
    asked = (
        select(_source.code, _source.kind, _agent.uid, _agent.hostname)
        .select_from(schema.subject_ci.join(schema.source).outerjoin(schema.agent))
        .where(or_(_agent.state == ACTIVE, _source.kind.in_(PROTOCOLS)))
    )
    for part in interning.chunks(sorted(ci_ids)):
        for code, kind, uid, name in await connection.execute(asked.where(_bound.ci_id.in_(part))):
            _, zone, *address = code.split("/")
            if kind not in PROTOCOLS:
                found.agents[uid] = name or uid
            elif address:
                found.addresses.add((zone, address[0]))
    return found
