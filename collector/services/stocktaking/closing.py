"""A stock-take ends with a report that stays as it is, and with what that leads to.

What has moved is proposed as a change, never written.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import stocktake
from collector.change.expected import Expected, How
from collector.change.record import ChangeType, Window
from collector.record import SECTION
from collector.security.audit import Act
from collector.services import signatures
from collector.services.changes.asked import MAX_CIS, MAX_REASON, MAX_TITLE, Asked, AskedLine, lines_of
from collector.services.changes.desk import Desk
from collector.services.refused import Refused
from collector.services.sighting import sightings
from collector.services.signatures import CLOSER
from collector.services.stocktaking.leading import Closer, lead
from collector.services.stocktaking.seen import head_of, one, photos_of, result_of, still_open
from collector.services.wiring import Wiring
from collector.stocktake import Mark, Outcome, Result, Thing
from collector.store import inspection_incidents, rounds, stocktakes
from collector.store.stocktake_leads import Lead
from collector.store.stocktakes import Kept

WORK_MS: Final = 14 * 86_400_000
"""Within which a proposed change is to be carried out."""


@dataclass(frozen=True, slots=True)
class Closing:
    """How a stock-take ends. `rest_is_missing`: what nobody said anything of; `drawn`: a signature as PNG, if any."""

    rest_is_missing: bool = False
    note: str = ""
    drawn: bytes = b""


async def close(act: Act, closer: Closer, number: str, how: Closing) -> str:
    """End a stock-take and return the digest of its report; raise `NotFound`, `Refused`.

    Every line has its word then.
    """
    kept = await still_open(act.tx, number)
    whole = await result_of(act.tx, kept)
    if not whole.is_whole:
        if not how.rest_is_missing:
            raise Refused(f"nothing was said yet of {whole.counts[stocktake.OPEN]} CIs", "rest")
        await stocktakes.say_all(act.tx, kept.id, _missing(whole, act))
    await _witness(act.tx, closer.wiring, kept, whole)
    whole = await result_of(act.tx, kept)
    ended = replace(kept, closed_at=act.at, closed_by=act.by, note=lines_of(how.note, MAX_REASON, "note"))
    drawing = signatures.sha256_of(signatures.cleaned(how.drawn))
    head = head_of(ended, await photos_of(act.tx, kept)) | drawing
    ended = replace(ended, digest=stocktake.digest(head, whole))
    if not await stocktakes.close(act.tx, ended):
        raise Refused("it is closed already", "closed")
    await signatures.keep(act.tx, f"stocktake/{number}", (CLOSER, act.by, act.at), ended.digest, how.drawn)
    await _resolve(act, kept)
    led = {each.item: _led(each) for each in await lead(act, closer, kept, whole)}
    told = {**whole.counts, "digest": ended.digest} | drawing | ({"led_to": led} if led else {})
    act.tell("stocktake.close", f"stocktake/{number}", after=told)
    return ended.digest


def _led(each: Lead) -> str:
    """Return what became of one thing, as the log tells it: its incident, else its finding, else the CI proposed."""
    return each.incident or (f"finding/{each.finding_id}" if each.finding_id else f"ci/{each.uid}")


async def _resolve(act: Act, kept: Kept) -> None:
    """Resolve the incident of one that came by a plan."""
    planned = await rounds.of(act.tx, kept.id)
    if planned is not None:
        await inspection_incidents.resolve(act.tx, planned.due.incident, act.at)


def _missing(whole: Result, act: Act) -> list[Mark]:
    return [
        Mark(Outcome.MISSING, act.at, act.by, f"close/{row.line.thing.ci_id}", row.line.thing)
        for row in whole.rows
        if row.mark is None
    ]


async def _witness(tx: AsyncConnection, wiring: Wiring, kept: Kept, whole: Result) -> None:
    seen = await sightings(tx, wiring, [row.line.thing.ci_id for row in whole.rows])
    await stocktakes.witness(tx, kept.id, {ci_id: (each.last_seen, each.plugged) for ci_id, each in seen.items()})


async def propose(act: Act, desk: Desk, number: str, reason: str, uids: Collection[str] = ()) -> str:
    """Raise one standard change for what has moved, a line a new place, and return its number; raise `Refused`.

    `uids`: of these CIs only. The record itself is written once the change is approved, by who administers it.
    """
    found = await one(act.tx, number)
    moved = [each for each in stocktake.moved(found.result) if _is_asked(each.thing, uids)]
    fresh = [each for each in moved if each.thing.ci_id not in found.changes][:MAX_CIS]
    if not fresh:
        raise Refused("nothing that has moved is without a change", "moved")
    lines = tuple(_line(each.thing, each.place) for each in fresh)
    asked = Asked(
        f"{number} {found.kept.new.title}"[:MAX_TITLE], reason, act.by, tuple(line.ci for line in lines), lines,
        Window(act.at, act.at + WORK_MS),
    )  # fmt: skip
    change = await desk.raise_(act, ChangeType.STANDARD, asked)
    await stocktakes.propose(act.tx, found.kept.id, [each.thing.ci_id for each in fresh], change)
    act.tell("stocktake.propose", f"stocktake/{number}", after={"change": change, "lines": len(lines)})
    return change


def _is_asked(thing: Thing, uids: Collection[str]) -> bool:
    return not uids or thing.uid in uids


def _line(thing: Thing, place: str) -> AskedLine:
    return AskedLine(thing.uid, SECTION, "place", "", Expected(How.EXACT, place))
