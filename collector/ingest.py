"""Ingest: the bytes of one logged observation → a checked `Observation`. The one choke point for hostile input.

Everything an agent says passes here: sizes, shapes, kinds, hashes and text are checked once,
so later stages can trust their input. A section that does not hold costs only itself.

A long table that moved in one row is opened around that row only: what equals the body that is kept,
byte by byte, was checked when that body came.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

from collector.model import Observation, Reading
from wire import codec, observation, sections
from wire.observation import Status


class BadObservation(ValueError):
    """The bytes are no observation; they are kept, with this reason, and never opened again."""


@dataclass(slots=True)  # not frozen: one is made for every observation, and a frozen one costs three times as much
class Logged:
    """One row of the ingest log."""

    id: int
    agent_id: int
    source: str
    epoch: bytes
    seq: int
    received_at: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Delta:
    """A body of rows told by how it differs from the one that is kept: rows it had, rows it has, its canonical text."""

    was: list[dict[str, Any]]
    now: list[dict[str, Any]]
    text: bytes


Look = observation.Glance | observation.Observation | BadObservation
"""What can be told of a row before anything about its source is known."""


def source_of(seen: Look, row: Logged) -> str:
    """Return the code of the source that speaks: the agent that sent it, or the target its probe looked at."""
    target = None if isinstance(seen, BadObservation) else seen.target
    if target is None:
        return row.source
    part = f"/{target.part}" if target.part else ""
    return f"{target.protocol}/{target.zone}/{target.address}{part}"


def look(row: Logged) -> Look:
    """Return a glance at a row that brings hashes only, the wire observation of one that brings more; never raises."""
    try:
        seen = glance(row)
        return seen if seen.hashes_only else decode(row)
    except BadObservation as error:
        return error


def glance(row: Logged) -> observation.Glance:
    """Return what can be told of `row` without opening it; raise `BadObservation`."""
    try:
        return codec.glance(row.payload)
    except codec.Undecodable as error:
        raise BadObservation(str(error)[:300]) from error


def decode(row: Logged) -> observation.Observation:
    """Return the wire observation of `row` without opening its sections; raise `BadObservation`."""
    try:
        return codec.decode_observation(row.payload)
    except codec.Undecodable as error:
        raise BadObservation(str(error)[:300]) from error


def check(row: Logged, decoded: observation.Observation, kept: Mapping[str, bytes] | None = None) -> Observation:
    """Return the observation with every section opened and checked against the catalogue.

    A section this program does not know is left out; one that does not keep to its shape, or whose
    body does not have its hash, becomes FAILED with the reason. `kept`: sections whose kept canonical
    body may stand in for what equals it; the body of their readings may then be a `Delta`.
    """
    held = kept or {}
    readings = [_reading(each, held.get(each.name)) for each in decoded.sections if each.name in sections.SECTIONS]
    return Observation(
        id=row.id,
        source=source_of(decoded, row),
        seq=row.seq,
        observed_at=decoded.observed_at_ms,
        received_at=row.received_at,
        state_hash=decoded.state_hash,
        readings={reading.name: reading for reading in readings},
        agent_version=clean(decoded.agent_version),
        dropped=sum(drop.count for drop in decoded.drops),
        target=decoded.target,
    )


def _reading(section: observation.Section, kept: bytes | None) -> Reading:
    status, reason = section.status, section.reason
    body: sections.Body | Delta | None = None
    if status is Status.UNSPECIFIED:
        status, reason = Status.FAILED, "no status"
    elif status is Status.EMPTY:
        body = {} if sections.SECTIONS[section.name].is_record else []
    elif status is Status.OK and section.body is not None:
        try:
            _check_bytes(section.name, section.body, section.hash)
            moved = delta(section.name, kept, section.body) if kept and section.complete else None
            body = moved or _opened(section.name, section.body)
        except sections.BadSection as error:
            status, reason = Status.FAILED, str(error)[:300]
    return Reading(
        name=section.name,
        status=status,
        complete=section.complete,
        hash=section.hash if status is Status.OK else b"",
        body=body,
        reason=clean(reason),
        collected_at=section.collected_at_ms,
        revision=section.revision,
    )


def open_body(name: str, encoded: bytes, expected: bytes) -> sections.Body:
    """Return the checked body of section `name`; raise `sections.BadSection`."""
    _check_bytes(name, encoded, expected)
    return _opened(name, encoded)


def _check_bytes(name: str, encoded: bytes, expected: bytes) -> None:
    if len(encoded) > sections.MAX_BODY_BYTES:
        raise sections.BadSection(f"{name}: {len(encoded)} bytes, at most {sections.MAX_BODY_BYTES}")
    if sections.digest(encoded) != expected:
        raise sections.BadSection(f"{name}: the body does not have the hash it came with")


def _opened(name: str, encoded: bytes) -> sections.Body:
    try:
        parsed = json.loads(encoded, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise sections.BadSection(f"{name}: not JSON: {type(error).__name__}") from error
    if b"\\" in encoded:
        parsed = _clean_tree(parsed)
    return sections.check(sections.SECTIONS[name], parsed)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def clean(text: str) -> str:
    """Return `text` without what no database text may hold: NUL and lone surrogates become U+FFFD."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _clean_tree(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean_tree(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): _clean_tree(item) for key, item in value.items()}
    return value


