"""The rules as people read them, with what each says today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Rule
from collector.services.inspections import Rules
from collector.services.missing import NotFound
from collector.store.browse import alerts


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule, the sections it reads, and outcome → results."""

    rule: Rule
    sections: tuple[str, ...]
    outcomes: Mapping[str, int]


async def listed(connection: AsyncConnection, rules: Rules) -> tuple[RuleRow, ...]:
    """Return every rule in the order of the packs."""
    counts = await alerts.by_outcome(connection)
    return tuple(_row(rules, each, counts) for each in rules)


async def one(connection: AsyncConnection, rules: Rules, rule_id: str) -> RuleRow:
    """Return the rule with that id; raise `NotFound`."""
    if rule_id not in rules:
        raise NotFound("rule", rule_id)
    return _row(rules, rule_id, await alerts.by_outcome(connection))


def _row(rules: Rules, rule_id: str, counts: Mapping[tuple[str, str], int]) -> RuleRow:
    compiled = rules[rule_id]
    outcomes = {outcome: number for (rule, outcome), number in counts.items() if rule == rule_id}
    return RuleRow(compiled.rule, tuple(sorted(compiled.sections)), outcomes)
