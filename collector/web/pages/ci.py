"""The page of one CI: what it is and whether it is all right, what it is made of, touches, and went through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.access import requires
from collector.api.context import Context, context_of
from collector.model import Path
from collector.security.roles import Permission
from collector.services import because, cis, configurations, locks, presence, reachability, timeline, topology
from collector.services.cis import SectionFacts
from collector.services.lookback.moments import moment_of
from collector.store.browse.cis import CiRow
from collector.store.browse.facts import Moment
from collector.store.browse.page import Window
from collector.store.browse.steps import StepQuery, StepRow
from collector.web import register_form, units
from collector.web.graph import sentence
from collector.web.render import page
from collector.web.viewer import viewer_of

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_READ)])

PREVIEW = 10
"""Rows of a section the page itself shows; its own page has the rest."""
MAX_ROWS = 2000
STEPS = 30
NO_CABLES = topology.Map((), ())
"""What was plugged in where is told of now only."""


def _moment(request: Request, context: Context) -> Moment | None:
    """The times that were picked; none for now, and none for what is no time."""
    at, known_at = (units.read_field(request.query_params.get(name, "")) for name in ("at", "known_at"))
    return moment_of(at, known_at, context.clock())


@router.get("/cis/{uid}")
async def ci_page(request: Request, uid: str) -> HTMLResponse:
    context = context_of(request)
    moment = _moment(request, context)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        ci = await cis.one(connection, uid, moment)
        sections = await cis.made_of(connection, ci, moment)
        registers = moment is None and register_form.registers(viewer, ci)
        return page(
            viewer,
            "ci.html",
            ci=ci,
            known_then=units.read_field(request.query_params.get("known_at", "")) is not None,
            moment=moment,
            standing=await cis.standing(connection, ci),
            sections=sections,
            locked=await locks.on_ci(connection, ci.id) if moment is None else (),
            unsaved=configurations.unsaved(sections) if moment is None else None,
            failing=[section for section in sections if not section.entries and _has_failed(section)],
            measured=await _measured(connection, ci) if moment is None else ([], 0),
            cables=await topology.of_ci(connection, context.wiring, ci.id) if moment is None else NO_CABLES,
            sentence=lambda said: sentence(said, viewer.texts),
            related=await cis.related(connection, ci, moment),
            happenings=await timeline.of_ci(connection, ci),
            history=await _history(connection, ci),
            arrival=await cis.arrival(connection, ci),
            reached=await reachability.of_ci(connection, ci.id, viewer.now) if moment is None else None,
            absent=await presence.of_ci(connection, ci.id, context.presence) if moment is None else None,
            preview=PREVIEW,
            form=await register_form.standing(connection, ci) if registers else None,
            registering=register_form.offered(request.state.principal.roles) if registers else None,
        )


def _has_failed(section: SectionFacts) -> bool:
    return any(not state.status.speaks for state in section.states)


async def _measured(connection: AsyncConnection, ci: CiRow) -> tuple[list[dict[str, Any]], int]:
    rows, at = await cis.health(connection, ci)
    whole = [row for row in rows if isinstance(row.get("metric"), str) and isinstance(row.get("value"), int | float)]
    whole.sort(key=lambda row: (not row["metric"].endswith("_ratio"), row["metric"], str(row.get("instance"))))
    return whole[:24], at


async def _history(connection: AsyncConnection, ci: CiRow) -> list[tuple[int, list[StepRow]]]:
    found = await cis.history(connection, StepQuery(ci.id, arrival=False), Window(STEPS))
    return by_moment(found.items)


def by_moment(steps: tuple[StepRow, ...]) -> list[tuple[int, list[StepRow]]]:
    """Return steps grouped by when they were seen, newest first."""
    grouped: dict[int, list[StepRow]] = {}
    for step in steps:
        grouped.setdefault(step.at, []).append(step)
    return list(grouped.items())


@router.get("/cis/{uid}/sections/{name}")
async def section_page(request: Request, uid: str, name: str) -> HTMLResponse:
    context = context_of(request)
    moment = _moment(request, context)
    q = request.query_params.get("q", "").strip()[:200]
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        ci = await cis.one(connection, uid, moment)
        found = await cis.made_of(connection, ci, moment, name)
    section = found[0] if found else None
    entries = [entry for entry in section.entries if _holds(entry.fields, q)] if section else []
    return page(
        viewer, "section.html", ci=ci, moment=moment, section=section, name=name, q=q,
        entries=entries[:MAX_ROWS], count=len(entries),
    )  # fmt: skip


def _holds(fields: Mapping[str, object], q: str) -> bool:
    return not q or any(q.lower() in str(value).lower() for value in fields.values())


@router.get("/cis/{uid}/why")
async def why_page(request: Request, uid: str) -> HTMLResponse:
    section, key = (request.query_params.get(name, "")[:4096] for name in ("section", "key"))
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        ci = await cis.one(connection, uid)
        why = await cis.why(connection, ci, section, key)
        counted = await because.explained(
            connection, ci, Path(section, key), context.locker.precedence, viewer.now
        )  # fmt: skip
    return page(viewer, "why_part.html" if viewer.is_fragment else "why.html", ci=ci, why=why, counted=counted)


@router.get("/cis/{uid}/history")
async def history_page(request: Request, uid: str) -> HTMLResponse:
    asked = request.query_params
    section = asked.get("section", "")[:64] or None
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        ci = await cis.one(connection, uid)
        query = StepQuery(ci.id, section, arrival=asked.get("arrival") == "yes")
        found = await cis.history(connection, query, Window(100, asked.get("cursor") or None))
        arrival = await cis.arrival(connection, ci)
    return page(
        viewer, "history.html", ci=ci, found=found, history=by_moment(found.items), section=section,
        arrival=arrival, with_arrival=query.arrival,
    )  # fmt: skip


@router.get("/cis/{uid}/compare")
async def compare_page(request: Request, uid: str) -> HTMLResponse:
    context = context_of(request)
    now = context.clock()
    old_at = units.read_field(request.query_params.get("from", "")) or now - 86_400_000
    new_at = units.read_field(request.query_params.get("to", "")) or now
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        ci = await cis.one(connection, uid)
        differences = await cis.compare(connection, ci, old_at, new_at, now)
    return page(
        viewer, "compare.html", ci=ci, old_at=old_at, new_at=new_at,
        differences=differences[:MAX_ROWS], count=len(differences),
    )  # fmt: skip
