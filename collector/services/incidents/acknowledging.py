"""Alerts somebody has seen: "seen, by me, because …", for as long as an episode lasts, and taken back.

Whoever takes an incident has seen its alerts. Where the last cause of an incident is seen, its channels are told once:
systems that call people stop calling.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident import alert_key
from collector.incident.planning import CAUSE
from collector.model import CI, Alert, Incident
from collector.security.audit import Act
from collector.services.changes.asked import MAX_REASON, one_line
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import alert_acks, alerts, cis, desk, incidents, members, telling
from collector.store.alert_acks import Ack
from collector.store.desk import Mark

ACKNOWLEDGE, WITHDRAW = "acknowledge", "withdraw"
EVENT: Final = "acknowledged"
"""What channels are told when somebody has seen all an incident is made of."""


async def acknowledge(act: Act, rule: str, uid: str, instance: str, reason: str) -> None:
    """Say that whoever acts has seen an alert that fires, and why; raise `NotFound`, `Refused`."""
    alert, ci = await _found(act.tx, rule, uid, instance)
    why = one_line(reason, MAX_REASON, "reason")
    if not (alert.fires or alert.flapping):
        raise Refused("it does not fire: there is nothing to have seen", "alert")
    if not await alert_acks.put(act.tx, [alert], Ack(act.at, act.by, why, alert.episode)):
        raise Refused("somebody has seen it already", "alert")
    act.tell("alert.acknowledge", _name(alert, ci), after={"episode": alert.episode, "reason": why})
    await _noted(act, alert, ci, ACKNOWLEDGE, why)


async def withdraw(act: Act, rule: str, uid: str, instance: str, reason: str) -> None:
    """Take that back, so that it is as if nobody had seen it; raise `NotFound`, `Refused`."""
    alert, ci = await _found(act.tx, rule, uid, instance)
    why = one_line(reason, MAX_REASON, "reason")
    if alert_key(rule, uid, instance) not in await alert_acks.of(act.tx, [ci.id]):
        raise Refused("nobody has said to have seen it", "alert")
    await alert_acks.end(act.tx, [(rule, ci.id, instance)], act.at, act.by, why)
    act.tell("alert.withdraw", _name(alert, ci), {"episode": alert.episode}, {"reason": why})
    await _noted(act, alert, ci, WITHDRAW, why)


async def of_incident(act: Act, one: Incident) -> None:
    """Acknowledge all alerts an incident is made of, for who has taken it."""
    await _see(act, one, Ack(act.at, act.by, one.number, 0))


async def of_incident_elsewhere(act: Act, one: Incident, who: str, where: str) -> bool:
    """Acknowledge them for somebody who has seen it in another system; return whether nobody had before."""
    if not await _see(act, one, Ack(act.at, who, where, 0)):
        return False
    await desk.note(act.tx, [(one.id, Mark(act.at, who, ACKNOWLEDGE, detail={"reference": where}))])
    if await _is_all_seen(act.tx, one):
        await telling.tell(act.tx, [(one, EVENT, f"{who} ({where})")], act.at)
    return True


async def _see(act: Act, one: Incident, said: Ack) -> bool:
    """Write that somebody has seen the alerts of an incident that fire; return whether that was news of any."""
    its = await members.of_incidents(act.tx, [one.id])
    keys = {each.cause_key for each in its}
    ids = {each.ci_id for each in its if each.ci_id is not None}
    named = await cis.by_ids(act.tx, sorted(ids))
    firing = [
        each for each in await alerts.firing(act.tx, ids)
        if alert_key(each.rule, named[each.ci_id].uid, each.instance) in keys
    ]  # fmt: skip
    seen = await alert_acks.put(act.tx, firing, said)
    if seen:
        by = {} if said.who == act.by else {"who": said.who, "where": said.reason}
        act.tell("alert.acknowledge", f"incident/{one.number}", after={"alerts": len(seen)} | by)
    return bool(seen)


async def _found(tx: AsyncConnection, rule: str, uid: str, instance: str) -> tuple[Alert, CI]:
    ci = (await cis.by_uids(tx, [uid])).get(uid)
    alert = (await alerts.load(tx, [ci.id])).get((rule, ci.id, instance)) if ci else None
    if ci is None or alert is None:
        raise NotFound("alert", f"{rule} {uid}")
    return alert, ci


def _name(alert: Alert, ci: CI) -> str:
    return f"alert/{alert.rule}/{ci.uid}" + (f"/{alert.instance}" if alert.instance else "")


async def _noted(act: Act, alert: Alert, ci: CI, step: str, why: str) -> None:
    """Write it into the trail of the incident the alert is in, and tell what that makes of the incident."""
    key = alert_key(alert.rule, ci.uid, alert.instance)
    member = next((each for each in await members.of_cis(act.tx, [ci.id]) if each.cause_key == key), None)
    one = next(iter(await incidents.by_ids(act.tx, [member.incident_id])), None) if member else None
    if member is None or one is None or one.resolved_at is not None:
        return
    await desk.note(act.tx, [(one.id, Mark(act.at, act.by, step, why, {"reference": alert.rule}))])
    if step == ACKNOWLEDGE and await _is_all_seen(act.tx, one):
        await telling.tell(act.tx, [(one, EVENT, why)], act.at)
    elif step == WITHDRAW:
        await telling.tell(act.tx, [(one, "updated", why)], act.at)


async def _is_all_seen(tx: AsyncConnection, one: Incident) -> bool:
    causes = [each for each in await members.of_incidents(tx, [one.id]) if each.role == CAUSE]
    seen = await alert_acks.of(tx, {each.ci_id for each in causes if each.ci_id is not None})
    return all(each.cause_key in seen for each in causes)
