"""Who is there, as people see it: how often a CI was missed and what follows, and the runs that are not believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.retirement import RunVerdict
from collector.retirement_policy import Policy, Terms
from collector.security.audit import Act
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import presence, presence_runs
from collector.store.presence_runs import Run

MAX_REASON: Final = 300

__all__ = ["Absence", "NotFound", "Refused", "Run", "believe", "distrusted", "of_ci", "run", "runs"]


@dataclass(frozen=True, slots=True)
class Absence:
    """A CI that was missed. `phase`: missed, gone, retired or back; `terms`: when it counts as missing.

    `misses`: those that count, from `first_at` to `last_at`; `seen_at`: when it was last seen before. Times in ms, 0:
    never.
    """

    phase: str
    misses: int
    first_at: int
    last_at: int
    seen_at: int
    retired_at: int
    terms: Terms


async def of_ci(connection: AsyncConnection, ci_id: int, policy: Policy) -> Absence | None:
    """Return how the CI was missed; None when it was not."""
    found = await presence.one(connection, ci_id)
    if found is None:
        return None
    kinds = (await presence.looked_by(connection, [ci_id])).get(ci_id, ())
    return Absence(
        str(found.phase), found.misses, found.first_at, found.last_at, found.seen_at, found.retired_at,
        policy.terms(kinds, found.ci_class),
    )  # fmt: skip


async def runs(connection: AsyncConnection, limit: int, before: str = "") -> list[Run]:
    """Return the runs in which CIs were looked for, newest first, those older than the one with that reference."""
    return await presence_runs.recent(connection, limit, before)


async def run(connection: AsyncConnection, reference: str) -> Run:
    """Return one run; raise `NotFound`."""
    found = await presence_runs.find(connection, reference)
    if found is None:
        raise NotFound("run", reference)
    return found


async def distrusted(connection: AsyncConnection, reference: str) -> Run | None:
    """Return the run with that reference when it is in quarantine."""
    found = await presence_runs.find(connection, reference)
    return found if found and found.verdict == RunVerdict.QUARANTINED else None


async def believe(act: Act, reference: str, reason: str) -> None:
    """Let the misses of a run in quarantine count; raise `NotFound`, and `Refused` for one that is in none."""
    said = " ".join(reason.split())
    if not 0 < len(said) <= MAX_REASON or not said.isprintable():
        raise Refused(f"say why it is believed, in at most {MAX_REASON} characters", "reason")
    before = await run(act.tx, reference)
    values = {"verdict": str(RunVerdict.BELIEVED), "missed": None, "believed_by": act.by, "reason": said}
    if not await presence_runs.change(act.tx, reference, [str(RunVerdict.QUARANTINED)], **values):
        raise Refused("this run is not in quarantine")
    told = {"verdict": str(RunVerdict.BELIEVED), "reason": said, "gone": before.gone, "looked": before.looked}
    act.tell("presence.believe", f"run/{reference}", {"verdict": before.verdict}, told)
