"""Incidents with their store: the present causes of some CIs → what opens, joins, reopens, resolves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident
from collector.model import CI, Cause
from collector.pipeline import campaigning, ending, log_only, rooting, suppressing
from collector.pipeline.policies import Policies
from collector.record import PRODUCTION
from collector.services.incidents import admitting
from collector.store import alerts, cis, findings, incidents


async def settle(tx: AsyncConnection, touched: Mapping[int, CI], policies: Policies, now: int) -> None:
    """Bring the incidents of these CIs in line with their alerts and findings.

    A victim whose incident resolves is looked at again: what stands of it now stands for itself. So is a CI whose
    finding turns out to be one of many.
    """
    seen: set[int] = set()
    while touched:
        seen |= touched.keys()
        released = await _settle(tx, touched, policies, now)
        touched = await cis.by_ids(tx, sorted(released - seen))


async def settle_of(tx: AsyncConnection, ci_ids: Collection[int], now: int, policies: Policies) -> None:
    """Do the same for who has only the ids of the CIs."""
    await settle(tx, await cis.by_ids(tx, sorted(ci_ids)), policies, now)


async def _settle(tx: AsyncConnection, touched: Mapping[int, CI], policies: Policies, now: int) -> set[int]:
    """Return the CIs that were victims of what has resolved, and those whose findings make a new campaign."""
    concerned = {ci_id: ci for ci_id, ci in touched.items() if ci.environment == PRODUCTION}
    present, joined = await _causes(tx, concerned, policies, now)
    causes = await _grouped(tx, present, touched, policies, now)
    held = await incidents.held_of(tx, touched, causes, now)
    ended = await ending.ended(tx, held, causes, touched)
    plan = incident.plan(held, causes, now, _gone(touched), ended)
    if plan.is_empty:
        return joined
    released = await incidents.victims_of(tx, [each.id for each in plan.resolve])
    await admitting.carry_out(tx, held, plan, policies.desk, now)
    return released | joined


async def _causes(
    tx: AsyncConnection, touched: Mapping[int, CI], policies: Policies, now: int
) -> tuple[list[Cause], set[int]]:
    """Return the present causes, and the CIs of which some go elsewhere from now on."""
    firing = await alerts.firing(tx, touched)
    sure = [each for each in await findings.of_cis(tx, touched) if not each.once]
    open_findings = await log_only.enforced(tx, sure, touched, policies.modes, now)
    rules = policies.rulebook.rules
    causes = [
        incident.alert_cause(alert, rules[alert.rule].rule, touched[alert.ci_id])
        for alert in firing
        if alert.rule in rules
    ]
    causes += [
        incident.foreign_cause(each.alert, touched[each.ci_id], each.held.held_by)
        for each in await suppressing.told_of_others(tx, touched, now)
        if each.ci_id is not None
    ]
    gathered, joined = await campaigning.gathered(tx, open_findings, now)
    its = [incident.finding_cause(finding, touched[finding.ci_id], policies.naming) for finding in gathered]
    return _present([*causes, *its, *await campaigning.told(tx, gathered, touched, policies.naming)]), joined


async def _grouped(
    tx: AsyncConnection, causes: list[Cause], touched: Mapping[int, CI], policies: Policies, now: int
) -> list[Cause]:
    """Return `causes` with the incident each goes to (`group`) and whether it is a cause or a victim (`role`)."""
    return await rooting.grouped(tx, causes, touched, policies, now)


def _present(causes: Iterable[Cause | None]) -> list[Cause]:
    return [cause for cause in causes if cause is not None]


def _gone(touched: Mapping[int, CI]) -> dict[int, str]:
    """Return the CIs of which nothing is told any more, and why: a code of the desk."""
    return {ci_id: why for ci_id, ci in touched.items() if (why := incident.out_of_scope(ci))}
