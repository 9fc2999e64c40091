"""Why causes are gone that did not pass: what they told of is so still, and somebody has answered for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident import EXPLAINED, WAIVED, Held, alert_key, finding_key
from collector.model import CI, Cause, Verdict
from collector.store import alerts, findings, foreign_alerts
from collector.suppression import WAIVER

_EXPLAINED: Final = frozenset({Verdict.VERIFIED, Verdict.AUTHORISED, Verdict.IN_PROGRESS, Verdict.ACCEPTED})


async def ended(tx: AsyncConnection, held: Held, causes: Iterable[Cause], touched: Mapping[int, CI]) -> dict[str, str]:
    """Return the key of each cause that is no longer there, and has not passed → how the incident ends by that."""
    gone = {each.cause_key for each in held.members} - {each.key for each in causes}
    return {**await _waived(tx, touched), **await _answered(tx, gone, touched)} if gone else {}


async def _waived(tx: AsyncConnection, touched: Mapping[int, CI]) -> dict[str, str]:
    ours, others = await alerts.held_back(tx, touched), await foreign_alerts.firing(tx, touched)
    keys = [alert_key(each.rule, touched[each.ci_id].uid, each.instance) for each in ours if WAIVER in each.suppressed]
    keys += [each.alert.cause_key for each in others if WAIVER in each.held.suppressed]
    return dict.fromkeys(keys, WAIVED)


async def _answered(tx: AsyncConnection, gone: Iterable[str], touched: Mapping[int, CI]) -> dict[str, str]:
    """Return how those of these causes ended that were findings: waived, or explained by what people approved."""
    numbers = {int(rest) for each in gone for kind, _, rest in [each.partition("|")] if kind == "finding"}
    if not numbers:
        return {}
    waived = (each for each in await findings.of_cis(tx, touched) if each.waived_until is not None)
    found = {finding_key(each.id): WAIVED for each in waived}
    for number, items in (await findings.of_findings(tx, sorted(numbers))).items():
        if all(each.judged.judgement.verdict in _EXPLAINED for each in items):
            found[finding_key(number)] = EXPLAINED
    return found
