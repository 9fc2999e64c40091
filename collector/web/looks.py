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
    "outcome": {"PASS": _OK, "PROBLEM": _CRITICAL, "UNKNOWN": _UNKNOWN, "ERROR": _WARNING, "N/A": _RING},
    "severity": {"critical": _CRITICAL, "error": _CRITICAL, "warning": _WARNING, "notice": _NOTICE},
    "incident_state": {"open": _WARNING, "resolved": _OK},
    "finding_state": {"open": _WARNING, "closed": _OK},
    "verdict": {"unapproved": _WARNING, "accepted": _OK, "reverted": _OK},
    "status": {
        "ok": _OK, "empty": _OK, "failed": _CRITICAL, "denied": _WARNING, "unsupported": _RING, "unspecified": _UNKNOWN,
    },
    "delivery": {"waiting": _RING, "sent": _OK, "dead": _CRITICAL},
    "account_state": {"active": _OK, "disabled": _PAUSED},
    "case_state": {"open": _WARNING},
}  # fmt: skip


def look(family: str, word: object) -> Look:
    """Return the look of a state; one that is not known looks unknown."""
    return LOOKS.get(family, {}).get(str(word), _UNKNOWN)
