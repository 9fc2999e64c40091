"""Events: rows of the section `events` → what is kept of them, and which of them still stand.

Rules read what stands: of each matter and object the newest word, so that a link that is up again is no problem any
more. Everything else is looked at, and is evidence of who changed what (a trace, in `collector.change`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from collector.model import Event
from collector.wording import CONTROL, time_of, time_text
from wire.listening import EVENT_KINDS, SEVERITIES

SECTION: Final = "events"

MATTERS: Final[Mapping[str, str]] = {
    "link_down": "link", "link_up": "link", "ups_on_battery": "power", "ups_low_battery": "power",
    "ups_power_restored": "power", "cold_start": "start", "warm_start": "start", "reboot": "start",
}  # fmt: skip
"""Kind → the matter on which the newest word counts; what is not here leaves nothing standing."""
MOST_STANDING: Final = 200
"""Rows that stand for one CI; the oldest go first."""
STANDS: Final = timedelta(days=30)
MAX_TEXT: Final = 400
MAX_COUNT: Final = 2**53


def events(rows: Iterable[Mapping[str, Any]], clock_offset_ms: int, received_at: int) -> tuple[Event, ...]:
    """Return rows of one observation as events, by the collector's clock, none later than it came; in their order."""

    def moment(text: Any) -> int:
        return max(0, min((time_of(text) or 0) - clock_offset_ms, received_at))

    return tuple(
        Event(
            at=moment(row.get("at")),
            kind=kind if (kind := str(row.get("kind"))) in EVENT_KINDS else "other",
            actor=_line(row.get("actor")),
            origin=_line(row.get("origin")),
            object=_line(row.get("object")),
            severity=severity if (severity := str(row.get("severity"))) in SEVERITIES else "notice",
            message=_line(row.get("message")),
            source=_line(row.get("source")),
            oid=_line(row.get("oid")),
            until=moment(row.get("until") or row.get("at")),
            count=max(1, min(int(row.get("count") or 1), MAX_COUNT)),
            authentic=row.get("authentic") is True,
        )
        for row in rows
    )


def concerns_ports(told: Iterable[Event]) -> bool:
    """Return whether any event speaks of an interface."""
    return any(MATTERS.get(each.kind) == "link" for each in told)


def named(told: Iterable[Event], interfaces: Iterable[Mapping[str, Any]]) -> tuple[Event, ...]:
    """Return the events with each interface under its name, whatever it was called: by its number, or its ifDescr."""
    names: dict[str, str] = {}
    for port in interfaces:
        for other in (f"ifIndex {port.get('index')}", str(port.get("description") or "")):
            names[other] = str(port.get("name") or "")
    return tuple(
        replace(each, object=names.get(each.object) or each.object) if MATTERS.get(each.kind) == "link" else each
        for each in told
    )


def standing(before: Sequence[Mapping[str, Any]], told: Iterable[Event], now: int) -> list[dict[str, Any]]:
    """Return what stands after `told`, as rows of the section: the newest of each matter and object; `before` alike."""
    rows = {_matter(row["kind"], row.get("object", "")): dict(row) for row in before if row.get("kind") in MATTERS}
    for each in sorted((each for each in told if each.kind in MATTERS), key=lambda each: each.until):
        row, key = _row(each), _matter(each.kind, each.object)
        if key not in rows or rows[key]["until"] <= row["until"]:
            rows[key] = row
    oldest = time_text(now - STANDS // timedelta(milliseconds=1))
    kept = sorted((row for row in rows.values() if row["until"] >= oldest), key=lambda row: str(row["until"]))
    told_at = Counter[str]()
    for row in kept[-MOST_STANDING:]:
        row["number"] = told_at[row["at"]]
        told_at[row["at"]] += 1
    return kept[-MOST_STANDING:]


def _matter(kind: str, of: str) -> tuple[str, str]:
    return MATTERS[kind], of


def _row(told: Event) -> dict[str, Any]:
    said = {
        **{name: getattr(told, name) for name in Event.__slots__},
        "at": time_text(told.at),
        "until": time_text(told.until),
    }
    return {name: value for name, value in said.items() if value != ""}


def _line(value: Any) -> str:
    return CONTROL.sub(" ", value)[:MAX_TEXT] if isinstance(value, str) else ""
