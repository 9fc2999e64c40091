"""How urgent an incident is: what it affects × how soon it matters, by the table, and the words that say why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from collector.desk.table import IMPACTS, URGENCIES, Table
from collector.model import Value

BEHIND: Final = "behind"
"""No relation that is kept: what there is no way to while this has failed, whether it is missed yet or not."""
EVERY_WAY: Final = "*"
WAYS: Final[Mapping[str, str]] = {
    "topology": EVERY_WAY, "topology.children": BEHIND, "topology.power_feeds": "powered_by",
    "topology.guests": "runs_on", "topology.software": "installed_on", "topology.parts": "contains",
    "topology.services": "depends_on", "topology.volumes": "stored_on", "topology.room": "located_in",
}  # fmt: skip
"""What a rule may say its impact comes from (`impact_from`) → the relation by which that hangs on the CI.

`topology`: by any that is kept, as where a rule says nothing.
"""


@dataclass(frozen=True, slots=True)
class Affected:
    """What an incident hits: how many CIs (those that depend on its own, or fail with it), applications among them."""

    cis: int = 0
    applications: int = 0


@dataclass(frozen=True, slots=True)
class Reckoning:
    """A priority and how it was come to. `by`: the account that overruled the table with a `reason`, or nobody."""

    priority: str
    impact: str
    urgency: str
    affected: Affected = Affected()
    by: str = ""
    reason: str = ""

    def as_value(self) -> Mapping[str, Value]:
        return {
            "cis": self.affected.cis, "applications": self.affected.applications, "by": self.by, "reason": self.reason
        }  # fmt: skip


def reckon(table: Table, affected: Affected, severity: str, urgency: str = "") -> Reckoning:
    """Return the priority by the table; `urgency` as the rule or the reporter says, else by the severity."""
    impact = next(
        (
            level.impact
            for level in table.levels
            if affected.cis >= level.cis or affected.applications >= level.applications
        ),
        "one",
    )
    wanted = _urgency(table, severity, urgency)
    return Reckoning(table.matrix.get((impact, wanted), "P3"), impact, wanted, affected)


def most_urgent(reckonings: Iterable[Reckoning]) -> Reckoning:
    """Return the highest priority of several, of those alike the one that was come to by the most."""
    return min(
        reckonings, key=lambda each: (each.priority, -IMPACTS.index(each.impact), -URGENCIES.index(each.urgency))
    )


def _urgency(table: Table, severity: str, urgency: str) -> str:
    """What a rule says is one step more urgent once it is critical."""
    if urgency not in URGENCIES:
        return table.urgency.get(severity, "medium")
    step = 1 if severity == "critical" else 0
    return URGENCIES[min(URGENCIES.index(urgency) + step, len(URGENCIES) - 1)]
