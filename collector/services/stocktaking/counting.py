"""What somebody says they see: a label that was scanned, or a word on one CI of the list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import stocktake
from collector.security.audit import Act
from collector.services.changes.asked import one_line
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.services.stocktaking.opening import optional
from collector.services.stocktaking.seen import still_open
from collector.stocktake import BadScan, Line, Mark, Outcome, Thing
from collector.store import stocktakes
from collector.store.browse import things
from collector.store.stocktakes import Kept

MAX_KEY: Final = 64
TO_BE_SAID: Final = (Outcome.CONFIRMED, Outcome.MOVED, Outcome.DAMAGED, Outcome.MISSING, Outcome.WITHDRAWN)
"""What can be said of a CI by name; `found` is what a scan comes to."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says they see. `text`: a scan; or else `ci`, an uid, and what is said of it.

    `key`: made by who sends it, so that what a bad link sends twice counts once.
    """

    key: str
    text: str = ""
    ci: str = ""
    outcome: str = ""
    place: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of it. `printed`: the text on the label, where the record says another one."""

    mark: Mark
    printed: str = ""


async def say(act: Act, number: str, said: Said) -> Taken:
    """Take what somebody says they see; raise `NotFound`, and `Refused` unless they count in an open stock-take."""
    kept = await counted_by(act.tx, number, act.by)
    place = optional(said.place, stocktake.MAX_PLACE, "place")
    note = optional(said.note, stocktake.MAX_NOTE, "note")
    taken = await (_scanned(act, kept, said, place) if said.text else _chosen(act, kept, said, place))
    mark = replace(taken.mark, note=note, key=one_line(said.key, MAX_KEY, "key"))
    if await stocktakes.say(act.tx, kept.id, mark):
        name = mark.thing.uid if mark.thing else mark.seen
        after = {"ci": name, "outcome": str(mark.outcome), "place": mark.place}
        act.tell("stocktake.mark", f"stocktake/{number}", after=after)
    return replace(taken, mark=mark)


async def counted_by(tx: AsyncConnection, number: str, who: str) -> Kept:
    """Return an open stock-take that somebody counts in; raise `NotFound`, `Refused`."""
    kept = await still_open(tx, number)
    if who not in kept.people:
        raise Refused("only who was asked to count says what is there", "who")
    return kept


async def _scanned(act: Act, kept: Kept, said: Said, place: str) -> Taken:
    if kept.new.blind and not place:
        raise Refused("say where you are: nothing else tells what has moved", "place")
    try:
        scan = stocktake.scanned(said.text)
    except BadScan as error:
        raise Refused(str(error), "text") from None
    thing, line = await _meant(act.tx, kept, scan.uid or scan.text)
    outcome = Outcome.WITHDRAWN if said.outcome == Outcome.WITHDRAWN else stocktake.outcome_at(line, place)
    text = stocktake.one_line(said.text)
    mark = Mark(outcome, act.at, act.by, "", thing, place, text)
    differs = bool(scan.uid and thing and scan.text != thing.label)
    return Taken(mark, scan.text if differs else "")


async def _meant(connection: AsyncConnection, kept: Kept, word: str) -> tuple[Thing | None, Line | None]:
    """Return the CI a word names, and its line; of several the one that is expected; raise `Refused`."""
    found = await things.named(connection, word)
    lines = {
        line.thing.ci_id: line for line in await stocktakes.lines(connection, kept.id, [each.ci_id for each in found])
    }
    meant = [each for each in found if each.ci_id in lines] or found
    if len(meant) > 1:
        raise Refused("several CIs are called so: scan the label, or choose one of the list", "several")
    return (meant[0], lines.get(meant[0].ci_id)) if meant else (None, None)


async def _chosen(act: Act, kept: Kept, said: Said, place: str) -> Taken:
    if said.outcome not in TO_BE_SAID:
        raise Refused("confirmed, moved, damaged, missing or withdrawn is expected", "outcome")
    outcome = Outcome(said.outcome)
    thing = await things.by_uid(act.tx, said.ci)
    if thing is None:
        raise NotFound("CI", said.ci[:40])
    lines = await stocktakes.lines(act.tx, kept.id, [thing.ci_id])
    if outcome is Outcome.MOVED and not place:
        raise Refused("say where it is now", "place")
    if not lines and outcome is not Outcome.WITHDRAWN:
        outcome = Outcome.FOUND
    if lines and outcome is Outcome.MOVED:
        outcome = stocktake.outcome_at(lines[0], place)
    return Taken(Mark(outcome, act.at, act.by, "", thing, "" if outcome is Outcome.MISSING else place))


def plain(thing: Thing | None) -> Thing | None:
    """Return a CI as who counts blind may see it: what stands on the thing itself, not where it should be."""
    return thing and replace(thing, owner="", place="")
