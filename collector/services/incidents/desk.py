"""Every act on an incident: what it makes of it, its step in the trail and its row in the audit log, all or nothing.

Who may do what is `collector.desk.lifecycle`'s word; it raises `Denied`, and nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk import lifecycle
from collector.desk.flow import ENDED, Deed, State
from collector.desk.lifecycle import Asked, Person
from collector.desk.table import BUILT_IN, Table
from collector.incident.family import WITH_PARENT
from collector.model import Incident
from collector.security import audit
from collector.services.changes.asked import lines_of, one_line
from collector.services.incidents import acknowledging, clockwork, linkable, planned
from collector.services.missing import NotFound
from collector.services.problems import proposing
from collector.services.refused import Refused
from collector.store import accounts, admissions, desk, families, incidents, members, telling
from collector.store.desk import Link, Mark

MAX_TEXT: Final = 4_000
MAX_LINE: Final = 200
MAX_LINKS: Final = 100
FIELDS: Final = ("contact", "affected", "place", "category")
"""What people correct in an incident, a line each."""
EVENTS: Final = {
    Deed.RESOLVE: "resolved", Deed.REOPEN: "reopened", Deed.CLOSE: "closed", Deed.CANCEL: "closed",
    Deed.MERGE: "closed", Deed.COMMENT: "commented", Deed.TAKE: acknowledging.EVENT,
}  # fmt: skip
"""What others are told of an act; of the others: that it was updated."""


class Overtaken(Refused):
    """Somebody wrote the incident since it was looked at; nothing was done."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} is no longer what was looked at: somebody wrote it since")