# --- a body told by its difference

_BETWEEN = b'},{"'
"""What stands between two rows. In a JSON text it can only stand at its end, and then no field's name follows."""


def delta(name: str, kept: bytes, encoded: bytes) -> Delta | None:
    """Return how `encoded` differs from `kept`, or None when that cannot be told for certain from the rows that moved.

    `kept` is a canonical body in key order. The rows opened are those that differ and one equal neighbour on
    each side: when these are checked, canonical and in key order, then so is the whole.
    """
    shape = sections.SECTIONS[name]
    if shape.is_record or kept[-1:] != b"]" or encoded[-1:] != b"]" or encoded.count(_BETWEEN) >= sections.MAX_ROWS:
        return None
    shorter = min(len(kept), len(encoded))
    head = _longest(shorter, lambda size: kept[:size] == encoded[:size])
    tail = _longest(shorter - head, lambda size: kept[len(kept) - size :] == encoded[len(encoded) - size :])
    begin = _row_before(kept, _row_before(kept, head))
    end = _row_after(kept, _row_after(kept, len(kept) - tail))
    was = kept[begin:end]
    now = encoded[begin : len(encoded) - (len(kept) - end)]
    rows = _rows(shape, now)
    return None if rows is None else Delta(json.loads(b"[" + was + b"]"), rows, encoded)


def _longest(limit: int, holds: Callable[[int], bool]) -> int:
    """Return the greatest size up to `limit` that `holds`; what holds for a size holds for every smaller one."""
    return bisect.bisect_left(range(1, limit + 1), True, key=lambda size: not holds(size))


def _row_before(body: bytes, at: int) -> int:
    """Return where the last row begins whose beginning stands before `at`; the first row's, where there is none."""
    found = body.rfind(_BETWEEN, 0, max(at - 1, 0))
    while found > 0 and not body[found + 4 : found + 5].islower():
        found = body.rfind(_BETWEEN, 0, found)
    return found + 2 if found > 0 else 1


def _row_after(body: bytes, at: int) -> int:
    """Return where the first row ends that ends at `at` or later; the last row's end, where there is none."""
    found = body.find(_BETWEEN, at)
    while found > 0 and not body[found + 4 : found + 5].islower():
        found = body.find(_BETWEEN, found + 1)
    return found + 1 if found > 0 else len(body) - 1


def _rows(shape: sections.Shape, text: bytes) -> list[dict[str, Any]] | None:
    """Return the rows in `text`, or None unless they are checked, canonical and in key order."""
    encoded = b"[" + text + b"]"
    try:
        parsed = sections.check(shape, json.loads(encoded, parse_constant=_no_constant))
    except (ValueError, RecursionError):
        return None
    assert isinstance(parsed, list)  # the shape is one of rows
    keys = [sections.row_key(shape, row) for row in parsed]
    ordered = all(before < after for before, after in pairwise(keys))
    return parsed if ordered and b"\\" not in text and sections.canonical(parsed) == encoded else None
