"""What happened to a CI, on one line of time: values that moved, findings, incidents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services import events
from collector.services.arrivals import BY_RULE
from collector.services.decisions import REPLACES
from collector.services.registration import BY
from collector.store import arrival_rules
from collector.store.browse import facts, findings, identity, incidents, steps
from collector.store.browse.cis import CiRow
from collector.store.browse.events import EventQuery, EventRow
from collector.store.browse.findings import FindingQuery
from collector.store.browse.incident_query import IncidentQuery
from collector.store.browse.page import Window

LENGTH = 40
EVENTS = 15
"""At most so many of them, so that one that keeps talking leaves room for what was done to it."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing at one time (ms).

    `kind`: arrived, registered, accepted, merged, replaced, values, finding_opened, finding_closed, incident_opened,
    incident_resolved. `ref` names the account, finding, incident, or the rule by which it was accepted, which `by`
    made; `count` the values; `title` is an incident's, the name of that rule, by language, or that of the CI that was
    merged into it (by `by`), or has the hardware with which it goes on;
    `verdict` is what is held of a finding now; `event` is what the CI said by itself, of kind event.
    """

    at: int
    kind: str
    ref: str = ""
    count: int = 0
    title: Mapping[str, str] = field(default_factory=dict)
    event: EventRow | None = None
    verdict: str = ""
    by: str = ""


async def of_ci(connection: AsyncConnection, ci: CiRow) -> tuple[Happening, ...]:
    """Return the newest happenings of `ci`, newest first."""
    told = [Happening(ci.created_at, "arrived")]
    if admitted := await facts.admitted(connection, ci.id, BY):
        told.append(await _admission(connection, admitted.since, admitted.ref.removeprefix(BY)))
    for one in await identity.merged(connection, ci.id):
        kind = "replaced" if one.decision == REPLACES else "merged"
        told.append(Happening(one.at, kind, title={"zh": one.ci.name, "en": one.ci.name}, by=one.who))
    told += [Happening(at, "values", count=n) for at, n in await steps.moments(connection, ci.id, LENGTH)]
    found = await findings.list_findings(connection, FindingQuery(ci_id=ci.id), Window(LENGTH))
    for each in found.items:
        told.append(Happening(each.opened_at, "finding_opened", str(each.id), len(each.moved), verdict=each.verdict))
        if each.closed_at is not None:
            told.append(Happening(each.closed_at, "finding_closed", str(each.id), verdict=each.verdict))
    raised = await incidents.list_incidents(connection, IncidentQuery(ci_id=ci.id), Window(LENGTH))
    for incident in raised.items:
        told.append(Happening(incident.opened_at, "incident_opened", incident.number, title=incident.title))
        if incident.resolved_at is not None:
            told.append(Happening(incident.resolved_at, "incident_resolved", incident.number, title=incident.title))
    spoken = await events.listed(connection, EventQuery(ci.id, events.NOTABLE), Window(EVENTS))
    told += [Happening(each.until, "event", event=each) for each in spoken.items]
    return tuple(sorted(told, key=lambda each: -each.at)[:LENGTH])


async def _admission(connection: AsyncConnection, at: int, by: str) -> Happening:
    """Return that a person registered it, or by which rule it was accepted."""
    if not by.startswith(BY_RULE):
        return Happening(at, "registered", by)
    number = by.removeprefix(BY_RULE)
    stood = (await arrival_rules.stood(connection, [number], at)).get(number)
    name, maker = (stood.rule.name, stood.rule.made_by) if stood else (number, "")
    return Happening(at, "accepted", number, title={"zh": name, "en": name}, by=maker)
