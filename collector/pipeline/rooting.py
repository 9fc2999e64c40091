"""Root causes with their store: the causes of some CIs → which incident each goes to, storms included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident, rootcause
from collector.model import CI, Alert, Cause
from collector.pipeline import footing, storming
from collector.pipeline.policies import Policies
from collector.rootcause import PARENT_DOWN
from collector.store import alerts


async def grouped(
    tx: AsyncConnection, causes: Sequence[Cause], touched: Mapping[int, CI], policies: Policies, now: int
) -> list[Cause]:
    """Return the causes of these CIs with the incident each goes to, and beside them what is told there as a victim."""
    stand = await footing.of_cis(tx, touched, policies, labelled=True)
    down = {ci_id for ci_id, each in stand.items() if each.down and not each.held}
    victims = await _victims(tx, down, touched, policies) if down else []
    rules = {name: each.rule for name, each in policies.rulebook.rules.items()}
    told = {each.key for each in causes}
    every = [*causes, *(each for each in victims if each.key not in told)]
    placed = rootcause.grouped(every, stand, rules, footing.reach_rules(policies.rulebook))
    return await storming.absorb(tx, placed, stand, policies.desk, now)


async def _victims(tx: AsyncConnection, down: set[int], touched: Mapping[int, CI], policies: Policies) -> list[Cause]:
    """Return the causes that alerts would be which are held back by what they depend on, and by nothing else."""
    rules = policies.rulebook.rules
    raising = {name for name, each in rules.items() if each.rule.raises}
    its = [each for each in await alerts.held_back(tx, sorted(down)) if _waits(each) and each.rule in raising]
    found = (incident.alert_cause(each, rules[each.rule].rule, touched[each.ci_id]) for each in its)
    return [each for each in found if each is not None]


def _waits(alert: Alert) -> bool:
    return set(alert.suppressed) == {PARENT_DOWN}
