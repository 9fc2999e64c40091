"""The audit log: the list, the same as CSV and JSON, its check, and its head as an anchor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.access import requires
from collector.api.context import context_of
from collector.api.files import kept_as
from collector.security.roles import Permission
from collector.services import audit
from collector.services.audit import AuditRow
from collector.store.browse.audit import AuditQuery
from collector.web import jsonfile, units
from collector.web.catalogue import DEFAULT, Texts, entries
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.viewer import Viewer

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.AUDIT_READ)])

FAMILIES = tuple(key.removeprefix("about.") for key in entries(DEFAULT) if key.startswith("about."))
"""What acts are about, the first word of each: the catalogue has them all (tests/architecture/test_audit.py)."""
PERIODS = {"day": 1, "week": 7, "month": 31, "year": 366}
"""How far back, in days."""

SPEC = Spec(
    "/audit",
    (
        Column("at"),
        Column("actor"),
        Column("act"),
        Column("object"),
        Column("moved"),
        Column("origin"),
        Column("seq", numeric=True, shown=False),
    ),
    {"about": FAMILIES, "period": tuple(PERIODS)},
)


@dataclass(frozen=True, slots=True)
class Moved:
    """One value an act moved, each side as text, None where there is none."""

    name: str
    before: str | None
    after: str | None


def moved(row: AuditRow) -> list[Moved]:
    """Return what an act moved; the whole of what no program of ours wrote."""
    told = _told(row)
    before, after = told.get("before"), told.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return [Moved("", None, row.details)]
    return [Moved(name, _side(before, name), _side(after, name)) for name in {**before, **after}]


def _told(row: AuditRow) -> Mapping[str, Any]:
    try:
        told = json.loads(row.details)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _side(values: Mapping[str, Any], name: str) -> str | None:
    if name not in values:
        return None
    value = values[name]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _query(request: Request, asked: Listing) -> AuditQuery:
    periods = [PERIODS[each] for each in asked.chosen["period"]]
    since = context_of(request).clock() - max(periods) * audit.DAY_MS if periods else None
    return AuditQuery(actions=asked.chosen["about"], since=since, q=asked.q)


def _cells(row: AuditRow, texts: Texts) -> dict[str, object]:
    return {
        "at": units.exact(row.at), "actor": row.actor, "act": texts.label("act", row.action), "object": row.object,
        "moved": row.details, "origin": row.origin, "seq": row.seq,
    }  # fmt: skip


LIST = ListPage(SPEC, _query, audit.listed, _cells)


async def _checked(connection: AsyncConnection, viewer: Viewer, _: Listing) -> dict[str, Any]:
    return {"verdict": await audit.checked(connection, context_of(viewer.request).authority)}


@router.get("/audit")
async def audit_page(request: Request) -> Response:
    return await LIST.page(request, "audit.html", values=moved, verdict=None)


@router.get("/audit/check")
async def check_page(request: Request) -> Response:
    """Check the whole chain and say so above the list."""
    return await LIST.page(request, "audit.html", _checked, values=moved)


@router.get("/audit/anchor.json")
async def anchor(request: Request) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        made = await audit.anchored(connection, context.authority)
    name = f"muster-audit-{made['seq']}.json"
    return JSONResponse(made, headers=kept_as(name))


@router.get("/audit/anchors.json")
async def anchors(request: Request) -> Response:
    """Return the anchors of all days as a file."""
    async with context_of(request).store.read() as connection:
        return JSONResponse(await audit.daily(connection), headers=kept_as("muster-audit-anchors.json"))


@router.get("/audit.csv")
async def audit_csv(request: Request) -> Response:
    return LIST.csv(request)


@router.get("/audit.json")
async def audit_json(request: Request) -> Response:
    def whole(row: AuditRow) -> dict[str, Any]:
        plain = {name: getattr(row, name) for name in ("seq", "actor", "origin", "action", "object")}
        return plain | {"at": units.machine(row.at), "details": _told(row), "hash": row.hash.hex()}

    return jsonfile.answer("audit", LIST.rows(request, whole))
