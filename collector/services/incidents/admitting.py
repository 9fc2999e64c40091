"""What the desk knows of incidents by the CIs they are about: priority, line, place, contact; when they come in, and
again when more is known of them.

A priority is that of the most urgent cause. What joins or worsens can raise it and what goes lowers nothing: that is
for people, whose word over the table stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.priority import WAYS, Affected, Reckoning, most_urgent, reckon
from collector.desk.table import PRIORITIES, Table
from collector.incident.planning import Held, Plan, key_of
from collector.model import CI, Cause, Incident
from collector.services.incidents import owning, related
from collector.store import admissions, cis, dependants, incidents, members
from collector.store.admissions import Admission, Reckoned

Counted = Mapping[tuple[int | None, tuple[str, ...]], tuple[int, int]]
"""CI, and along what those are counted → how many CIs depend on it, and how many of those are applications."""


async def carry_out(tx: AsyncConnection, held: Held, plan: Plan, table: Table, now: int) -> list[str]:
    """Do what `plan` says of what is `held`, with the priorities by the table; return the numbers of new incidents."""
    admitted = await admit(tx, plan.open, table, plan.present)
    reckoned = await _reckoned_anew(tx, held, plan, table)
    numbers = await incidents.apply(tx, _with(plan, held, reckoned), now, admitted, reckoned)
    await related.link(tx, [*plan.open, *(cause for _, cause in plan.join)], now)
    return numbers


async def admit(
    tx: AsyncConnection, causes: Iterable[Cause], table: Table, present: Mapping[str, Sequence[Cause]] | None = None
) -> dict[str, Admission]:
    """Return what is known of the incidents these causes open, by their keys. `present`: all causes of each key."""
    its = {key_of(cause): (cause, *(present or {}).get(key_of(cause), ())) for cause in causes}
    counted = await _counted(tx, (each for causes in its.values() for each in causes))
    ids = {causes[0].ci_id for causes in its.values() if causes[0].ci_id is not None}
    found, recorded = await cis.by_ids(tx, sorted(ids)), await dependants.recorded(tx, ids)
    owned = await owning.owners(tx, {key: causes[0] for key, causes in its.items()}, found)
    admitted = {
        key: _admission(
            causes[0], most(table, causes, counted, _cis(causes)), table, found.get(causes[0].ci_id or 0), recorded
        )
        for key, causes in its.items()
    }
    return {key: replace(each, assignee=owned.get(key, "")) for key, each in admitted.items()}


def _admission(
    cause: Cause, reckoning: Reckoning, table: Table, ci: CI | None, recorded: Mapping[int, Mapping[str, str]]
) -> Admission:
    said = recorded.get(ci.id, {}) if ci else {}
    place = said.get("place", "")
    line = cause.line or table.line(ci.ci_class if ci else "", place)
    return Admission(
        reckoning, line, category=table.category(cause.category),
        contact=said.get("contact") or said.get("owner", ""), affected=said.get("department", ""), place=place,
        site=place.partition("/")[0].strip(),
    )  # fmt: skip


def most(table: Table, causes: Iterable[Cause], counted: Counted, together: int) -> Reckoning:
    """Return the priority of what these causes are, `together` CIs: each of them is hit, whatever depends on it."""
    return most_urgent(
        reckon(table, _affected(counted.get(_counted_by(each), (0, 0)), together), each.severity, each.urgency)
        for each in causes
    )


def _affected(counted: tuple[int, int], together: int) -> Affected:
    cis, applications = counted
    return Affected(max(cis, together - 1), applications)


def _cis(causes: Iterable[Cause]) -> int:
    return len({each.ci_id for each in causes} - {None})


async def _counted(tx: AsyncConnection, causes: Iterable[Cause]) -> Counted:
    asked: dict[tuple[str, ...], set[int]] = {}
    for ci_id, ways in map(_counted_by, causes):
        if ci_id is not None:
            asked.setdefault(ways, set()).add(ci_id)
    return {
        (ci_id, ways): number
        for ways, its in asked.items()
        for ci_id, number in (await dependants.counted(tx, its, {WAYS[each] for each in ways})).items()
    }


def _counted_by(cause: Cause) -> tuple[int | None, tuple[str, ...]]:
    return cause.ci_id, cause.impact_from


async def urgent(tx: AsyncConnection, causes: Iterable[Cause], table: Table) -> set[str]:
    """Return the keys of the incidents that would have the highest priority, by any of these causes."""
    causes = list(causes)
    highest = {kind for kind in set(map(_how_grave, causes)) if _at_most(table, {kind}) == PRIORITIES[0]}
    able = [each for each in causes if _how_grave(each) in highest]
    counted = await _counted(tx, able)
    return {key_of(each) for each in able if most(table, [each], counted, 1).priority == PRIORITIES[0]}


def _how_grave(cause: Cause) -> tuple[str, str]:
    return cause.severity, cause.urgency


def _at_most(table: Table, grave: Collection[tuple[str, str]]) -> str:
    """Return the priority causes as grave as these would have if everything there is depended on them."""
    return min(reckon(table, Affected(10**9, 0), *each).priority for each in grave)


# --- what more is known


async def _reckoned_anew(tx: AsyncConnection, held: Held, plan: Plan, table: Table) -> dict[int, Reckoned]:
    """Return the priorities that move, by incident: of those that stay only up, of those that open again as it is now.

    Nobody's word over the table is touched, nor is what the desk has not come to yet.
    """
    again = {each.id for each in plan.reopen}
    present = {**await _by_victims(tx, held, plan), **plan.present}
    moved = {
        each.id: each
        for each in _moved(held, plan)
        if (its := present.get(each.cause_key))
        if each.id in again or _at_most(table, set(map(_how_grave, its))) < each.priority
    }
    kept = await admissions.reckonings(tx, moved)
    counted = await _counted(tx, (each for one in moved.values() for each in present[one.cause_key]))
    several = await members.cis_in(tx, moved)
    found = {}
    for key, one in moved.items():
        its = present[one.cause_key]
        new = most(table, its, counted, several.get(key, 0) + _new_in(held, key, its))
        moves = new.priority != one.priority if key in again else new.priority < one.priority
        if moves and kept.get(key) and not kept[key].get("by"):
            found[key] = Reckoned(one.priority, new)
    return found


async def _by_victims(tx: AsyncConnection, held: Held, plan: Plan) -> dict[str, tuple[Cause, ...]]:
    """Return the causes by which incidents weigh more that victims join: those whose impact is what hangs on them."""
    joined = {key for key, _ in plan.join} - plan.present.keys()
    its = {each.id: each for each in held.incidents if each.cause_key in joined and each.detail.get("impact_from")}
    urgencies = await admissions.urgencies(tx, its)
    return {
        each.cause_key: (
            Cause(each.cause_key, each.ci_id, each.kind, "", {}, {}, each.opened_at, urgency=urgencies[key],
                  impact_from=tuple(map(str, each.detail["impact_from"]))),
        )
        for key, each in its.items()
    }  # fmt: skip


def _moved(held: Held, plan: Plan) -> list[Incident]:
    """Return the incidents that causes join, that are told anew, or that open again."""
    joined = {key for key, _ in plan.join}
    over = {each.id for each in plan.resolve}
    stay = [each for each in held.incidents if each.cause_key in joined and each.id not in over]
    return [*stay, *plan.update, *plan.reopen]


def _new_in(held: Held, incident_id: int, causes: Iterable[Cause]) -> int:
    """Return how many CIs these causes bring into an incident in which they have none yet."""
    there = {each.ci_id for each in held.members if each.incident_id == incident_id}
    return len({each.ci_id for each in causes} - there - {None})


def _with(plan: Plan, held: Held, reckoned: Mapping[int, Reckoned]) -> Plan:
    """Return the plan in which incidents have these priorities; one that moves by that alone is told of, too."""
    if not reckoned:
        return plan
    planned = {each.id for each in (*plan.update, *plan.reopen)}
    more = [each for each in held.incidents if each.id in reckoned and each.id not in planned]
    return replace(
        plan, update=tuple(_prioritised(each, reckoned) for each in (*plan.update, *more)),
        reopen=tuple(_prioritised(each, reckoned) for each in plan.reopen),
    )  # fmt: skip


def _prioritised(each: Incident, reckoned: Mapping[int, Reckoned]) -> Incident:
    its = reckoned.get(each.id)
    return each if its is None else replace(each, priority=its.reckoning.priority)


async def reckoned(
    tx: AsyncConnection, ci_ids: Collection[int], table: Table, severity: str, urgency: str
) -> Reckoning:
    """Return the priority of something that concerns these CIs; what depends on the one most depends on counts."""
    counted = (await dependants.counted(tx, ci_ids)).values()
    return reckon(table, Affected(*max(counted, default=(0, 0))), severity, urgency)
