"""A run of periodic maintenance and where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident import alert_key
from collector.inspecting import answer, seal
from collector.inspecting.answer import Filled
from collector.inspecting.line import Line
from collector.inspecting.photo import Photo
from collector.inspecting.plan import Plan
from collector.services import signatures
from collector.services.missing import NotFound
from collector.services.photos import one as photo_of
from collector.services.refused import Refused
from collector.stocktake import Thing
from collector.store import inspection_answers, inspection_found, inspection_runs, photos, plans
from collector.store import signatures as drawings
from collector.store.browse import inspections
from collector.store.browse.inspections import RunQuery
from collector.store.browse.page import Page, Window
from collector.store.inspection_answers import Note
from collector.store.inspection_runs import CANCELLED, UNFINISHED
from collector.store.inspection_runs import OPEN as OPEN
from collector.store.inspection_runs import Run as Run
from collector.store.plans import INSPECTIONS
from collector.store.signatures import Signature

_NUMBER: Final = re.compile(r"INS-\d{6,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Seen:
    """A run with its plan as it was then, everything that was found, filled in and added.

    `before`: number of the run before it; `is_intact`: None until it is signed; then whether the report is the one that
    was signed. `found`: with which incident each cause is that was found, as it was when it was signed.
    """

    run: Run
    plan: Plan
    plan_number: str
    things: Mapping[int, Thing]
    lines: Sequence[Line]
    items: tuple[Filled, ...]
    notes: Sequence[Note]
    before: str = ""
    is_intact: bool | None = None
    signatures: Sequence[Signature] = ()
    found: Mapping[str, str] = field(default_factory=dict)

    @property
    def open_items(self) -> int:
        """How many items wait for somebody."""
        return sum(not each.is_done for each in self.items)

    def is_overdue(self, now: int) -> bool:
        return is_overdue(self.run, now)

    def key_of(self, line: Line) -> str:
        """Return the key of the cause a row is: that of the alert."""
        return alert_key(line.rule, self.things[line.ci_id].uid, line.instance)

    def item_key(self, item: str) -> str:
        """Return the key of the cause an item is, the same in every run of the plan."""
        return f"inspection|{self.plan_number}|{item}"

    def incident_of(self, line: Line) -> str:
        """Return the number of the incident of a row: when it was signed, else when it was looked at."""
        return self.found.get(self.key_of(line), line.incident)


def is_overdue(run: Run, now: int) -> bool:
    """Return whether a run waits longer than it may at `now` (ms)."""
    return run.state in UNFINISHED and 0 < run.new.due_at < now


async def listed(connection: AsyncConnection, query: RunQuery, window: Window) -> Page[Run]:
    """Return one page of runs; raise `BadCursor`."""
    return await inspections.list_runs(connection, query, window)


async def counts(connection: AsyncConnection, now: int) -> dict[str, int]:
    """Return state → runs, and how many are overdue at `now` (ms)."""
    return await inspections.count_states(connection, now)


async def find(connection: AsyncConnection, number: str, hold: bool = False) -> Run:
    """Return a run; raise `NotFound`."""
    run = await inspection_runs.find(connection, number, hold) if _NUMBER.fullmatch(number) else None
    if run is None:
        raise NotFound("inspection", number[:40])
    return run


async def plan_of(connection: AsyncConnection, run: Run) -> Plan:
    """Return the plan of a run in the version it was made with; what people fill in, they do in its first part."""
    at = (run.new.plan_id, run.new.version)
    plan = (await INSPECTIONS.in_version(connection, [at]))[at]
    return replace(plan, items=()) if run.new.part else plan


async def still_open(connection: AsyncConnection, number: str, hold: bool = False) -> tuple[Run, Plan]:
    """Return a run that is not signed and its plan; raise `NotFound`, `Refused`."""
    run = await find(connection, number, hold)
    if run.state != OPEN:
        ended = "cancelled" if run.state == CANCELLED else "signed"
        raise Refused(f"it is {ended}: nothing of it is written any more but notes", "state")
    return run, await plan_of(connection, run)


async def items_of(connection: AsyncConnection, run: Run, plan: Plan) -> tuple[Filled, ...]:
    """Return the items of a run as they stand."""
    said = await inspection_answers.answers(connection, run.id)
    return answer.filled(plan.items, said, await photos.INSPECTIONS.of(connection, run.id))


async def one(connection: AsyncConnection, number: str) -> Seen:
    """Return a run with all that belongs to it; raise `NotFound`."""
    run = await find(connection, number)
    plan = await plan_of(connection, run)
    before = await inspection_runs.numbers(connection, [run.previous_id] if run.previous_id else [])
    seen = Seen(
        run, plan, await plans.number_of(connection, run.new.plan_id),
        await inspection_runs.things(connection, run.id), await inspection_runs.lines(connection, run.id),
        await items_of(connection, run, plan), await inspection_answers.notes(connection, run.id),
        next(iter(before.values()), ""), signatures=await drawings.of(connection, f"inspection/{number}"),
        found=await inspection_found.of(connection, run.id),
    )  # fmt: skip
    if not run.digest:
        return seen
    return _judged(seen, await inspection_runs.sealed(connection, run.id))


def _judged(seen: Seen, kept: bytes | None) -> Seen:
    """Return a signed run with whether what stands is what was signed, and what was signed is still there."""
    text = text_of(seen)
    is_intact = seal.digest(text) == seen.run.digest and kept is not None and seal.opened(kept) == text
    is_intact = is_intact and signatures.are_intact(seen.signatures, seen.run.digest)
    return replace(seen, is_intact=is_intact)


def text_of(seen: Seen) -> bytes:
    """Return the report that is signed as one text."""
    return seal.canonical(head_of(seen), seen.things.values(), seen.lines, seen.items)


def head_of(seen: Seen) -> dict[str, Any]:
    """Return what a report says of the run itself; who signs it is no part of what is signed."""
    run, new = seen.run, seen.run.new
    return {
        "number": run.number, "plan": seen.plan_number, "version": new.version, "title": dict(new.title),
        "scheduled_for": new.scheduled_for, "made_at": new.made_at, "looked_at": run.looked_at, "due_at": new.due_at,
        "missed": new.missed, "assignee": new.assignee, "deputy": new.deputy, "incident": run.incident,
        "before": seen.before,
    }  # fmt: skip


async def photo(connection: AsyncConnection, number: str, photo_id: int) -> tuple[Photo, bytes]:
    """Return a photo of a run with its bytes; raise `NotFound`."""
    run = await find(connection, number)
    return await photo_of(connection, photos.INSPECTIONS, run.id, photo_id)
