"""How states look: a level (its colour) and a glyph; the word comes from the catalogue, so no state is colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """`level`: ok, warning, critical, unknown; `icon`: a symbol of icons.svg."""

    level: str
    icon: str


_OK = Look("ok", "ok")
_WARNING = Look("warning", "warning")
_CRITICAL = Look("critical", "critical")
_UNKNOWN = Look("unknown", "unknown")
_RING = Look("unknown", "ring")
_PAUSED = Look("unknown", "paused")
_BANNED = Look("critical", "banned")
_NOTICE = Look("unknown", "notice")

LOOKS: Mapping[str, Mapping[str, Look]] = {
    "state": {
        "proposed": _RING, "active": _OK, "unreachable": _WARNING, "missing": _CRITICAL, "retired": _PAUSED,
        "archived": _PAUSED,
    },
    "agent_state": {"active": _OK, "silent": _WARNING, "banned": _BANNED, "retired": _PAUSED},
    "outcome": {"PASS": _OK, "PROBLEM": _CRITICAL, "UNKNOWN": _UNKNOWN, "ERROR": _WARNING, "N/A": _RING,
                "WAIVED": _PAUSED},
    "alert_state": {"ok": _OK, "pending": _RING, "firing": _CRITICAL, "recovering": _NOTICE},
    "waiver_state": {
        "asked": _WARNING, "upcoming": _RING, "active": _OK, "expired": _PAUSED, "refused": _CRITICAL,
        "ended": _PAUSED,
    },
    "article_state": {"draft": _RING, "submitted": _WARNING, "published": _OK, "retired": _PAUSED},
    "arrival_rule_state": {"on": _OK, "off": _PAUSED, "over": _PAUSED, "orphaned": _WARNING},
    "window_state": {"now": _OK, "later": _RING, "over": _PAUSED},
    "severity": {"critical": _CRITICAL, "error": _CRITICAL, "warning": _WARNING, "notice": _NOTICE, "info": _NOTICE},
    "problem_state": {
        "proposed": _NOTICE, "open": _WARNING, "known_error": _RING, "resolved": _OK, "closed": _OK,
        "declined": _PAUSED,
    },
    "incident_state": {
        "open": _WARNING, "new": _WARNING, "assigned": _NOTICE, "in_progress": _RING, "pending": _PAUSED,
        "resolved": _OK, "closed": _OK, "cancelled": _PAUSED, "merged": _PAUSED,
    },
    "priority": {"P1": _CRITICAL, "P2": _WARNING, "P3": _NOTICE, "P4": _RING},
    "channel_state": {
        "well": _OK, "failing": _WARNING, "broken": _CRITICAL, "off": _PAUSED, "unused": _RING,
    },
    "pin_state": {"pinned": _OK, "changed": _WARNING, "new": _NOTICE},
    "change_state": {
        "draft": _RING, "requested": _WARNING, "planning": _RING, "planned": _WARNING, "confirming": _WARNING,
        "approved": _OK, "implementing": _RING, "implemented": _NOTICE, "closed": _OK, "cancelled": _PAUSED,
    },
    "line_state": {
        "pending": _RING, "unknown": _UNKNOWN, "failed": _CRITICAL, "verified": _OK, "used_discovered": _OK,
        "manual_required": _WARNING, "manually_verified": _OK, "set_to_planned": _NOTICE,
        "accepted_discovered": _NOTICE, "cancelled": _PAUSED,
    },
    "template_state": {"proposed": _RING, "approved": _OK, "refused": _CRITICAL, "withdrawn": _PAUSED},
    "finding_state": {"open": _WARNING, "closed": _OK},
    "revert_state": {"open": _WARNING, "done": _RING, "reverted": _OK, "cancelled": _PAUSED},
    "verdict": {
        "verified": _OK, "authorised": _OK, "in_progress": _RING, "pending": _RING, "variance": _WARNING,
        "out_of_window": _WARNING, "late_approval": _WARNING, "retro_late": _WARNING, "unapproved": _WARNING,
        "accepted": _OK, "reverted": _OK,
    },
    "status": {
        "ok": _OK, "empty": _OK, "failed": _CRITICAL, "denied": _WARNING, "unsupported": _RING, "unspecified": _UNKNOWN,
    },
    "delivery": {"waiting": _RING, "sent": _OK, "dead": _CRITICAL, "folded": _PAUSED, "dropped": _PAUSED},
    "sweep_state": {
        "waiting": _RING, "running": Look("unknown", "sweeps"), "done": _OK, "cancelled": _PAUSED, "failed": _CRITICAL,
    },
    "account_state": {"active": _OK, "disabled": _PAUSED},
    "case_state": {"open": _WARNING, "decided": _OK},
    "run_verdict": {"counted": _OK, "quarantined": _WARNING, "believed": _NOTICE},
    "name_state": {"live": _OK, "retired": _NOTICE, "suspect": _WARNING},
    "import_outcome": {
        "made": Look("ok", "plus"), "changed": _NOTICE, "ended": _NOTICE, "same": _RING, "refused": _CRITICAL,
    },
    "stocktake_state": {"open": _NOTICE, "overdue": _CRITICAL, "closed": _OK, "cancelled": _BANNED},
    "stocktake_outcome": {
        "open": _RING, "confirmed": _OK, "moved": _WARNING, "damaged": _WARNING, "missing": _CRITICAL,
        "found": Look("warning", "plus"),
    },
    "check_state": {
        "PASS": _OK, "PROBLEM": _CRITICAL, "UNKNOWN": _UNKNOWN, "ERROR": _WARNING, "WAIVED": _PAUSED, "N/A": _RING,
    },
    "inspection_state": {"open": _NOTICE, "signed": _RING, "done": _OK, "overdue": _CRITICAL, "cancelled": _BANNED},
    "item_state": {"open": _RING, "ok": _OK, "problem": _WARNING},
    "standing": {"new": Look("critical", "plus"), "persisting": Look("warning", "history"), "fixed": _OK},
    "plan_state": {"active": _OK, "paused": _PAUSED, "ended": _PAUSED},
    "label_state": {"stale": _WARNING, "never": _RING, "current": _OK},
    "reach": {"up": _OK, "degraded": _WARNING, "unreachable": _CRITICAL, "unknown": _UNKNOWN},
    "link_state": {"confirmed": _OK, "probable": _RING, "contradictory": _CRITICAL},
}  # fmt: skip


def look(family: str, word: object) -> Look:
    """Return the look of a state; one that is not known looks unknown."""
    return LOOKS.get(family, {}).get(str(word), _UNKNOWN)
