"""Accepting with its store: newcomers that an arrival rule fits become CIs that count, in the transaction they came in.

What was left then for a doubt, or because nobody knew yet who reached it, is looked at again by the clock.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import arrival
from collector.arrival import ArrivalRule
from collector.classes import UNKNOWN
from collector.pipeline import entering, judging
from collector.pipeline.policies import Policies
from collector.services import arrivals
from collector.services.arrival_rules import Reception
from collector.services.records import Recorder
from collector.services.registration import Registrar
from collector.store import arrival_rules, cis
from collector.store import arrivals as waiting
from collector.store.arrivals import Waiting

PORTION: Final = 200
"""Newcomers that are looked at by the clock in one transaction."""


def registrar(policies: Policies) -> Registrar:
    """Return who registers CIs by those policies."""
    judge = partial(judging.judge_whole, policies=policies)
    return Registrar(policies.governance, judge, Recorder(partial(entering.enter, policies=policies)))


def reception(policies: Policies) -> Reception:
    """Return who lets arrival rules accept newcomers."""
    return Reception(registrar(policies), policies.identity)


async def newcomers(
    tx: AsyncConnection, ci_ids: Collection[int], policies: Policies, now: int, admitted: set[int]
) -> int:  # fmt: skip
    """Accept those of the CIs a batch has touched that are proposed and that a rule fits; return how many.

    `admitted`: those known to be no newcomers, of whom nothing is asked; it learns which of these CIs are none. Rules
    are asked for anew whenever there is a newcomer: who made one may have lost the right to meanwhile.
    """
    if not (asked := set(ci_ids) - admitted):
        return 0
    found = await waiting.among(tx, asked)
    admitted |= asked.difference(each.ci_id for each in found)
    if not found or not (rules := await _rules(tx, now)):
        return 0
    return await _accept(tx, found, rules, policies, now)


@dataclass(slots=True)
class Round:
    """A round over those that wait, a portion at a time. `after`: the last CI it looked at."""

    after: int = 0

    async def step(self, tx: AsyncConnection, policies: Policies, now: int) -> int:
        """Look at the next portion of those that came since some rule is on; return how many were accepted."""
        rules = await _rules(tx, now)
        if not rules:
            return 0
        classes, since = {*(each.ci_class for each in rules), UNKNOWN}, min(each.on_since for each in rules)
        found = await waiting.waiting(tx, classes, since, self.after, PORTION)
        self.after = found[-1].ci_id if len(found) == PORTION else 0
        return await _accept(tx, found, rules, policies, now)


async def _rules(tx: AsyncConnection, now: int) -> list[ArrivalRule]:
    return [each.rule for each in await arrival_rules.holding(tx, now) if arrivals.is_entitled(each)]


async def _accept(
    tx: AsyncConnection, found: Sequence[Waiting], rules: Sequence[ArrivalRule], policies: Policies, now: int
) -> int:  # fmt: skip
    near = await arrivals.meant(tx, found, rules)
    await cis.hold(tx, [each.ci_id for each in near])
    weighed = await arrivals.weigh(tx, await waiting.among(tx, [each.ci_id for each in near]), policies.identity)
    chosen: dict[str, tuple[ArrivalRule, list[int]]] = {}
    for ci_id, each in weighed.items():
        if rule := arrival.rule_for(each, rules, now):
            chosen.setdefault(rule.number, (rule, []))[1].append(ci_id)
    for _, (rule, ci_ids) in sorted(chosen.items()):
        await arrivals.accept(tx, registrar(policies), rule, ci_ids, now)
    return sum(len(ci_ids) for _, ci_ids in chosen.values())
