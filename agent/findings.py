"""What a sweep's process says of a target, as an observation for the spool and a row for the collector's ledger."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agent import __version__
from wire.observation import (
    MAX_REASON,
    MAX_SECTIONS,
    PART,
    PROTOCOLS,
    Observation,
    Section,
    Status,
    Target,
    state_hash,
)
from wire.sections import digest
from wire.sweep import MAX_FOUND_BYTES, MAX_REFUSED, MAX_STAMPS_BYTES, STAGES, Known, TargetRow

MAX_COUNT = 2**53
DIGEST_BYTES = 32
LEARNED = ("credential", "vendor", "engine_id", "host_key", "certificate", "stamps_json", "dialect")


class BadFinding(ValueError):
    """What the process said is no outcome; the message is one line."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One outcome, or a part of one: `row` comes with the last part, `observation` where there is something to say."""

    observation: Observation | None
    row: TargetRow | None


@dataclass(frozen=True, slots=True)
class Place:
    """How far the sweep is: `cursor`, up to which all was said, and counts by their names."""

    cursor: str
    counts: Mapping[str, int]


def finding(head: Mapping[str, Any], body: bytes, zone: str) -> Finding:
    """Return what a frame (`discovery.telling`) says of a target; raise `BadFinding`."""
    try:
        return Finding(_observation(head, body, zone), _row(head["row"]) if "row" in head else None)
    except BadFinding:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise BadFinding(f"an outcome that is none: {type(error).__name__}") from error


def place(head: Mapping[str, Any]) -> Place | None:
    """Return how far the sweep is, where a frame says it; raise `BadFinding`."""
    cursor, counts = head.get("cursor"), head.get("counts", {})
    if cursor is None:
        return None
    if not isinstance(cursor, str) or len(cursor) > 64 or not isinstance(counts, dict) or len(counts) > 32:
        raise BadFinding("a place that is none")
    if not all(isinstance(each, int) and 0 <= each <= MAX_COUNT for each in counts.values()):
        raise BadFinding("counts that are none")
    return Place(cursor, counts)


def _observation(head: Mapping[str, Any], body: bytes, zone: str) -> Observation | None:
    told, at = [], 0
    if not head["sections"]:
        return None
    for each in head["sections"][:MAX_SECTIONS]:
        told.append(_section(each, body[at : at + each["bytes"]], int(head["at_ms"])))
        at += each["bytes"]
    if at != len(body) or head["protocol"] not in PROTOCOLS:
        raise BadFinding("bodies that do not fit their sections, or no protocol")
    target = Target(head["protocol"], zone, str(ipaddress.ip_address(head["address"])), str(head.get("part", "")))
    if not PART.fullmatch(target.part):
        raise BadFinding("a part that is none")
    return Observation(int(head["at_ms"]), __version__, "", state_hash(told), tuple(told), target=target)


def _section(head: Mapping[str, Any], body: bytes, at_ms: int) -> Section:
    status = Status(head["status"])
    is_ok = status is Status.OK
    hashed = (digest(body) if body else bytes.fromhex(head["hash"])) if is_ok else b""
    if is_ok and len(hashed) != DIGEST_BYTES:
        raise BadFinding("a section without body and hash")
    return Section(
        name=str(head["name"]), status=status, complete=bool(head["complete"]), hash=hashed, body=body or None,
        reason=str(head["reason"])[:MAX_REASON], collected_at_ms=at_ms,
    )  # fmt: skip


def _row(said: Mapping[str, Any]) -> TargetRow:
    stage, found = said["stage"], said["found_json"]
    if stage not in STAGES or not isinstance(json.loads(found), dict) or len(found) > MAX_FOUND_BYTES:
        raise BadFinding("a row that is none")
    return TargetRow(
        str(ipaddress.ip_address(said["address"])), stage, str(said["cause"]), str(said["detail"])[:MAX_REASON],
        str(said["credential"]), found, int(said["at_ms"]), min(max(0, int(said["took_ms"])), 2**31 - 1),
        bool(said["alive"]), _learned(said.get("learned")), tuple(map(str, said.get("refused", ())[:MAX_REFUSED])),
    )  # fmt: skip


def _learned(said: Mapping[str, Any] | None) -> Known | None:
    if said is None:
        return None
    texts: dict[str, Any] = {name: str(said[name]) for name in LEARNED}
    if len(texts["stamps_json"].encode()) > MAX_STAMPS_BYTES:
        raise BadFinding("more is learned than is kept")
    return replace(Known(str(ipaddress.ip_address(said["address"]))), **texts)
