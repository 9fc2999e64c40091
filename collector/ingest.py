"""Ingest: the bytes of one logged observation → a checked `Observation`. The one choke point for hostile input.

Everything an agent says passes here: sizes, shapes, kinds, hashes and text are checked once,
so later stages can trust their input. A section that does not hold costs only itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from collector.model import Observation, Reading
from wire import codec, observation, sections
from wire.observation import Status


class BadObservation(ValueError):
    """The bytes are no observation; they are kept, with this reason, and never opened again."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One row of the ingest log."""

    id: int
    agent_id: int
    source: str
    epoch: bytes
    seq: int
    received_at: int
    payload: bytes


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


def check(row: Logged, decoded: observation.Observation) -> Observation:
    """Return the observation with every section opened and checked against the catalogue.

    A section this program does not know is left out; one that does not keep to its shape, or whose
    body does not have its hash, becomes FAILED with the reason.
    """
    readings = [_reading(each) for each in decoded.sections if each.name in sections.SECTIONS]
    return Observation(
        id=row.id,
        source=row.source,
        seq=row.seq,
        observed_at=decoded.observed_at_ms,
        received_at=row.received_at,
        state_hash=decoded.state_hash,
        readings={reading.name: reading for reading in readings},
        agent_version=clean(decoded.agent_version),
        dropped=sum(drop.count for drop in decoded.drops),
    )


def _reading(section: observation.Section) -> Reading:
    status, reason = section.status, section.reason
    body: sections.Body | None = None
    if status is Status.UNSPECIFIED:
        status, reason = Status.FAILED, "no status"
    elif status is Status.EMPTY:
        body = {} if sections.SECTIONS[section.name].is_record else []
    elif status is Status.OK and section.body is not None:
        try:
            body = open_body(section.name, section.body, section.hash)
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
    if len(encoded) > sections.MAX_BODY_BYTES:
        raise sections.BadSection(f"{name}: {len(encoded)} bytes, at most {sections.MAX_BODY_BYTES}")
    if sections.digest(encoded) != expected:
        raise sections.BadSection(f"{name}: the body does not have the hash it came with")
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
