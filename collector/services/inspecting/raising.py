"""Writes what a signature makes of what was found: incidents opened, opened again, named; and what is seen well."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from collector.incident.planning import MAINTENANCE, TOLD, Plan, reopened_by
from collector.inspecting.answer import PROBLEM
from collector.model import Cause, Incident
from collector.security.audit import Act
from collector.services.incidents import admitting
from collector.services.inspecting import finding
from collector.services.inspecting.finding import Fate, Foreseen
from collector.services.inspecting.inspector import Inspector
from collector.services.inspecting.seen import Seen
from collector.store import desk, families, incidents, inspection_found, inspection_incidents
from collector.store.admissions import Admission
from collector.store.desk import Link, Mark

MAX_LINKS: Final = 50
"""CIs, and incidents that stand already, an incident is linked to."""
FOUND, FOUND_AGAIN, SEEN_WELL = "found", "found_again", "seen_well"
"""Steps: in the trail of the incident of a run; of those that stand already; of those whose cause is well now."""


async def raise_all(act: Act, inspector: Inspector, seen: Seen) -> list[str]:
    """Write all of it and return the numbers of the incidents of what was found, those that stood before too."""
    its = await finding.foreseen(act.tx, inspector.rules, seen, act.at)
    causes = [each.cause for each in its if each.cause is not None]
    await _open(act, inspector, its, seen)
    homes = await inspection_found.homes(act.tx, [each.key for each in causes])
    found = finding.numbered(its, homes)
    numbers = list(dict.fromkeys(number for number, _ in found.values()))
    ids = await inspection_found.ids(act.tx, {*numbers, seen.run.incident})
    before = await inspection_found.open_of_plan(act.tx, seen.run.new.plan_id)
    await inspection_found.write(act.tx, seen.run.id, found)
    await _put_together(act, its, homes, ids, seen)
    await _mark(act, its, before, ids, seen)
    await inspection_incidents.retell(act.tx, seen.run, _wrong_items(seen), act.at)
    return numbers


def _wrong_items(seen: Seen) -> int:
    return sum(each.state == PROBLEM for each in seen.items)


async def _open(act: Act, inspector: Inspector, its: Sequence[Foreseen], seen: Seen) -> None:
    opening = tuple(replace(each.cause, role=TOLD) for each in its if each.fate is Fate.OPENS and each.cause)
    again = [await _again(act, each.incident, each.cause) for each in its if each.fate is Fate.REOPENS and each.cause]
    known = await admitting.admit(act.tx, opening, inspector.desk)
    admitted = {key: _of_maintenance(each, seen) for key, each in known.items()}
    await incidents.apply(act.tx, Plan(open=opening, reopen=tuple(again)), act.at, admitted)


async def _again(act: Act, number: str, cause: Cause) -> Incident:
    before = await incidents.find(act.tx, number)
    assert before is not None  # it was found a moment ago, and no incident is ever deleted
    return reopened_by(before, cause)


def _of_maintenance(known: Admission, seen: Seen) -> Admission:
    """Return what the desk knows of an incident: it comes of maintenance, and stands where its plan goes round."""
    return replace(known, source=MAINTENANCE, place=known.place or seen.plan.scope.place)


async def _put_together(
    act: Act, its: Sequence[Foreseen], homes: Mapping[str, inspection_found.Home], ids: Mapping[str, int], seen: Seen
) -> None:
    """Put what was opened under the incident of the run, and name beside it what stood before."""
    run = seen.run
    opened = {homes[each.cause.key].number: each for each in its if each.cause and each.fate is not Fate.STANDS}
    await families.put_under(act.tx, opened.keys(), run.incident)
    for number, each in opened.items():
        for uid in each.uids[:MAX_LINKS]:
            await desk.link(act.tx, ids[number], Link("ci", uid, act.at, act.by))
    standing = [each.incident for each in its if each.fate is Fate.STANDS]
    for number in standing[:MAX_LINKS]:
        await desk.link(act.tx, ids[run.incident], Link("incident", number, act.at, act.by))


async def _mark(
    act: Act, its: Sequence[Foreseen], before: Mapping[int, Collection[str]], ids: Mapping[str, int], seen: Seen
) -> None:
    """Say in the trails what was found, found again, and found well; `before`: what earlier runs opened."""
    run = {"inspection": seen.run.number}
    marks = []
    if its:
        marks.append((ids[seen.run.incident], Mark(act.at, act.by, FOUND, detail=run | {"count": len(its)})))
    again = {each.incident for each in its if each.incident} - set(seen.found.values())  # signed for the first time
    marks += [(ids[number], Mark(act.at, act.by, FOUND_AGAIN, detail=run)) for number in sorted(again)]
    well = [incident_id for incident_id, keys in before.items() if finding.well(seen, keys)]
    marks += [(incident_id, Mark(act.at, act.by, SEEN_WELL, detail=run)) for incident_id in well]
    await desk.note(act.tx, marks)
