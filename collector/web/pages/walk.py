"""A stock-take on foot: one column for a phone, a field for the scanner, large buttons; no script is needed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.access import requires
from collector.api.context import context_of
from collector.api.photos import photo_of
from collector.inspecting.photo import MAX_BYTES
from collector.security.audit import Act
from collector.security.roles import Permission
from collector.services import sighting
from collector.services.sighting import Sighting
from collector.services.stocktaking import counting, evidence, seen
from collector.services.stocktaking.evidence import Showing
from collector.services.stocktaking.seen import Seen
from collector.stocktake import OPEN, Mark, Outcome, Row
from collector.web import forms
from collector.web.forms import Form
from collector.web.render import page
from collector.web.sending import was_done
from collector.web.viewer import viewer_of

router = APIRouter(include_in_schema=False)
_COUNT = [requires(Permission.STOCKTAKES_COUNT)]
_SAY = [requires(Permission.STOCKTAKES_COUNT, files=1)]
SHOWN: Final = 100
"""Lines a phone shows at once; the search narrows them."""
CAMERA: Final = "camera=(self), geolocation=(), microphone=()"
"""What the browser may use here, and on no other page."""
REFUSED: Final = {
    name: f"walk.wrong.{name}"
    for name in ("text", "place", "several", "closed", "who", "outcome", "note", "photo_of")
} | {"photo": "inspection_walk.wrong.photo"}  # fmt: skip


@router.get("/stocktakes/{number}/walk", dependencies=_COUNT)
async def walk_page(request: Request, number: str) -> Response:
    asked = request.query_params
    form = forms.of_values({"place": asked.get("place", "")[:200], "q": asked.get("q", "")[:200]})
    return await _show(request, number, form, asked.get("last", ""), asked.get("show", ""))


async def _show(request: Request, number: str, form: Form, last: str = "", show: str = "") -> Response:
    context, who = context_of(request), request.state.principal.name
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await seen.one(connection, number)
        if not seen.is_counted_by(found.kept, who) and form.is_right:
            return RedirectResponse(f"/stocktakes/{number}", 303)
        hidden = seen.is_hidden(found.kept, who)
        rows = [] if hidden else _wanted(found.result.rows, form.text("q"), show)
        evidence = await _evidence(request, connection, rows[:SHOWN])
    shown = page(
        viewer, "walk.html", 200 if form.is_right else 400, seen=found, kept=found.kept, new=found.kept.new,
        form=form, hidden=hidden, rows=rows[:SHOWN], many=len(rows), evidence=evidence, key=str(uuid.uuid4()),
        mine=_mine(found, who), told=_told(found, last), show=show, wrongs=REFUSED, most=MAX_BYTES,
    )  # fmt: skip
    shown.headers["Permissions-Policy"] = CAMERA
    return shown


def _wanted(rows: Sequence[Row], q: str, show: str) -> list[Row]:
    """Return lines in the order one walks: by place, then by label; those nobody said anything of unless all are."""
    said, wanted = q.casefold(), [row for row in rows if show == "all" or row.state == OPEN]
    found = [row for row in wanted if not said or _says(row, said)]
    return sorted(found, key=lambda row: (row.line.thing.place, row.line.thing.label, row.line.thing.name))


def _says(row: Row, q: str) -> bool:
    thing = row.line.thing
    return any(q in each.casefold() for each in (thing.name, thing.label, thing.place, thing.owner))


async def _evidence(request: Request, connection: AsyncConnection, rows: Sequence[Row]) -> Mapping[int, Sighting]:
    ids = [row.line.thing.ci_id for row in rows]
    return await sighting.sightings(connection, context_of(request).wiring, ids) if ids else {}


def _marks(found: Seen) -> list[Mark]:
    """Return every last word, the newest first."""
    said = [row.mark for row in found.result.rows if row.mark] + list(found.result.found)
    return sorted(said, key=lambda mark: mark.at, reverse=True)


def _mine(found: Seen, who: str) -> list[Mark]:
    return [mark for mark in _marks(found) if mark.who == who][:SHOWN]


def _told(found: Seen, key: str) -> Mark | None:
    """Return the word that was just said, to say what became of it."""
    return next((mark for mark in _marks(found) if mark.key == key), None) if key else None


@router.post("/stocktakes/{number}/walk", dependencies=_SAY)
async def say(request: Request, number: str) -> Response:
    """Take one word, a photo, or both, and go on where one was."""
    async with request.form(max_files=1, max_fields=100) as given:
        form, photo = forms.of_form(given.multi_items()), await photo_of(given)
    said = counting.Said(
        form.text("key"), form.text("text"), form.text("ci"), form.text("outcome"),
        form.text("there") if form.text("outcome") == Outcome.MOVED else form.text("place"),
    )  # fmt: skip
    showing = Showing(photo, said.ci, "" if said.ci else said.text)

    async def write(act: Act) -> None:
        if said.outcome or not photo:
            await counting.say(act, number, said)
        if photo:
            await evidence.attach(act, number, showing)

    if not await was_done(request, form, write, REFUSED):
        return await _show(request, number, form)
    back = {"place": form.text("place"), "q": form.text("q"), "show": form.text("show"), "last": said.key}
    query = urlencode({name: value for name, value in back.items() if value})
    return RedirectResponse(f"/stocktakes/{number}/walk?{query}", 303)
