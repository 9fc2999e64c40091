"""Templates: standard work a supervisor approves once, so that a change of it needs no further word."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.approval import SUPERVISOR
from collector.change.lifecycle import Actor, Denied, Why
from collector.change.record import Template
from collector.model import Path
from collector.security.audit import Act
from collector.services.changes.asked import MAX_KEY, MAX_REASON, MAX_TEXT, MAX_TITLE, NAMES, lines_of, one_line
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import change_templates
from collector.store.change_templates import APPROVED, PROPOSED, REFUSED, WITHDRAWN, TemplateRow

MAX_PATHS: Final = 100
LONGEST_MS: Final = 2 * 366 * 86_400_000
"""A template is looked at again after two years at most."""
DECISIONS: Final = {PROPOSED: (APPROVED, REFUSED), APPROVED: (WITHDRAWN,)}


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """A template as somebody proposes it; `until` in ms."""

    title: str
    text: str
    paths: Collection[Path]
    until: int


async def propose(act: Act, new: NewTemplate) -> str:
    """Write a template and return its number; raise `Refused`."""
    paths = frozenset(new.paths)
    if not 0 < len(paths) <= MAX_PATHS or not all(_is_path(path) for path in paths):
        raise Refused(f"1 to {MAX_PATHS} sections, or values of them, are expected", "paths")
    if not act.at < new.until <= act.at + LONGEST_MS:
        raise Refused("a template ends within two years", "until")
    title, text = one_line(new.title, MAX_TITLE, "title"), lines_of(new.text, MAX_TEXT, "text")
    row = await change_templates.add(act.tx, TemplateRow("", title, text, paths, act.by, act.at, new.until))
    act.tell("template.propose", f"template/{row.number}", after=_told(row))
    return row.number


async def decide(act: Act, who: Actor, number: str, decision: str, reason: str = "") -> None:
    """Approve, refuse or withdraw a template; raise `NotFound`, `Denied`, `Refused`."""
    row = await change_templates.find(act.tx, number, hold=True)
    if row is None:
        raise NotFound("template", number)
    said = lines_of(reason, MAX_REASON, "reason")
    if denied := _why_not(row, who, decision, said):
        raise Denied(denied)
    after = _decided(replace(row, state=decision, reason=said), who.name, act.at)
    await change_templates.decide(act.tx, after)
    act.tell("template.decide", f"template/{number}", _told(row), _told(after))


async def everyone(connection: AsyncConnection) -> list[TemplateRow]:
    """Return all templates, the newest first."""
    return await change_templates.everyone(connection)


async def live(connection: AsyncConnection, number: str, at: int) -> Template:
    """Return the template changes may be made of at `at` (ms); raise `NotFound`, `Refused`."""
    row = await change_templates.find(connection, number)
    if row is None:
        raise NotFound("template", number)
    if row.template is None or row.until <= at:
        raise Refused("the template is not approved, or no longer", "template")
    return row.template


def _decided(row: TemplateRow, by: str, at: int) -> TemplateRow:
    """Return the row with who decided; a withdrawal takes nothing back of what was approved before."""
    if row.state == WITHDRAWN:
        return replace(row, withdrawn_by=by, withdrawn_at=at)
    return replace(row, decided_by=by, decided_at=at)


def _why_not(row: TemplateRow, who: Actor, decision: str, reason: str) -> list[Why]:
    found = [] if decision in DECISIONS.get(row.state, ()) else [Why.NOT_IN_THIS_STATE]
    if SUPERVISOR not in who.roles:
        found.append(Why.NO_SUCH_ROLE)
    if who.classes is not None:
        found.append(Why.OTHER_CLASS)
    if decision == APPROVED and who.name == row.proposed_by:
        found.append(Why.INITIATOR_APPROVES)
    if decision != APPROVED and not reason:
        found.append(Why.NO_REASON)
    return found


def _is_path(path: Path) -> bool:
    return path.section in NAMES and len(path.key) <= MAX_KEY and (not path.key or path.key.isprintable())


def _told(row: TemplateRow) -> dict[str, object]:
    paths = sorted(f"{path.section}/{path.key}" for path in row.paths)
    return {"state": row.state, "title": row.title, "paths": paths, "reason": row.reason}
