"""Maintenance windows and silences: set, ended early, and which there are."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.classes import CLASSES
from collector.incident.foreign import is_kind
from collector.maintenance import MAINTENANCE, SILENCE, BadWindow, MaintenanceWindow, Recurrence, checked
from collector.security.audit import Act
from collector.services.changes.asked import MAX_REASON, MAX_TITLE, one_line
from collector.services.inspections import Rules
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import alerts, cis, foreign_alerts, windows
from collector.waiver import meets

MAX_CIS: Final = 1000
MAX_RULES: Final = 100
NOW, LATER, OVER = "now", "later", "over"


@dataclass(frozen=True, slots=True)
class Asked:
    """A window as somebody asks for it: CIs by uid, times in ms."""

    name: str
    start: int
    end: int
    kind: str = MAINTENANCE
    reason: str = ""
    recurrence: Recurrence | None = None
    cis: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    match: str = ""
    children: bool = True
    rules: tuple[str, ...] = ()
    instance: str = ""


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A window and how it stands: now, later, over. `until`: when it ends; `next`: when it is held next (ms, 0: never).

    `cis`: uid → name of those it names.
    """

    window: MaintenanceWindow
    stand: str
    until: int
    next: int
    cis: Mapping[str, str]


async def listed(connection: AsyncConnection, now: int) -> list[WindowRow]:
    """Return the windows that were set last: those that are held first, then those to come."""
    found = await windows.latest(connection)
    named = await cis.by_ids(connection, sorted({ci_id for each in found for ci_id in each.ci_ids}))
    rows = [_row(each, {named[one].uid: named[one].name for one in each.ci_ids if one in named}, now) for each in found]
    order = (NOW, LATER, OVER)
    return sorted(rows, key=lambda row: (order.index(row.stand), row.until or row.next))


async def set_(act: Act, asked: Asked, rules: Rules) -> str:
    """Write a window and return its uid; raise `Refused`."""
    ids = await _ids(act.tx, asked.cis)
    if not set(asked.classes) <= {*CLASSES}:
        raise Refused("classes of the regulation are expected", "classes")
    if asked.kind not in (MAINTENANCE, SILENCE):
        raise Refused("maintenance or silence is expected", "kind")
    for pattern in asked.rules[:MAX_RULES]:
        if not (is_kind(pattern) or any(meets(pattern, each) for each in rules)):
            raise Refused(f"no rule is called {pattern}", "rules")
    window = MaintenanceWindow(
        str(uuid.uuid4()), one_line(asked.name, MAX_TITLE, "name"), asked.start, asked.end, asked.kind,
        asked.reason.strip()[:MAX_REASON], asked.recurrence, frozenset(ids), frozenset(asked.classes),
        asked.match.strip(), asked.children, asked.rules[:MAX_RULES], asked.instance, act.by, act.at,
    )  # fmt: skip
    try:
        checked(window)
    except BadWindow as error:
        raise Refused(str(error), error.field) from error
    if window.last_end <= act.at:
        raise Refused("it would be over already", "window")
    await windows.add(act.tx, window)
    await alerts.look_again(act.tx, act.at)
    await foreign_alerts.look_again(act.tx, act.at)
    act.tell("window.set", f"window/{window.uid}", after=_told(window, asked.cis))
    return window.uid


async def end(act: Act, uid: str) -> None:
    """End a window before its time; raise `NotFound`, and `Refused` for one that is over."""
    found = await windows.find(act.tx, uid)
    if found is None:
        raise NotFound("maintenance window", uid)
    if not await windows.end(act.tx, uid, act.at):
        raise Refused("it is over already")
    await alerts.look_again(act.tx, act.at)
    await foreign_alerts.look_again(act.tx, act.at)
    act.tell("window.end", f"window/{uid}", {"end": found.last_end}, {"end": act.at})


async def _ids(connection: AsyncConnection, uids: tuple[str, ...]) -> list[int]:
    if len(uids) > MAX_CIS:
        raise Refused(f"at most {MAX_CIS} CIs are expected", "cis")
    found = await cis.by_uids(connection, uids)
    if missing := [uid for uid in uids if uid not in found]:
        raise Refused(f"there is no CI {missing[0]}", "cis")
    return [each.id for each in found.values()]


def _row(window: MaintenanceWindow, named: Mapping[str, str], now: int) -> WindowRow:
    until, following = window.ends_at(now), window.starts_after(now)
    return WindowRow(window, NOW if until else LATER if following else OVER, until, following, named)


def _told(window: MaintenanceWindow, uids: tuple[str, ...]) -> dict[str, object]:
    again = window.recurrence
    return {
        "kind": window.kind, "name": window.name, "start": window.start, "end": window.end, "reason": window.reason,
        "recurrence": [again.rule, again.zone, again.until] if again else [], "cis": list(uids),
        "classes": sorted(window.ci_classes), "match": window.match, "children": window.children,
        "rules": list(window.rules), "instance": window.instance,
    }  # fmt: skip