def person_of(name: str, roles: Collection[str]) -> Person:
    """Return somebody as the acts know them: roles without the classes."""
    return Person(name, frozenset(role.partition(":")[0] for role in roles))


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks of an incident.

    `text`: the reason, the solution or the comment; `to`: an account, or the number of an incident; `line`: 0 for the
    next; `code`: why it waits, how it was resolved, or a priority; `vendor`: what the vendor did; `score`: 1 to 5.
    """

    text: str = ""
    to: str = ""
    line: int = 0
    code: str = ""
    vendor: str = ""
    score: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceDesk:
    """Where incidents are dealt with, by the table of the desk."""

    table: Table = BUILT_IN

    async def do(
        self, act: audit.Act, who: Person, number: str, step: Deed, wish: Wish, version: int | None = None
    ) -> str:
        """Do one act and return the state after it; raise `Denied` with every reason, `NotFound`, or `Refused`."""
        before = await read(act.tx, number, version)
        text = lines_of(wish.text, MAX_TEXT, "text")
        asked = Asked(text, await _to(act.tx, step, wish.to), wish.line, wish.code, wish.score)
        after = lifecycle.take(before, step, who, self.table, act.at, asked)
        await planned.follow(act, before, after, step, text)
        if step is Deed.REOPEN and await incidents.is_open(act.tx, before.cause_key):
            raise Refused("the same is open in another incident already", "text")
        if step is Deed.MERGE:
            await self._merge(act, before, asked.to.name)
        values = _columns(before, after) | _with_it(step, replace(wish, text=text), act)
        if step is Deed.PRIORITISE:
            values["reckoning"] = await self._overruled(act, before, text)
        await self._write(act, before, after, values, Mark(act.at, act.by, step, text, _moved(before, after, wish)))
        told: list[telling.Told] = [(after, EVENTS.get(step, "updated"), text)]
        if step is Deed.TAKE:
            await acknowledging.of_incident(act, after)
        if step is Deed.RESOLVE:
            told += await self._followed(act, after)
        await telling.tell(act.tx, told, act.at)
        if step is Deed.REOPEN:
            await proposing.propose(act.tx, [replace(after, resolved_at=None)], act.at)
        return after.state

    async def edit(
        self, act: audit.Act, who: Person, number: str, said: Mapping[str, str], major: bool | None = None,
        version: int | None = None,
    ) -> None:  # fmt: skip
        """Correct what an incident says of whom and where, and whether it is a major one; raise as `do` does."""
        before = await read(act.tx, number, version)
        lifecycle.take(before, Deed.EDIT, who, self.table, act.at, Asked())
        values: dict[str, object] = {}
        for name, value in said.items():
            if name not in FIELDS:
                raise Refused(f"there is no field {name}", name)
            values[name] = one_line(value, MAX_LINE, name) if value.strip() else ""
        if major is not None:
            lifecycle.take(before, Deed.PRIORITISE, who, self.table, act.at, Asked("major", code=before.priority))
            values["major"] = major
        after = replace(before, category=str(values.get("category", before.category)))
        if after.category not in {"", before.category, *self.table.categories}:
            raise Refused("there is no such category", "category")
        await self._write(act, before, after, values, Mark(act.at, act.by, Deed.EDIT, "", values))

    async def link(self, act: audit.Act, who: Person, number: str, kind: str, reference: str) -> None:
        """Say what an incident has to do with; raise `Refused` for what there is not, and as `do` does."""
        before = await read(act.tx, number)
        lifecycle.take(before, Deed.LINK, who, self.table, act.at, Asked())
        named = one_line(reference, MAX_LINE, "reference")
        await linkable.check(act.tx, kind, named, number)
        if len(await desk.links(act.tx, before.id)) >= MAX_LINKS:
            raise Refused(f"an incident has at most {MAX_LINKS} links", "reference")
        if await desk.link(act.tx, before.id, Link(kind, named, act.at, act.by)):
            mark = Mark(act.at, act.by, Deed.LINK, "", {"kind": kind, "reference": named})
            await self._write(act, before, before, {}, mark)

    async def unlink(self, act: audit.Act, who: Person, number: str, kind: str, reference: str) -> None:
        """Take a link back; raise `NotFound` where there is none, and as `do` does."""
        before = await read(act.tx, number)
        lifecycle.take(before, Deed.LINK, who, self.table, act.at, Asked())
        if not await desk.unlink(act.tx, before.id, kind, reference):
            raise NotFound("link", f"{kind} {reference}")
        mark = Mark(act.at, act.by, "unlink", "", {"kind": kind, "reference": reference})
        await self._write(act, before, before, {}, mark)

    async def set_parent(self, act: audit.Act, who: Person, number: str, parent: str) -> None:
        """Put an incident under another one, or under none; raise `Refused`, and as `do` does."""
        before = await read(act.tx, number)
        lifecycle.take(before, Deed.LINK, who, self.table, act.at, Asked())
        if parent:
            await read(act.tx, parent)
            if number in (parent, *await desk.above(act.tx, parent)):
                raise Refused("an incident does not stand under itself", "parent")
        await self._write(act, before, before, {"parent": parent}, Mark(act.at, act.by, "parent", "", {"to": parent}))

    async def _followed(self, act: audit.Act, parent: Incident) -> list[telling.Told]:
        """Resolve what stands under an incident that was resolved; return what is to be told of it."""
        told = await families.follow(act.tx, [parent], act.at)
        for child, *_ in told:
            act.tell("incident.step", f"incident/{child.number}", after=_told(child) | {"step": WITH_PARENT})
        return told

    async def _merge(self, act: audit.Act, before: Incident, into: str) -> None:
        """Give the causes and the reporters of an incident to the one it is merged into; the links point both ways."""
        target = await read(act.tx, into)
        if target.state in ENDED or target.resolved_at is not None:
            raise Refused(f"{into} is not open", "to")
        await members.move(act.tx, before.id, target.id)
        await incidents.redirect(act.tx, before.number, target.number)
        await families.adopt(act.tx, before.number, target.number, await desk.above(act.tx, target.number))
        await families.report_too(act.tx, target, before.reporters)
        mark = Mark(act.at, act.by, "merged_from", "", {"from": before.number})
        await desk.note(act.tx, [(target.id, mark)])
        await desk.link(act.tx, target.id, Link("incident", before.number, act.at, act.by))

    async def _overruled(self, act: audit.Act, before: Incident, reason: str) -> str:
        kept = await admissions.reckoning(act.tx, before.id)
        return json.dumps(kept | {"by": act.by, "reason": reason}, ensure_ascii=False)

    async def _write(
        self, act: audit.Act, before: Incident, after: Incident, values: Mapping[str, object], mark: Mark
    ) -> None:
        try:
            await desk.save(act.tx, before, values)
        except desk.Stale:
            raise Overtaken(before.number) from None
        if (before.state, before.line, before.assignee) != (after.state, after.line, after.assignee):
            reason = str(values.get("pending_reason", "")) if after.state == State.PENDING else ""
            await desk.turn(act.tx, [after], act.at, reason)
        await desk.note(act.tx, [(before.id, mark)])
        act.tell("incident.step", f"incident/{before.number}", _told(before), _told(after) | {"step": mark.act})
        await clockwork.schedule(act.tx, [before.id], self.table, act.at)


async def read(tx: AsyncConnection, number: str, version: int | None = None) -> Incident:
    """Return the incident, as long as it is the one that was looked at; raise `NotFound`, `Overtaken`."""
    found = await incidents.find(tx, number)
    if found is None:
        raise NotFound("incident", number)
    if version is not None and found.version != version:
        raise Overtaken(number)
    return found


async def _to(tx: AsyncConnection, step: Deed, name: str) -> Person:
    """Return whom an act names: an account with its roles, or the number of an incident as it is."""
    if step is not Deed.ASSIGN:
        return Person(name)
    account = await accounts.by_name(tx, name)
    if account is None or account.state != accounts.ACTIVE:
        raise Refused("there is no such account", "to")
    return person_of(account.name, account.roles)


def _columns(before: Incident, after: Incident) -> dict[str, object]:
    names: Sequence[str] = ("state", "assignee", "line", "resolution_code", "reopened", "priority")
    return {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}


def _with_it(step: Deed, wish: Wish, act: audit.Act) -> dict[str, object]:
    """Return what an act writes beside the state."""
    ended: dict[str, object] = {"resolved_at": act.at, "closed_at": act.at, "resolution": wish.text}
    if step is Deed.RESOLVE:
        vendor = lines_of(wish.vendor, MAX_TEXT, "vendor")
        return {"resolved_at": act.at, "resolution": wish.text, "vendor_resolution": vendor, "pending_reason": ""}
    if step is Deed.REOPEN:
        return {"resolved_at": None, "closed_at": None, "score": None, "score_comment": "", "recovered_at": None}
    if step is Deed.CLOSE:
        return {"closed_at": act.at, "score": wish.score, "score_comment": wish.text}
    if step is Deed.SCORE:
        return {"score": wish.score, "score_comment": wish.text}
    if step is Deed.MERGE:
        return ended | {"merged_into": wish.to}
    if step is Deed.CANCEL:
        return ended
    if step in {Deed.WAIT, Deed.RESUME, Deed.TAKE, Deed.ASSIGN, Deed.HAND_ON}:
        return {"pending_reason": wish.code if step is Deed.WAIT else ""}
    return {}


def _moved(before: Incident, after: Incident, wish: Wish) -> dict[str, object]:
    """Return what the trail says moved: [before, after] by field, and what was chosen with it."""
    moved: dict[str, object] = {
        name: [getattr(before, name), getattr(after, name)]
        for name in ("state", "line", "assignee", "priority")
        if getattr(before, name) != getattr(after, name)
    }
    chosen = {"code": wish.code, "to": wish.to, "score": wish.score}
    return moved | {name: value for name, value in chosen.items() if value}


def _told(one: Incident) -> dict[str, object]:
    """Return what the audit log says of an incident."""
    return {
        "state": one.state, "line": one.line, "assignee": one.assignee, "priority": one.priority,
        "category": one.category, "version": one.version,
    }  # fmt: skip
