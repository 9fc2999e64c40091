"""How grave something is: the severities of rules, alerts and incidents, and which of two is the worse."""

from __future__ import annotations

from typing import Final

SEVERITIES: Final = ("notice", "warning", "error", "critical")
"""The mildest first."""


def rank(severity: object) -> int:
    """Return how grave, from 0; what is not known counts as the gravest: nobody misses it for a word."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
