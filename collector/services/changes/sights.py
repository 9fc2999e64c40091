"""What was seen of the lines of a change: for each source that looks there, when it last did, and what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.record import PRESENCE, RELATIONS, Change, Line
from collector.change.verification import Evidence, Sight
from collector.model import Path, Value
from collector.record import HAND, SECTION
from collector.retirement_policy import KINDS
from collector.store import cis, known, lanes, relations

Looks = Mapping[tuple[int, str], Mapping[str, int]]
"""(CI, section) → source → when it last looked (ms)."""


async def evidence(connection: AsyncConnection, change: Change, at: int) -> Mapping[int, Evidence]:
    """Return what is known at `at` (ms) of each line, by its place; a source that has never looked there sees nothing.

    What one observation found is known from when it was made, so it began to look a little before.
    """
    looks = await known.looks(connection, {line.ci_id for line in change.lines})
    claimed = await _claimed(connection, change)
    ties = await _ties(connection, change)
    found = {}
    for place, line in enumerate(change.lines):
        sights = _sights(line, looks, claimed.get((line.ci_id, line.path), {}), at)
        if line.path.section == RELATIONS:
            sights = _tied(line, ties, at)
        is_discoverable = line.path == PRESENCE or bool(sights) or (line.ci_id, line.path.section) in looks
        found[place] = Evidence(tuple(each for each in sights if 0 < each.began_at <= at), is_discoverable)
    return found


def _sights(line: Line, looks: Looks, claimed: Mapping[str, Value], at: int) -> list[Sight]:
    said = sorted(looks.get((line.ci_id, line.path.section), {}).items())
    if line.path == PRESENCE and (claimed or not said):
        return _there(line.ci_id, looks)
    if line.path.section == SECTION:
        return _said(line, [code for code, _ in said], claimed, at)
    return [Sight(code, seen_at, _value(line, claimed.get(code))) for code, seen_at in said]


def _said(line: Line, people: Sequence[str], claimed: Mapping[str, Value], at: int) -> list[Sight]:
    """Return what people say of a CI's record, in which a person's word replaces all others.

    It stands until somebody says otherwise, so it is there whenever it is looked at: the record is written before the
    work is said to be over, and nothing else will ever be seen.
    """
    speaking = [code for code in people if code in claimed]
    persons = [code for code in speaking if code.startswith(f"{HAND}/")]
    return [Sight(code, at, _value(line, claimed.get(code))) for code in persons or speaking or people[:1]]


def _tied(line: Line, ties: Mapping[tuple[int, str], Sequence[str]], at: int) -> list[Sight]:
    """Return whether a relation holds. Who says so says it until it is taken back, so it is seen whenever looked at."""
    saying = ties.get((line.ci_id, line.path.key), ())
    kind = line.path.key.partition("|")[0]
    return [Sight(code, at, {"kind": kind}) for code in saying] or [Sight(RELATIONS, at, None)]


async def _ties(connection: AsyncConnection, change: Change) -> dict[tuple[int, str], list[str]]:
    """Return (CI, key of a line) → who says that this relation holds."""
    asked = {(line.ci_id, line.path.key) for line in change.lines if line.path.section == RELATIONS}
    others = await cis.by_uids(connection, {key.partition("|")[2] for _, key in asked})
    named = {
        (ci_id, kind, others[uid].id): (ci_id, key)
        for ci_id, key in asked
        for kind, _, uid in (key.partition("|"),)
        if uid in others
    }
    held = await relations.held(connection, named)
    return {named[tie]: codes for tie, codes in held.items()}


def _there(ci_id: int, looks: Looks) -> list[Sight]:
    """Return who saw the CI, whatever of it: nothing else is written of what is there."""
    seen: dict[str, int] = {}
    for (looked_at, _), times in looks.items():
        for code, seen_at in times.items() if looked_at == ci_id else ():
            if code.partition("/")[0] in KINDS:
                seen[code] = max(seen_at, seen.get(code, 0))
    return [Sight(code, seen_at, True) for code, seen_at in sorted(seen.items())]


async def _claimed(connection: AsyncConnection, change: Change) -> dict[tuple[int, Path], dict[str, Value]]:
    found: dict[tuple[int, Path], dict[str, Value]] = {}
    for ci_id in sorted({line.ci_id for line in change.lines}):
        paths = [line.path for line in change.lines if line.ci_id == ci_id and line.path.key]
        if paths:
            claims, _ = await lanes.claims(connection, ci_id, paths)
            found |= {(ci_id, path): {each.source: each.value for each in its} for path, its in claims.items()}
    return found


def _value(line: Line, claimed: Value) -> Value:
    if not line.field:
        return claimed
    return claimed.get(line.field) if isinstance(claimed, dict) else None
