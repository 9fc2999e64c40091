"""Which CI another system means: by serial number, by asset number or label, by name; never the first of several."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.refused import Refused
from collector.store import called
from collector.store.browse import plates
from collector.tickets.record import Thing


@dataclass(frozen=True, slots=True)
class _Known:
    """What each word of their CIs is here: word → uids; and uid → the serial numbers it has."""

    called: Mapping[str, frozenset[str]]
    assets: Mapping[str, set[str]]
    serials: Mapping[str, set[str]]
    held: Mapping[str, set[str]]


async def meant(connection: AsyncConnection, things: Sequence[Thing]) -> dict[Thing, str]:
    """Return CI there → uid; raise `Refused` for one that is nobody, or several, or has another serial number here."""
    words = [word for each in things for word in (each.name, each.asset) if word]
    refs = await called.referred(connection, words)
    by_word = {word: frozenset(ref.uid for ref in found) for word, found in refs.items()}
    known = _Known(
        by_word,
        await plates.carrying(connection, plates.ASSETS, {each.asset for each in things}),
        await plates.carrying(connection, plates.SERIALS, {each.serial for each in things}),
        await plates.serials(connection, {uid for found in by_word.values() for uid in found}),
    )
    return {each: _one(each, known) for each in things}


def _one(thing: Thing, known: _Known) -> str:
    said = thing.name or thing.asset or thing.serial
    ways = [found for found in _ways(thing, known) if found]
    if not ways:
        raise Refused(f"no CI is called {said[:64]}", "cis")
    common = set.intersection(*(set(found) for found in ways))
    if len(common) != 1:
        what = "several CIs are" if len(ways) == 1 or common else "its names mean different CIs: what is"
        raise Refused(f"{what} called {said[:64]}", "cis")
    uid = common.pop()
    held = {str(json.loads(text)) for text in known.held.get(uid, ())}
    if thing.serial and held and thing.serial not in held:
        raise Refused(f"{said[:64]} has another serial number here than there", "cis")
    return uid


def _ways(thing: Thing, known: _Known) -> tuple[frozenset[str] | set[str], ...]:
    """Return the CIs by each thing that is said of it; a label is an asset number to some."""
    by_asset = known.assets.get(thing.asset, set()) | known.called.get(thing.asset, frozenset())
    return known.serials.get(thing.serial, set()), by_asset, known.called.get(thing.name, frozenset())
