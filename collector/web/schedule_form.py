"""The schedule of a plan in a form: what was typed → its values, and back; which field a refused part stands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from collector.inspecting.plan import HOUR_MS, MAX_AHEAD_MS, MAX_DUE_MS, Schedule
from collector.services.refused import Refused
from collector.web.forms import Form

MINUTE_MS: Final = 60_000
P = TypeVar("P")
NEW: Final = {"zone": "Asia/Shanghai", "on_non_workday": "next", "ahead": "30", "due": "8"}
"""What a new plan begins with."""


def values_of(form: Form) -> dict[str, Any]:
    """Return the values of the schedule a form asks for; what is no number is marked in it."""
    return {
        "rrule": form.text("rrule"), "zone": form.text("zone"), "starts": form.text("starts"),
        "on_non_workday": form.text("on_non_workday"),
        "ahead_ms": form.number("ahead", 0, MAX_AHEAD_MS // MINUTE_MS) * MINUTE_MS,
        "due_ms": form.number("due", 0, MAX_DUE_MS // HOUR_MS) * HOUR_MS,
    }  # fmt: skip


def shown(its: Schedule) -> dict[str, str]:
    """Return what a form shows of a schedule."""
    return {
        "rrule": its.rrule, "zone": its.zone, "starts": its.starts, "on_non_workday": its.on_non_workday,
        "ahead": str(its.ahead_ms // MINUTE_MS), "due": str(its.due_ms // HOUR_MS),
    }  # fmt: skip


def mark(form: Form, error: Refused, words: Mapping[str, str]) -> None:
    """Say what is wrong with a plan beside its field, where there are `words` for it: field → text of the catalogue."""
    field = field_of(error.field)
    if field in words:
        form.mark(field, words[field])
    else:
        form.refused = str(error)


def read(form: Form, made: Callable[[], P], words: Mapping[str, str]) -> P | None:
    """Return the plan a form asks for, as `made` reads it; None where something is wrong, which is marked in it."""
    if not form.is_right:
        return None
    try:
        return made()
    except Refused as error:
        mark(form, error, words)
        return None


def field_of(refused: str) -> str:
    """Return which field of the form a part of a plan stands in: `items[2].low` → `items`, `title.zh` → `title_zh`."""
    head, _, rest = refused.partition(".")
    if head in ("schedule", "scope"):
        return {"ahead_ms": "ahead", "due_ms": "due", "classes": "class"}.get(rest, rest)
    return refused.replace("title.", "title_") if head == "title" else head.partition("[")[0]
