"""A channel: one way incidents leave by, as people set it up, and which incidents go that way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from collector.severity import SEVERITIES, rank

"""From the least on."""
REPORT: Final = "report"
"""No event of an incident: the monthly report is there. Only a channel that names it hears of it."""
ANCHOR: Final = "anchor"
"""No event of an incident either: the head of the audit log, signed, as it is each day."""
APART: Final = (REPORT, ANCHOR)
EVENTS: Final = (
    "opened", "updated", "commented", "acknowledged", "warned", "escalated", "resolved", "reopened", "closed", *APART,
)  # fmt: skip
BEGINS: Final = frozenset({"opened", "reopened"})
ENDS: Final = frozenset({"resolved", "closed"})
ALL: Final = "*"


@dataclass(frozen=True, slots=True)
class Wants:
    """Which incidents a channel is told of. What is empty asks for nothing in particular.

    `severity`: from this one on; `categories`: the desk's, or what rules call the sort of their alarms: these and what
    lies below (`network` holds `network/link`).
    """

    severity: str = SEVERITIES[0]
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    def takes(self, incident: Mapping[str, Any]) -> bool:
        """Return whether an incident, as a message tells it, is one of those."""
        return (
            rank(incident.get("severity")) >= rank(self.severity)
            and (not self.categories or any(_below(one, each) for one in _sorts(incident) for each in self.categories))
            and (not self.sources or incident.get("source") in self.sources)
            and (not self.sites or incident.get("site") in self.sites)
        )

    def hears(self, event: str) -> bool:
        """Return whether an event of such an incident is told."""
        return not self.events or event in self.events


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel. `settings` depend on its kind and hold nothing secret; `link`: where people reach our pages."""

    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    wants: Wants = field(default_factory=Wants)
    language: str = "zh"
    link: str = ""
    is_enabled: bool = True


def _sorts(incident: Mapping[str, Any]) -> tuple[object, object]:
    """Return the category an incident is kept under, and what the rule that opened it calls its sort."""
    detail = incident.get("detail")
    return incident.get("category"), detail.get("category") if isinstance(detail, Mapping) else None


def _below(category: object, wanted: str) -> bool:
    return isinstance(category, str) and (category == wanted or category.startswith(wanted + "/"))
