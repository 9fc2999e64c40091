"""A report is signed by who inspected, then by another person; after that it stays, and notes are only added."""

from __future__ import annotations

from typing import Final

from collector.inspecting import seal
from collector.security.audit import Act
from collector.services import signatures
from collector.services.changes.asked import lines_of
from collector.services.inspecting import raising
from collector.services.inspecting.inspector import Inspector
from collector.services.inspecting.seen import Seen, find, one, still_open, text_of
from collector.services.refused import Refused
from collector.services.signatures import INSPECTOR, REVIEWER
from collector.store import inspection_answers, inspection_incidents, inspection_runs
from collector.store import signatures as drawings
from collector.store.inspection_answers import Note
from collector.store.inspection_runs import DONE, OPEN, SIGNED

MAX_NOTE: Final = 2_000
MAX_NOTES: Final = 500
MAX_TOLD: Final = 50
"""Incidents the audit log names."""


async def sign(act: Act, inspector: Inspector, number: str, drawn: bytes = b"") -> str:
    """Sign a run as its inspector and return the digest of the report; raise `NotFound`, `Refused`.

    Every item has its answer then, and its photo where one is required. What is wrong has its incidents from then on.
    `drawn`: the signature as PNG, if any.
    """
    run, plan = await still_open(act.tx, number, hold=True)
    if act.by not in (run.new.assignee, run.new.deputy):
        raise Refused("the inspector or the deputy signs", "who")
    seen = await one(act.tx, number)
    if seen.open_items:
        raise Refused(f"{seen.open_items} items wait for an answer or a photo", "items")
    text = text_of(seen)
    digest = seal.digest(text)
    state = SIGNED if plan.review else DONE
    await inspection_runs.sign(act.tx, run.id, state, (act.by, act.at), (digest, seal.packed(text)))
    drawing = await signatures.keep(act.tx, f"inspection/{number}", (INSPECTOR, act.by, act.at), digest, drawn)
    found = await raising.raise_all(act, inspector, seen)
    after = {"state": state, "digest": digest, "incidents": found[:MAX_TOLD]} | drawing
    act.tell("inspection.sign", f"inspection/{number}", {"state": run.state}, after)
    if state == DONE:
        await inspection_incidents.resolve(act.tx, run.incident, act.at)
    return digest


async def review(act: Act, inspector: Inspector, number: str, drawn: bytes = b"") -> None:
    """Sign a run as the person who reviews it; raise `NotFound`, `Refused`. `drawn`: the signature as PNG, if any."""
    seen = await _signed(act, number)
    if not seen.is_intact:
        raise Refused("the report is not the one that was signed: send it back", "digest")
    await inspection_runs.review(act.tx, seen.run.id, act.by, act.at)
    by = (REVIEWER, act.by, act.at)
    drawing = await signatures.keep(act.tx, f"inspection/{number}", by, seen.run.digest, drawn)
    act.tell("inspection.review", f"inspection/{number}", {"state": SIGNED}, {"state": DONE} | drawing)
    await inspection_incidents.resolve(act.tx, seen.run.incident, act.at)


async def send_back(act: Act, number: str, reason: str) -> None:
    """Let the inspector do it again; raise `NotFound`, `Refused`."""
    seen = await _signed(act, number)
    why = lines_of(reason, MAX_NOTE, "reason")
    if not why:
        raise Refused("say what is to be done again", "reason")
    await inspection_runs.unsign(act.tx, seen.run.id)
    await drawings.take_away(act.tx, f"inspection/{number}")
    await inspection_answers.add_note(act.tx, seen.run.id, Note(why, act.at, act.by))
    after = {"state": OPEN, "reason": why, "signed_by": ""}
    act.tell("inspection.send_back", f"inspection/{number}", {"state": SIGNED, "signed_by": seen.run.signed_by}, after)


async def add_note(act: Act, number: str, text: str) -> None:
    """Add to a run, signed or not; what was signed stays as it is. Raise `NotFound`, `Refused`."""
    run = await find(act.tx, number, hold=True)
    said = lines_of(text, MAX_NOTE, "text")
    if not said:
        raise Refused("a text is expected", "text")
    if len(await inspection_answers.notes(act.tx, run.id)) >= MAX_NOTES:
        raise Refused(f"a run has at most {MAX_NOTES} notes", "text")
    await inspection_answers.add_note(act.tx, run.id, Note(said, act.at, act.by))
    act.tell("inspection.note", f"inspection/{number}", after={"text": said})


async def _signed(act: Act, number: str) -> Seen:
    """Return a run that waits for a reviewer, who must not be its inspector; raise `NotFound`, `Refused`."""
    run = await find(act.tx, number, hold=True)
    if run.state != SIGNED:
        raise Refused("it does not wait for a review", "state")
    if act.by == run.signed_by:
        raise Refused("another person than the inspector reviews it", "who")
    return await one(act.tx, number)
