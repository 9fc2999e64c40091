"""What people do with a problem, each act with its step in the trail and its row in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.problem import STEPS, WITHIN_MS, Deed, Problem, State, lacking
from collector.model import Incident
from collector.security.audit import Act
from collector.services.changes.asked import lines_of, one_line
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import accounts, incidents, problems
from collector.store.problems import Mark, New

MAX_TITLE: Final = 200
MAX_TEXT: Final = 4_000
TEXTS: Final = ("cause", "workaround", "solution")


class Overtaken(Refused):
    """Somebody wrote the problem since it was looked at; nothing was done."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} is no longer what was looked at: somebody wrote it since")


@dataclass(frozen=True, slots=True)
class Edited:
    """What people write of a problem; None: it stays as it is."""

    title: str | None = None
    owner: str | None = None
    cause: str | None = None
    workaround: str | None = None
    solution: str | None = None


async def raised(act: Act, incident: str, title: str = "") -> str:
    """Make an incident a problem by hand, under its own title or another; return its number; raise `Refused`."""
    one = await _incident(act.tx, incident)
    said = one_line(title, MAX_TITLE, "title") if title.strip() else ""
    since = act.at - WITHIN_MS
    came = len((await problems.times(act.tx, [one.cause_key], since)).get(one.cause_key, ()))
    titles = {"zh": said, "en": said} if said else one.title
    made = await problems.add(act.tx, New(one.cause_key, one.ci_id, titles, act.by, came, State.OPEN), act.at)
    if made is None:
        last = (await problems.last_of(act.tx, [one.cause_key]))[one.cause_key]
        raise Refused(f"it is a problem already: {last.number}", "incident")
    await problems.save(act.tx, made, {"owner": act.by, "decided_by": act.by, "decided_at": act.at})
    ids = await problems.incidents_since(act.tx, one.cause_key, since)
    await problems.link(act.tx, made.id, {*ids, one.id}, act.at, act.by)
    await problems.note(act.tx, made.id, Mark(act.at, act.by, "raise", one.number))
    act.tell("problem.raise", f"problem/{made.number}", after={"incident": one.number, "title": dict(titles)})
    return made.number


async def do(act: Act, number: str, deed: Deed, text: str = "", version: int | None = None) -> str:
    """Do one act and return the state after it; raise `NotFound`, `Refused`. Who may do it is the caller's to know."""
    before, step = await _read(act.tx, number, version), STEPS[deed]
    said = lines_of(text, MAX_TEXT, "text").strip()
    if before.state not in step.before or deed is Deed.EDIT:
        raise Refused(f"this is not done to a problem that is {before.state}", "act")
    if missing := lacking(before, deed, said):
        raise Refused("this is not done without it", missing)
    after = step.after or before.state
    await _write(act, before, {"state": str(after), **_with_it(deed, act, said)}, Mark(act.at, act.by, deed, said))
    return str(after)


async def edit(act: Act, number: str, edited: Edited, version: int | None = None) -> None:
    """Write what is known of a problem; raise `NotFound`, `Refused`."""
    before = await _read(act.tx, number, version)
    if before.state not in STEPS[Deed.EDIT].before:
        raise Refused(f"a problem that is {before.state} is not written any more", "act")
    values: dict[str, Any] = {
        name: lines_of(text, MAX_TEXT, name).strip() for name in TEXTS if (text := getattr(edited, name)) is not None
    }
    if before.state is State.KNOWN_ERROR and not (
        values.get("workaround", before.workaround) or values.get("cause", before.cause)
    ):
        raise Refused("a known error keeps its cause or a way round it", "workaround")
    if edited.owner is not None:
        values["owner"] = await _owner(act.tx, edited.owner.strip())
    if edited.title is not None:
        title = one_line(edited.title, MAX_TITLE, "title")
        if title not in before.title.values():
            values["title"] = {"zh": title, "en": title}
    moved = {name: value for name, value in values.items() if value != getattr(before, name)}
    if moved:
        await _write(act, before, moved, Mark(act.at, act.by, Deed.EDIT, ", ".join(sorted(moved))))


async def link(act: Act, number: str, incident: str) -> None:
    """Let an incident belong to a problem; raise `NotFound`, `Refused`."""
    before, one = await _read(act.tx, number), await _incident(act.tx, incident)
    if before.closed_at is not None:
        raise Refused(f"a problem that is {before.state} takes no more incidents", "incident")
    if await problems.link(act.tx, before.id, [one.id], act.at, act.by):
        await problems.note(act.tx, before.id, Mark(act.at, act.by, "link", one.number))
        act.tell("problem.link", f"problem/{number}", after={"incident": one.number})


async def unlink(act: Act, number: str, incident: str) -> None:
    """Let an incident belong to a problem no more; raise `NotFound`, `Refused`."""
    before, one = await _read(act.tx, number), await _incident(act.tx, incident)
    if not await problems.unlink(act.tx, before.id, one.id):
        raise Refused("it does not belong to it", "incident")
    await problems.note(act.tx, before.id, Mark(act.at, act.by, "unlink", one.number))
    act.tell("problem.unlink", f"problem/{number}", before={"incident": one.number})


def _with_it(deed: Deed, act: Act, said: str) -> dict[str, object]:
    """Return what an act writes beside the state."""
    if deed is Deed.ACCEPT:
        return {"decided_at": act.at, "decided_by": act.by, "owner": act.by}
    if deed is Deed.DECLINE:
        return {"decided_at": act.at, "decided_by": act.by, "reason": said, "closed_at": act.at}
    if deed is Deed.RESOLVE:
        return {"resolved_at": act.at}
    if deed is Deed.REOPEN:
        return {"resolved_at": None}
    return {"closed_at": act.at} if deed is Deed.CLOSE else {}


async def _write(act: Act, before: Problem, values: Mapping[str, Any], mark: Mark) -> None:
    try:
        await problems.save(act.tx, before, values)
    except problems.Stale:
        raise Overtaken(before.number) from None
    await problems.note(act.tx, before.id, mark)
    was = {name: getattr(before, name) for name in values}
    act.tell("problem.step", f"problem/{before.number}", was, {**values, "step": str(mark.act)})


async def _read(tx: AsyncConnection, number: str, version: int | None = None) -> Problem:
    found = await problems.find(tx, number)
    if found is None:
        raise NotFound("problem", number)
    if version is not None and found.version != version:
        raise Overtaken(number)
    return found


async def _incident(tx: AsyncConnection, number: str) -> Incident:
    found = await incidents.look(tx, number.strip())
    if found is None:
        raise Refused("there is no such incident", "incident")
    return found


async def _owner(tx: AsyncConnection, name: str) -> str:
    account = await accounts.by_name(tx, name) if name else None
    if name and (account is None or account.state != accounts.ACTIVE):
        raise Refused("there is no such account", "owner")
    return account.name if account else ""
