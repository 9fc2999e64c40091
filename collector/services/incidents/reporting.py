"""A user says what is broken: the incident that comes of it, and following it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.priority import Reckoning
from collector.desk.table import URGENCIES, Table
from collector.incident.planning import TOLD, USER, Plan
from collector.model import CI, Cause
from collector.security.audit import Act
from collector.services.changes.asked import lines_of, one_line
from collector.services.incidents import admitting, clockwork
from collector.services.incidents.desk import ServiceDesk
from collector.services.refused import Refused
from collector.store import cis, dependants, incidents
from collector.store.admissions import Admission

MAX_TITLE: Final = 200
MAX_TEXT: Final = 4_000
MAX_LINE: Final = 200
SEVERITIES: Final = {"low": "notice", "medium": "warning", "high": "error", "critical": "critical"}
"""Urgency as a user says it → how severe the incident counts until somebody has looked."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a user says: what failed, on which CI (its uid, or none), how soon it matters, whom to ask and where."""

    title: str
    text: str = ""
    ci: str = ""
    urgency: str = "medium"
    contact: str = ""
    affected: str = ""
    place: str = ""
    category: str = ""


async def report(act: Act, desk: ServiceDesk, said: Report) -> str:
    """Open the incident of a user and return its number; raise `Refused`."""
    title = one_line(said.title, MAX_TITLE, "title")
    if said.urgency not in URGENCIES:
        raise Refused(f"urgency: one of {', '.join(URGENCIES)} is expected", "urgency")
    if said.category and said.category not in desk.table.categories:
        raise Refused("there is no such category", "category")
    ci = await _ci(act.tx, said.ci)
    known = await _admission(act, desk.table, said, ci)
    cause = Cause(
        f"{USER}|{secrets.token_hex(12)}", ci.id if ci else None, USER, SEVERITIES[said.urgency],
        {"zh": title, "en": title}, {"ci": _named(ci)} if ci else {}, act.at, role=TOLD, category=said.category,
        urgency=said.urgency, line=1,
    )  # fmt: skip
    (number,) = await incidents.apply(act.tx, Plan(open=(cause,)), act.at, {cause.key: known})
    act.tell("incident.report", f"incident/{number}", after={"title": title, "ci": ci.uid if ci else ""})
    found = await incidents.find(act.tx, number)
    await clockwork.schedule(act.tx, [found.id] if found else [], desk.table, act.at)
    return number


async def _ci(tx: AsyncConnection, uid: str) -> CI | None:
    if not uid:
        return None
    found = (await cis.by_uids(tx, [uid])).get(uid)
    if found is None:
        raise Refused("there is no such CI", "ci")
    return found


async def _admission(act: Act, table: Table, said: Report, ci: CI | None) -> Admission:
    """Line one takes what users report; who reports is whom to ask, unless they say otherwise."""
    ids = [ci.id] if ci else []
    recorded = (await dependants.recorded(act.tx, ids)).get(ci.id, {}) if ci else {}
    place = _word(said.place, "place") or recorded.get("place", "")
    reckoning: Reckoning = await admitting.reckoned(act.tx, ids, table, "warning", said.urgency)
    return Admission(
        reckoning, 1, USER, said.category, _word(said.contact, "contact") or act.by, _word(said.affected, "affected"),
        place, place.partition("/")[0].strip(), reporter=act.by, description=lines_of(said.text, MAX_TEXT, "text"),
    )  # fmt: skip


def _word(text: str, field: str) -> str:
    return one_line(text, MAX_LINE, field) if text.strip() else ""


def _named(ci: CI) -> dict[str, str]:
    return {"uid": ci.uid, "name": ci.name, "class": ci.ci_class, "type": ci.ci_type}
