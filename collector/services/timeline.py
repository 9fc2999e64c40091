"""What happened to a CI, on one line of time: values that moved, findings, incidents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse import findings, incidents, steps
from collector.store.browse.cis import CiRow
from collector.store.browse.findings import FindingQuery
from collector.store.browse.incidents import IncidentQuery
from collector.store.browse.page import Window

LENGTH = 40


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing at one time (ms).

    `kind`: arrived, values, finding_opened, finding_closed, incident_opened, incident_resolved.
    `ref` names the finding or incident; `count` the values; `title` is an incident's, by language.
    """

    at: int
    kind: str
    ref: str = ""
    count: int = 0
    title: Mapping[str, str] = field(default_factory=dict)


async def of_ci(connection: AsyncConnection, ci: CiRow) -> tuple[Happening, ...]:
    """Return the newest happenings of `ci`, newest first."""
    told = [Happening(ci.created_at, "arrived")]
    told += [Happening(at, "values", count=n) for at, n in await steps.moments(connection, ci.id, LENGTH)]
    found = await findings.list_findings(connection, FindingQuery(ci_id=ci.id), Window(LENGTH))
    for each in found.items:
        told.append(Happening(each.opened_at, "finding_opened", str(each.id), len(each.items)))
        if each.closed_at is not None:
            told.append(Happening(each.closed_at, "finding_closed", str(each.id)))
    raised = await incidents.list_incidents(connection, IncidentQuery(ci_id=ci.id), Window(LENGTH))
    for incident in raised.items:
        told.append(Happening(incident.opened_at, "incident_opened", incident.number, title=incident.title))
        if incident.resolved_at is not None:
            told.append(Happening(incident.resolved_at, "incident_resolved", incident.number, title=incident.title))
    return tuple(sorted(told, key=lambda each: -each.at)[:LENGTH])
