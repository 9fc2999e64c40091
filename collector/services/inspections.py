"""Inspections: what every rule says of every CI, with the sentence of the rule filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.compiled import CompiledRule
from collector.model import Outcome, Rule
from collector.store.browse import alerts
from collector.store.browse.alerts import WAIVED, AlertQuery, AlertRow
from collector.store.browse.page import Page, Window
from collector.wording import fill

OUTCOMES = (*(outcome.value for outcome in Outcome), WAIVED)

Rules = Mapping[str, CompiledRule]
"""The rules of a rulebook by id."""


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result; `rule` is None for a rule that has been taken out of the packs."""

    alert: AlertRow
    rule: Rule | None

    @property
    def severity(self) -> str:
        told = self.alert.lowered or self.alert.evidence.get("severity")
        return told if isinstance(told, str) else self.rule.severity if self.rule else ""

    def sentence(self, language: str) -> str:
        """Return the rule's summary of a problem in `language` (zh or en); empty for any other outcome."""
        if self.rule is None or self.alert.outcome not in (Outcome.PROBLEM, WAIVED):
            return ""
        place = self.alert.ci
        own = {"ci.name": place.name, "ci.class": place.ci_class, "ci.type": place.ci_type}
        return fill(self.rule.summary.get(language, ""), {**self.alert.evidence, **own})


async def listed(connection: AsyncConnection, rules: Rules, query: AlertQuery, window: Window) -> Page[ResultRow]:
    """Return one page of results; raise `BadCursor`."""
    page = await alerts.list_alerts(connection, query, window)
    return page.of([ResultRow(row, rules[row.rule].rule if row.rule in rules else None) for row in page.items])


async def unseen(connection: AsyncConnection) -> int:
    """Return how many alerts fire that nobody has seen."""
    return await alerts.count_unseen(connection)


async def by_outcome(connection: AsyncConnection) -> dict[str, int]:
    """Return outcome → results, all rules together."""
    counts: dict[str, int] = {}
    for (_, outcome), number in (await alerts.by_outcome(connection)).items():
        counts[outcome] = counts.get(outcome, 0) + number
    return counts
