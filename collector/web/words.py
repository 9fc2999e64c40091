"""What filters offer and the catalogues name."""

from __future__ import annotations

from collector import severity
from collector.classes import ALL_TYPES, CLASSES, TYPES
from collector.model import CiState

__all__ = ["ALL_TYPES", "CLASSES", "INCIDENT_KINDS", "INCIDENT_SOURCES", "SEVERITIES", "STATES", "TYPES"]

STATES = tuple(state.value for state in CiState)
SEVERITIES = tuple(reversed(severity.SEVERITIES))
INCIDENT_KINDS = (
    "alert", "unapproved_change", "credential", "disappearance", "user", "maintenance", "calendar",
    "foreign_alert", "channel", "storm", "collector_blind", "revert", "unverified",
)  # fmt: skip
INCIDENT_SOURCES = ("user", "monitoring", "maintenance")
