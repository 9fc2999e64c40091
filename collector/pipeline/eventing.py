"""What devices said by themselves, with its store: kept as events, and what of it stands as a section of its CI.

Nothing of it names a CI or moves a value: anyone may send a datagram in another's name. It is told of the CI that is
known to stand at the address; while none is, it waits there for the one that will be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import event
from collector.model import Event, Observation, Reading, Subject
from collector.pipeline import recording
from collector.pipeline.identifying import HOST, Placed
from collector.pipeline.recording import Drafts
from collector.store import events, known
from collector.store.events import Spoken
from collector.store.sources import SourceState
from wire.listening import MAX_EVENTS, PROTOCOL
from wire.observation import Status
from wire.sections import arrange, canonical, digest, shape_of

log = structlog.get_logger(__name__)


def is_spoken(seen: Observation) -> bool:
    """Return whether an observation tells what a device said by itself."""
    return seen.target is not None and seen.target.protocol == PROTOCOL


async def note(tx: AsyncConnection, seen: Observation, state: SourceState, drafts: Drafts, moment: int) -> None:
    """Keep the events of an observation, and add to `drafts` what stands after them."""
    assert seen.target is not None
    reading = seen.readings.get(event.SECTION)
    rows = reading.body if reading and isinstance(reading.body, list) else []
    if len(rows) > MAX_EVENTS:
        log.warning("more events than one observation may tell", source=state.code, told=len(rows), kept=MAX_EVENTS)
    told = event.events(rows[:MAX_EVENTS], state.clock_offset_ms, seen.received_at)
    ci_id = await events.speaker(tx, seen.target.zone, seen.target.address)
    if ci_id is not None and event.concerns_ports(told):
        told = event.named(told, await _ports(tx, ci_id))
    await events.add(tx, told, Spoken(ci_id, seen.target.zone, seen.target.address, seen.id))
    if ci_id is not None:
        await _stand(tx, seen, state, drafts, (ci_id, told, moment))


async def _ports(tx: AsyncConnection, ci_id: int) -> Sequence[Mapping[str, Any]]:
    _, bodies = await known.read(tx, {ci_id: ["interfaces"]})
    body = bodies.get((ci_id, "interfaces"))
    ports = json.loads(body) if body else []
    return ports if isinstance(ports, list) else []


async def _stand(
    tx: AsyncConnection, seen: Observation, state: SourceState, drafts: Drafts, said: tuple[int, Sequence[Event], int]
) -> None:
    """Record what stands as this source's reading of the section."""
    ci_id, told, moment = said
    key = (ci_id, state.id, event.SECTION)
    if state.last_ok(ci_id, event.SECTION):
        await drafts.fetch(tx, [key])
    before = json.loads(drafts.body(key) or b"[]")
    standing = arrange(shape_of(event.SECTION), event.standing(before, told, moment))
    reading = Reading(event.SECTION, Status.OK, True, digest(canonical(standing)), standing, collected_at=moment)
    subject = Subject(HOST, "", "", "", frozenset(), {event.SECTION: reading})
    await recording.record(tx, Placed(subject, ci_id), seen, state, drafts, moment)


async def adopt(tx: AsyncConnection, seen: Observation, state: SourceState) -> None:
    """Tell of the CI that was found at an address what was said from there before."""
    if seen.target is not None and HOST in state.cis:
        await events.adopt(tx, seen.target.zone, seen.target.address, state.cis[HOST])
