"""How well the rules themselves do: which can never be answered, never fired, are wrong, and what each costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.compiled import CompiledRule
from collector.model import Outcome
from collector.rule_meter import RuleMeter, Used
from collector.services.inspections import Rules
from collector.store import supply
from collector.store.browse import alerts
from collector.store.supply import Supply


@dataclass(frozen=True, slots=True)
class Health:
    """One rule. `cis`: how many CIs it is for. `blind`: of each section it reads, on how many of them nobody reads it.

    `outcomes`: outcome → results. `fired`: it fired at least once since there are rules. `used`: what it has cost
    since start.
    """

    rule: str
    cis: int
    blind: Mapping[str, int]
    outcomes: Mapping[str, int]
    fired: bool
    used: Used

    @property
    def is_dead(self) -> bool:
        """Whether it can be answered on no CI: there is none, or a section it needs is read of none."""
        return self.cis == 0 or any(number == self.cis for number in self.blind.values())

    @property
    def errors(self) -> int:
        return self.outcomes.get(Outcome.ERROR, 0)

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to say of it."""
        return self.fired and not self.blind and not self.errors and self.cis > 0


async def examined(connection: AsyncConnection, rules: Rules, meter: RuleMeter) -> tuple[Health, ...]:
    """Return the health of every rule in the order of the packs."""
    supplied = await supply.supply(connection)
    counts = await alerts.by_outcome(connection)
    fired = await supply.ever_fired(connection)
    return tuple(_health(rule, supplied, counts, fired, meter) for rule in rules.values())


def _health(
    rule: CompiledRule, supplied: Supply, counts: Mapping[tuple[str, str], int], fired: frozenset[str], meter: RuleMeter
) -> Health:
    cis = sum(number for kind, number in supplied.cis.items() if rule.rule.kinds & set(kind))
    outcomes = {outcome: number for (rule_id, outcome), number in counts.items() if rule_id == rule.id}
    blind = {name: missing for name, missing in _blind(rule, supplied, cis) if missing}
    return Health(rule.id, cis, blind, outcomes, rule.id in fired, meter.used.get(rule.id, Used()))


def _blind(rule: CompiledRule, supplied: Supply, cis: int) -> Iterator[tuple[str, int]]:
    for name in sorted(rule.sections):
        told = ((kind, number) for (section, kind), number in supplied.read.items() if section == name)
        yield name, cis - sum(number for kind, number in told if rule.rule.kinds & set(kind))
