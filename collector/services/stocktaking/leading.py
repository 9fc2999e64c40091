"""What the end of a stock-take leads to, so that nothing of its report is left to whoever reads it.

What is missing is said to be gone: a finding and its incident, of who administers the class, over when it is found
again or a change lets it go. What nobody found although it answers is an incident: it is somewhere else. What nobody
knows is proposed as a new arrival, with the text on it, where it stands, and what was said of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.record import PRESENCE
from collector.classes import UNKNOWN
from collector.desk.table import BUILT_IN, Table
from collector.incident import DISAPPEARANCE, finding_key
from collector.incident.planning import MAINTENANCE, TOLD, Plan
from collector.model import CI, Cause, CiState, Subject
from collector.record import FIELDS, HAND, SECTION, Word
from collector.security.audit import Act
from collector.services.incidents import admitting
from collector.services.records import Enter
from collector.services.wiring import Wiring
from collector.stocktake import Mark, Outcome, Result
from collector.store import cis, findings, incidents, inspection_found, inspection_incidents, stocktake_leads
from collector.store.browse import things
from collector.store.stocktake_leads import Lead
from collector.store.stocktakes import THERE, Kept
from collector.wording import clean, time_text

Times = Mapping[int, int]
Say = Callable[[AsyncConnection, Times, Times, int], Awaitable[frozenset[int]]]
"""Say which CIs nobody found, and which somebody did, each with when (ms), at that time (ms); return those of the first
that are seen by who looks at them, of which nothing is said. All that follows is done inside the transaction.
"""

MOST_EACH: Final = 10
"""So many CIs that answer and are not found are an incident each; beyond, one for all of them."""
MAX_NAMED: Final = 50


@dataclass(frozen=True, slots=True)
class Closer:
    """What the end of a stock-take is done with."""

    say: Say
    enter: Enter
    wiring: Wiring = field(default_factory=Wiring)
    desk: Table = BUILT_IN


async def lead(act: Act, closer: Closer, kept: Kept, whole: Result) -> list[Lead]:
    """Do what the end of a stock-take leads to; return what that is, a row for each CI."""
    missing = await _standing(act.tx, _missing(whole))
    there = await _standing(act.tx, _there(whole))
    visible = await closer.say(act.tx, missing, there, act.at)
    await _found_again(act, await cis.by_ids(act.tx, there))
    known = await cis.by_ids(act.tx, missing)
    await _seen_elsewhere(act, closer, kept, {ci_id: known[ci_id] for ci_id in sorted(visible)})
    leads = [*await _of_missing(act.tx, known, kept), *await _proposed(act, closer, kept, whole.found)]
    await stocktake_leads.add(act.tx, kept.id, leads)
    return leads


async def _standing(tx: AsyncConnection, times: Times) -> dict[int, int]:
    """Return those that are CIs still: what was merged since is what it was merged into."""
    known = await things.by_ids(tx, times.keys())
    return {ci_id: at for ci_id, at in times.items() if ci_id in known}


def _missing(whole: Result) -> dict[int, int]:
    return {row.line.thing.ci_id: row.mark.at for row in whole.rows if row.mark and row.state == Outcome.MISSING}


def _there(whole: Result) -> dict[int, int]:
    marks = [row.mark for row in whole.rows if row.mark] + list(whole.found)
    return {mark.thing.ci_id: mark.at for mark in marks if mark.thing and mark.outcome in THERE}


# --- what is missing


def _key(uid: str) -> str:
    return f"{MAINTENANCE}|missing|{uid}"


def _together(kept: Kept) -> str:
    return f"{MAINTENANCE}|missing|{kept.number}"


async def _of_missing(tx: AsyncConnection, known: Mapping[int, CI], kept: Kept) -> list[Lead]:
    """Return the finding and the incident of each CI that is missing, those that stood before too."""
    absent = {
        each.ci_id: each.id
        for each in await findings.of_cis(tx, known)
        if any(item.path == PRESENCE for item in each.items)
    }
    told = await inspection_incidents.open_causes(tx, known)
    homes = await inspection_found.homes(tx, [_together(kept), *(_key(ci.uid) for ci in known.values())])
    numbers = told | {key: home.number for key, home in homes.items() if home.resolved_at is None}
    leads = []
    for ci_id, ci in known.items():
        keys = (finding_key(absent[ci_id]),) if ci_id in absent else (_key(ci.uid), _together(kept))
        number = next((numbers[key] for key in keys if key in numbers), "")
        if ci_id in absent or number:
            leads.append(Lead(ci.uid, ci_id, absent.get(ci_id), number, ci.uid))
    return leads


async def _seen_elsewhere(act: Act, closer: Closer, kept: Kept, its: Mapping[int, CI]) -> None:
    """Open an incident for each of these, unless one is open; where they are many, one for all of them."""
    homes = await inspection_found.homes(act.tx, [_key(ci.uid) for ci in its.values()])
    standing = {key for key, home in homes.items() if home.resolved_at is None}
    fresh = [ci for ci in its.values() if _key(ci.uid) not in standing]
    causes = [_cause(act, kept, _key(ci.uid), [ci]) for ci in fresh]
    if len(fresh) > MOST_EACH:
        causes = [_cause(act, kept, _together(kept), fresh)]
    admitted = {
        key: replace(each, source=MAINTENANCE)
        for key, each in (await admitting.admit(act.tx, causes, closer.desk)).items()
    }
    if causes:
        await incidents.apply(act.tx, Plan(open=tuple(causes)), act.at, admitted)


def _cause(act: Act, kept: Kept, key: str, its: Sequence[CI]) -> Cause:
    first = clean(its[0].name)
    names = [clean(each.name) for each in its]
    detail = {
        "stocktake": kept.number, "at": time_text(act.at), "found_on": names[:MAX_NAMED],
        "more": max(0, len(names) - MAX_NAMED),
    }  # fmt: skip
    title = {
        "zh": f"盘点未见实物，但仍有响应：{first if len(its) == 1 else f'{len(its)} 个配置项'}",
        "en": f"Not found in a stock-take, and answers: {first if len(its) == 1 else f'{len(its)} CIs'}",
    }
    return Cause(key, its[0].id, DISAPPEARANCE, "warning", title, detail, act.at, line=2, role=TOLD)


async def _found_again(act: Act, there: Mapping[int, CI]) -> None:
    """End the incidents of what an earlier stock-take did not find."""
    homes = await inspection_found.homes(act.tx, [_key(ci.uid) for ci in there.values()])
    for number in sorted({home.number for home in homes.values() if home.resolved_at is None}):
        await inspection_incidents.resolve(act.tx, number, act.at)


# --- what nobody knew


async def _proposed(act: Act, closer: Closer, kept: Kept, found: Iterable[Mark]) -> list[Lead]:
    """Propose a CI for each thing that nobody knows, nor has come to know since it was seen."""
    leads = []
    for mark in found:
        if mark.thing is None:
            known = await things.named(act.tx, mark.seen)
            item = mark.seen.casefold()
            leads += [Lead(item, each.ci_id, uid=each.uid) for each in known[:1]]
            leads += [] if known else [await _arrived(act, closer, kept, mark)]
    return leads


async def _arrived(act: Act, closer: Closer, kept: Kept, mark: Mark) -> Lead:
    """Propose one: called by the text on it, with what was said of it as the word of who saw it."""
    name = clean(mark.seen)[: FIELDS["name"]]
    subject = Subject("host", UNKNOWN, UNKNOWN, name, frozenset(), {})
    made = await cis.create(act.tx, subject, CiState.PROPOSED, "", cis.When.said(act.at))
    note = f"{kept.number}: {mark.note or mark.seen}"
    said = {"note": note, "place": mark.place, "label": await _label(act.tx, mark.seen)}
    words = {name: text for name, text in said.items() if text}
    await closer.enter(act.tx, f"{HAND}/{mark.who}", [Word(made, {SECTION: words})], act.at)
    uid = (await cis.by_ids(act.tx, [made]))[made].uid
    return Lead(mark.seen.casefold(), made, uid=uid)


async def _label(tx: AsyncConnection, seen: str) -> str:
    """Return the text as a label, where it can be one: a code has no blanks, and nobody else carries it."""
    is_code = len(seen) <= FIELDS["label"] and " " not in seen
    return seen if is_code and not await cis.labelled(tx, [seen]) else ""
