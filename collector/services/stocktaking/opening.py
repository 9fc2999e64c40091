"""A stock-take begins: what is in scope is frozen, and people are asked to count it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import stocktake
from collector.security.audit import Act
from collector.security.roles import CLASSES, Permission, permissions
from collector.services.changes.asked import MAX_TITLE, one_line
from collector.services.refused import Refused
from collector.services.sighting import sightings
from collector.services.stocktaking.seen import still_open
from collector.services.wiring import Wiring
from collector.stocktake import Kind, Line, Scope, Thing
from collector.store import accounts, called, inspection_incidents, rounds, stocktakes
from collector.store.browse.things import standing as standing_of
from collector.store.stocktakes import Kept, New

MAX_LINES: Final = 50_000
MAX_PEOPLE: Final = 100
MAX_LIST: Final = 5_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A stock-take as somebody asks for it; `cis`: names, labels or ids of single CIs."""

    kind: str
    title: str
    people: tuple[str, ...]
    classes: tuple[str, ...] = ()
    place: str = ""
    label_from: str = ""
    label_to: str = ""
    cis: tuple[str, ...] = ()
    blind: bool = False


async def open_(act: Act, wiring: Wiring, asked: Asked) -> str:
    """Freeze what is in scope, let people count it, and return the number; raise `Refused`."""
    new = New(
        _kind(asked.kind), one_line(asked.title, MAX_TITLE, "title"), await _scope(act.tx, asked), asked.blind,
        act.by, act.at,
    )  # fmt: skip
    people = await _people(act.tx, asked.people)
    return (await begin(act, new, people, await lines_of(act.tx, wiring, new.scope))).number


async def begin(act: Act, new: New, people: Sequence[str], lines: Sequence[Line]) -> Kept:
    """Write what is expected, and let people count it."""
    stocktake_id, number = await stocktakes.add(act.tx, new, lines)
    await stocktakes.assign(act.tx, stocktake_id, people)
    after = {"kind": new.kind, "title": new.title, "lines": len(lines), "people": list(people), "blind": new.blind}
    act.tell("stocktake.open", f"stocktake/{number}", after=after)
    return Kept(stocktake_id, number, new, tuple(people))


def _kind(word: str) -> Kind:
    if word not in set(Kind):
        raise Refused("round or yearly is expected", "kind")
    return Kind(word)


async def _scope(connection: AsyncConnection, asked: Asked) -> Scope:
    if not set(asked.classes) <= set(CLASSES):
        raise Refused("classes of the regulation are expected", "classes")
    parts = [optional(getattr(asked, name), most, name) for name, most in _PARTS]
    return Scope(tuple(sorted(set(asked.classes))), parts[0], parts[1], parts[2], await _named(connection, asked.cis))


_PARTS: Final = (("place", stocktake.MAX_PLACE), ("label_from", 64), ("label_to", 64))


def optional(text: str, most: int, field: str) -> str:
    return one_line(text, most, field) if text.strip() else ""


async def _named(connection: AsyncConnection, words: Sequence[str]) -> tuple[str, ...]:
    """Return the uids of CIs by what people call them; raise `Refused` for a word nobody or several have."""
    if len(words) > MAX_LIST:
        raise Refused(f"a list has at most {MAX_LIST} CIs", "cis")
    found = await called.referred(connection, [word[:200] for word in words if word.isprintable()])
    wrong = [word for word in words if len(found.get(word[:200], ())) != 1]
    if wrong:
        raise Refused(f"one CI each is expected: {', '.join(word[:60] for word in wrong[:5])}", "cis")
    return tuple(sorted({found[word[:200]][0].uid for word in words}))


async def _people(connection: AsyncConnection, names: Sequence[str]) -> tuple[str, ...]:
    people = tuple(sorted({name.strip() for name in names} - {""}))
    if not 0 < len(people) <= MAX_PEOPLE:
        raise Refused(f"1 to {MAX_PEOPLE} people count", "people")
    for name in people:
        if not may_count(await accounts.by_name(connection, name)):
            raise Refused("names of accounts that may count are expected", "people")
    return people


async def count(connection: AsyncConnection, asked: Asked) -> int:
    """Return how many CIs are in scope; raise `Refused` where the scope is none."""
    return len(await chosen(connection, await _scope(connection, asked)))


async def chosen(connection: AsyncConnection, scope: Scope) -> list[Thing]:
    """Return what is in scope now."""
    standing = await standing_of(connection, scope.classes)
    return [each for each in standing if stocktake.holds(scope, each)]


async def lines_of(connection: AsyncConnection, wiring: Wiring, scope: Scope) -> list[Line]:
    """Return what a scope holds now, with what discovery knows of it; raise `Refused` where that is nothing."""
    things = await chosen(connection, scope)
    if not 0 < len(things) <= MAX_LINES:
        raise Refused(f"the scope holds {len(things)} CIs; 1 to {MAX_LINES} are expected", "scope")
    seen = await sightings(connection, wiring, [each.ci_id for each in things])
    return [Line(each, seen[each.ci_id].last_seen, seen[each.ci_id].plugged) for each in things]


async def assign(act: Act, number: str, people: Sequence[str]) -> None:
    """Let these people count from now on; raise `NotFound`, `Refused`."""
    kept, names = await still_open(act.tx, number), await _people(act.tx, people)
    await stocktakes.assign(act.tx, kept.id, names)
    await _hand_on(act, kept, names)
    act.tell("stocktake.assign", f"stocktake/{number}", {"people": list(kept.people)}, {"people": list(names)})


async def _hand_on(act: Act, kept: Kept, names: Sequence[str]) -> None:
    """Give one that came by a plan, and its incident, to somebody who still counts in it."""
    planned = await rounds.of(act.tx, kept.id)
    if planned is not None:
        left = [each for each in (planned.due.assignee, planned.due.deputy) if each in names] or list(names[:1])
        await rounds.give(act.tx, kept.id, *left)
        await inspection_incidents.give(act.tx, planned.due.incident, left[0], (act.by, act.at))


async def counters(connection: AsyncConnection) -> tuple[str, ...]:
    """Return the accounts that may count."""
    return tuple(each.name for each in await accounts.everyone(connection) if may_count(each))


def may_count(account: accounts.AccountRow | None) -> bool:
    """Return whether somebody is here and may say what is there."""
    return (
        account is not None
        and account.state == accounts.ACTIVE
        and Permission.STOCKTAKES_COUNT in permissions(account.roles)
    )
