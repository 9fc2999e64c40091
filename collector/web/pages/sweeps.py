"""Sweeps: the plans, what ran lately, and one sweep with its ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import presence, sweeps, swept
from collector.services.missing import NotFound
from collector.services.sweeps import STAGES, Refused, Subnet, Target
from collector.store.browse.ref import CiRef
from collector.web.render import page
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.SWEEPS_READ)]
_WRITE = [requires(Permission.SWEEPS_WRITE)]

ALL = "all"
WELL = "well"
"""Asked for as a cause: any, and none."""
QUIET = frozenset({"no_answer", "excluded", "blackout", "cancelled"})
"""Causes nobody needs to act on: shown without their remedy unless asked for."""
RECENT = 30
ROWS = 100
SUBNETS = 64
"""Subnets the page shows; the API has all."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A subnet as a bar: identified, failed, silent."""

    subnet: str
    targets: int
    alive: int
    identified: int

    @property
    def lost(self) -> int:
        """Alive and not identified."""
        return max(0, self.alive - self.identified)

    @property
    def silent(self) -> int:
        return max(0, self.targets - self.alive)


@dataclass(frozen=True, slots=True)
class Line:
    """A target of the ledger; `ci` where a probe's word has made one."""

    target: Target
    ci: CiRef | None

    def said(self, name: str) -> str:
        """Return what was found under `name`; text of a device."""
        value = self.target.found.get(name)
        return str(value) if isinstance(value, str | int) else ""

    @property
    def what(self) -> str:
        return " ".join(filter(None, map(self.said, ("vendor", "model", "os", "version", "serial"))))


@router.get("/sweeps", dependencies=_READ)
async def sweeps_page(request: Request) -> Response:
    before, busy = request.query_params.get("before", "")[:64], request.query_params.get("busy") == "yes"
    return await _list(request, before, busy)


async def _list(request: Request, before: str, busy: bool) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        plans = await sweeps.plans(connection)
        found = await sweeps.recent(connection, RECENT + 1, before)
    older = found[RECENT - 1].uid if len(found) > RECENT else ""
    return page(viewer, "sweeps.html", busy=busy, plans=plans, recent=found[:RECENT], newest=bool(before), older=older)


@router.post("/sweeps/plans/{uid}/start", dependencies=_WRITE)
async def start(request: Request, uid: str) -> Response:
    by = request.state.principal.name
    try:
        async with acting(request) as act:
            made = await sweeps.start(act, uid)
    except Refused:
        return RedirectResponse("/sweeps?busy=yes", 303)
    context_of(request).wake_probes()
    log.info("sweep asked for", sweep=made, plan=uid, by=by)
    return RedirectResponse(f"/sweeps/{made}", 303)


@router.get("/sweeps/{uid}", dependencies=_READ)
async def sweep_page(request: Request, uid: str) -> Response:
    return await _one(request, uid)


async def _one(request: Request, uid: str, refused: str = "") -> Response:
    asked = _asked(request)
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        sweep = await sweeps.one(connection, uid)
        if sweep is None:
            raise NotFound("sweep", uid)
        subnets = await sweeps.coverage(connection, uid)
        rows = await _ledger(connection, uid, asked)
        distrusted = await presence.distrusted(connection, uid)
        known = await swept.cis(connection, sweep.zone, [each.address for each in rows[:ROWS]])
    causes = _causes(subnets)
    return page(
        viewer, "sweep.html", 400 if refused else 200, sweep=sweep, refused=refused, figures=figures_of(sweep.settings),
        distrusted=distrusted,
        stages=stages_of(sweep.settings), subnets=[_bar(each) for each in subnets], most=SUBNETS, causes=causes,
        everything=ALL, well=WELL, failed=sweep.has_ended and sweep.counts.get("failed", 0) > 0, quiet=QUIET,
        rows=[Line(each, known.get(each.address)) for each in rows[:ROWS]], cause=asked["cause"], stage=asked["stage"],
        began=asked["after"], more=rows[ROWS - 1].address if len(rows) > ROWS else "",
        address=partial(_address, uid, asked),
    )  # fmt: skip


async def _ledger(connection: AsyncConnection, uid: str, asked: Mapping[str, str]) -> list[Target]:
    """Return a page of the ledger and one more; unless something else is asked, what answered."""
    cause, stage = asked["cause"], asked["stage"] or None
    if not cause and not stage:
        return await swept.answered(connection, uid, asked["after"], ROWS + 1)
    some = {ALL: None, WELL: ""}.get(cause, cause or None)
    return await sweeps.targets(connection, uid, some, stage, asked["after"], ROWS + 1)


def stages_of(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the stages a sweep goes through."""
    until = str(settings.get("until") or "identify")
    return STAGES[:1] if until == "alive" else STAGES[: STAGES.index(until) + 1] if until in STAGES else STAGES


def _asked(request: Request) -> dict[str, str]:
    asked = {name: request.query_params.get(name, "")[:64] for name in ("cause", "stage", "after")}
    return asked | {"stage": asked["stage"] if asked["stage"] in STAGES else ""}


def _address(uid: str, asked: Mapping[str, str], **changes: str) -> str:
    """Return the address of the ledger with `changes`; other rows are seen from their first page on."""
    pairs = {name: value for name, value in {**asked, "after": "", **changes}.items() if value}
    return f"/sweeps/{uid}" + (f"?{urlencode(pairs)}" if pairs else "") + "#ledger"


def _causes(subnets: Sequence[Subnet]) -> list[tuple[str, int]]:
    """Return what failed for which cause how often; what needs nobody last."""
    counted: Counter[str] = Counter()
    for subnet in subnets:
        counted.update(subnet.failed)
    return sorted(counted.items(), key=lambda each: (each[0] in QUIET, -each[1], each[0]))


def _bar(subnet: Subnet) -> Bar:
    return Bar(subnet.subnet, subnet.targets, subnet.alive, subnet.identified)


def figures_of(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return which counts people are shown of a sweep."""
    explored = ("explore",) if settings.get("until") == "explore" else ()
    named = ("alive",) if settings.get("until") == "alive" else ("alive", "identified", *explored)
    return ("sweep", *named, "failed")


@router.post("/sweeps/{uid}/cancel", dependencies=_WRITE)
async def cancel(request: Request, uid: str) -> Response:
    by = request.state.principal.name
    async with acting(request) as act:
        if not await sweeps.cancel(act, uid) and await sweeps.one(act.tx, uid) is None:
            raise NotFound("sweep", uid)
    context_of(request).wake_probes()
    log.info("sweep cancelled", sweep=uid, by=by)
    return RedirectResponse(f"/sweeps/{uid}", 303)


@router.post("/sweeps/{uid}/again", dependencies=_WRITE)
async def again(request: Request, uid: str) -> Response:
    """Sweep the failed targets once more."""
    by = request.state.principal.name
    try:
        async with acting(request) as act:
            made = await sweeps.again(act, uid)
    except Refused as error:
        return await _one(request, uid, str(error))
    context_of(request).wake_probes()
    log.info("failed targets swept again", sweep=made, of=uid, by=by)
    return RedirectResponse(f"/sweeps/{made}", 303)
