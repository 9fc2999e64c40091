"""A channel that does not work is an incident, which goes by every other channel; it is over when it works again."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident
from collector.model import Cause
from collector.store import channels, incidents, outbox
from collector.store.channels import Health
from collector.store.telling import ALARM
from collector.wording import clean

PATIENCE_MS: Final = 60_000
"""How long nothing must get through before somebody is told."""
DEAD_MS: Final = 24 * 3_600_000
"""How long a message that was given up is told of; people have it sent again, or it is history."""


async def settle(tx: AsyncConnection, now: int) -> None:
    """Open an incident for each channel that does not work, and resolve those of others; nothing happens twice."""
    causes = await _causes(tx, now)
    if causes or await incidents.open_of_kind(tx, ALARM):
        plan = incident.plan(await incidents.held_of_kind(tx, ALARM, causes, now), causes, now)
        if not plan.is_empty:
            await incidents.apply(tx, plan, now)


async def _causes(tx: AsyncConnection, now: int) -> list[Cause]:
    fares, dead = await channels.health(tx), await outbox.given_up(tx, now - DEAD_MS)
    found = []
    for each in await channels.enabled(tx):
        health = fares.get(each.name, Health(each.name))
        is_broken = bool(health.broken_at) and now - health.broken_at >= PATIENCE_MS
        if is_broken or dead.get(each.name):
            found.append(_cause(health, dead.get(each.name, 0), is_broken, now))
    return found


def _cause(health: Health, dead: int, is_broken: bool, now: int) -> Cause:
    why = clean(health.last_error)
    broken = {"zh": f"通知渠道 {health.name} 不可用：{why}", "en": f"Channel {health.name} does not work: {why}"}
    given_up = {
        "zh": f"通知渠道 {health.name} 有 {dead} 条消息未能送达",
        "en": f"{dead} messages could not be delivered by channel {health.name}",
    }
    return Cause(
        key=f"channel|{health.name}",
        ci_id=None,
        kind=ALARM,
        severity="error",
        title=broken if is_broken else given_up,
        detail={"channel": health.name, "why": why, "given_up": dead, "role": "incident_manager"},
        since=health.broken_at if is_broken else now,
    )
