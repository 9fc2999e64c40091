"""The CIs an alarm names beside its own, such as the device at the other end of a link: linked to its incident."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.address import is_address
from collector.model import Cause
from collector.store import called, cis, desk, events, members
from collector.store.desk import COLLECTOR, Link

MAX_LINKS = 20
"""CIs that are linked to one incident by what its alarms name; beyond, its members say enough."""


async def link(tx: AsyncConnection, causes: Iterable[Cause], now: int) -> None:
    """Link the CIs that these causes, which joined their incidents just now, say they have to do with."""
    saying = [each for each in causes if each.related]
    if not saying:
        return
    homes = {each.cause_key: each.incident_id for each in await members.of_causes(tx, {each.key for each in saying})}
    found = await _found(tx, {text for each in saying for text in each.related})
    uids = {ci_id: each.uid for ci_id, each in (await cis.by_ids(tx, sorted(set(found.values())))).items()}
    wanted: dict[int, dict[str, None]] = {}
    for each in saying:
        others = (found[text] for text in each.related if text in found and found[text] != each.ci_id)
        if each.key in homes:
            wanted.setdefault(homes[each.key], {}).update(dict.fromkeys(uids[one] for one in others))
    for incident_id, its in wanted.items():
        free = MAX_LINKS - len(await desk.links(tx, incident_id))
        for uid in list(its)[: max(0, free)]:
            await desk.link(tx, incident_id, Link("ci", uid, now, COLLECTOR))


async def _found(tx: AsyncConnection, texts: Iterable[str]) -> dict[str, int]:
    """Return text → the one CI that is called so: by its name, its serial number or its address. Two are none."""
    asked = set(texts)
    by_name, by_serial = await called.named(tx, asked), await called.with_serials(tx, asked)
    places = {text: ("", text) for text in asked if is_address(text)}
    speaking = await events.speakers(tx, places.values()) if places else {}
    found = {text: by_name.get(text, set()) | by_serial.get(text, set()) for text in asked}
    for text, place in places.items():
        found[text] |= {speaking[place]} if place in speaking else set()
    return {text: next(iter(its)) for text, its in found.items() if len(its) == 1}
