"""Relations of the whole estate: what runs on, is installed on, contains what; and those that people say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import CI, GONE
from collector.record import HAND, is_said
from collector.relations import KINDS, Tied
from collector.security.audit import Act
from collector.security.roles import administers
from collector.services.missing import NotFound
from collector.services.records import NotTheirs
from collector.services.refused import Refused
from collector.store import called as by_name
from collector.store import cis, sources
from collector.store import relations as stored
from collector.store.browse import relations
from collector.store.browse.page import Page, Window
from collector.store.browse.relations import RelationQuery, RelationRow

__all__ = ["KINDS", "Weigh", "called", "listed", "said", "tie", "untie"]

Weigh = Callable[[AsyncConnection, Collection[Tied], int], Awaitable[None]]
"""Holds relations that began or ended against changes at that time (ms), within the transaction."""


MOST: Final = 200
"""Relations people said of one CI that its page lists."""


async def listed(connection: AsyncConnection, query: RelationQuery, window: Window) -> Page[RelationRow]:
    """Return one page of relations; raise `BadCursor`."""
    return await relations.list_relations(connection, query, window)


async def tie(act: Act, roles: Collection[str], uid: str, kind: str, other: str, weigh: Weigh) -> None:
    """Say that a CI is `kind` another, by their ids, until it is untied; saying it again changes nothing.

    Raise `NotFound`, `NotTheirs` of the first one's class, and `Refused` for what cannot be.
    """
    a, b = await _ends(act.tx, roles, uid, kind, other)
    if a.id == b.id:
        raise Refused("a CI has no relation to itself", "other")
    this, back = (a.id, kind, b.id), (b.id, kind, a.id)
    held = await stored.held(act.tx, [this, back])
    if back in held:
        raise Refused(f"the other is {kind} this one already", "other")
    if any(map(is_said, held.get(this, ()))):
        return
    source = f"{HAND}/{act.by}"
    await sources.ensure(act.tx, [source])
    by = (await sources.load(act.tx, [source]))[source]
    await stored.begin(act.tx, [(*this, by.id)], act.at)
    await weigh(act.tx, [Tied(*this, act.at, act.at, was_held=this in held)], act.at)
    act.tell("ci.relate", f"ci/{uid}", {}, {"relation": kind, "to": other})


async def untie(act: Act, roles: Collection[str], uid: str, kind: str, other: str, weigh: Weigh) -> None:
    """Take back what people said; raise as `tie` does, and `Refused` for what a device says, which stands."""
    a, b = await _ends(act.tx, roles, uid, kind, other)
    this = a.id, kind, b.id
    by = (await stored.held(act.tx, [this])).get(this, [])
    if not any(map(is_said, by)):
        raise Refused(f"it is {by[0]} that says so" if by else "there is no such relation", "other")
    await stored.end_said(act.tx, [this], act.at)
    await weigh(act.tx, [Tied(*this, act.at, act.at, was_held=True)], act.at)
    act.tell("ci.relate", f"ci/{uid}", {"relation": kind, "to": other}, {})


async def called(connection: AsyncConnection, name: str) -> str:
    """Return the id of the one CI in use that has this as id, as label, or else as name; raise `Refused` otherwise."""
    refs = (await by_name.referred(connection, [name])).get(name, ())
    found = [each.uid for each in refs if each.state not in GONE]
    if len(found) != 1:
        raise Refused(f"{'more than one' if found else 'no'} CI is called {name[:200]}", "other")
    return found[0]


async def said(connection: AsyncConnection, ci_id: int) -> tuple[RelationRow, ...]:
    """Return what people say of a CI towards others."""
    page = await relations.list_relations(connection, RelationQuery(ci_id, KINDS, is_said=True), Window(MOST))
    return page.items


async def _ends(tx: AsyncConnection, roles: Collection[str], uid: str, kind: str, other: str) -> tuple[CI, CI]:
    if kind not in KINDS:
        raise Refused(f"kind: one of {', '.join(KINDS)} is expected", "kind")
    found = await cis.by_uids(tx, [uid, other])
    for each in (uid, other):
        if each not in found:
            raise NotFound("CI", each)
    if not administers(roles, found[uid].ci_class):
        raise NotTheirs(found[uid].ci_class)
    if any(found[each].state in GONE for each in (uid, other)):
        raise Refused("a CI that is retired or archived has no new relations", "other")
    return found[uid], found[other]
