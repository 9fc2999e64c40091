"""Alerts somebody has seen: who, when and why, for one episode of an alert. What begins again nobody has seen yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident.causes import alert_key
from collector.model import Alert
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import alert, alert_ack, ci

AlertKey = tuple[str, int, str]
"""Rule, CI id, instance."""
PART = 200
"""Alerts in one statement: three values each, and SQLite takes some thousand."""
STANDS = alert_ack.c.ended_at.is_(None)
FIRES: ColumnElement[bool] = or_(alert.c.state.in_(("firing", "recovering")), alert.c.flapping)


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody has seen an episode of an alert at `at` (ms). `ended_at` None: that stands, as long as it lasts."""

    at: int
    who: str
    reason: str
    episode: int
    ended_at: int | None = None
    ended_by: str = ""
    ended_why: str = ""


def is_of() -> ColumnElement[bool]:
    """Return what joins an alert that fires with the word that somebody has seen it."""
    return and_(
        STANDS, FIRES, alert_ack.c.rule == alert.c.rule, alert_ack.c.ci_id == alert.c.ci_id,
        alert_ack.c.instance == alert.c.instance, alert_ack.c.episode == alert.c.episode,
    )  # fmt: skip


async def put(tx: AsyncConnection, alerts: Iterable[Alert], said: Ack) -> list[AlertKey]:
    """Write that somebody has seen these alerts; return those nobody had seen in this episode.

    `said.episode` is not asked: each alert has its own.
    """
    its = {_key(each): each for each in alerts}
    standing = await _standing(tx, its)
    fresh = {key: each for key, each in its.items() if standing.get(key) != each.episode}
    for part in _keys(standing.keys() & fresh.keys()):
        await tx.execute(update(alert_ack).where(STANDS, _is_one_of(part)).values(ended_at=said.at))
    if fresh:
        once = insert(tx, alert_ack).on_conflict_do_nothing(
            index_elements=["rule", "ci_id", "instance"], index_where=STANDS
        )
        await tx.execute(once, [_row(each, said) for each in fresh.values()])
    return list(fresh)


async def end(tx: AsyncConnection, keys: Iterable[AlertKey], at: int, by: str = "", why: str = "") -> int:
    """Let the word on these alerts stand no more; return how many had one."""
    ended = 0
    for part in _keys(keys):
        over = update(alert_ack).where(STANDS, _is_one_of(part)).values(ended_at=at, ended_by=by, ended_why=why)
        ended += (await tx.execute(over)).rowcount
    return ended


async def of(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[str, Ack]:
    """Return key of a cause → who has seen it, of the alerts of these CIs that fire."""
    return await _of(connection, ci.c.id, ci_ids)


async def of_cis(connection: AsyncConnection, uids: Collection[str]) -> dict[str, Ack]:
    """Return the same for who knows the CIs by their uids."""
    return await _of(connection, ci.c.uid, uids)


async def _of(connection: AsyncConnection, column: ColumnElement[Any], named: Collection[Any]) -> dict[str, Ack]:
    found: dict[str, Ack] = {}
    joined = alert.join(alert_ack, is_of()).join(ci, ci.c.id == alert.c.ci_id)
    for part in interning.chunks(sorted(named)):
        wanted = select(alert_ack, ci.c.uid).select_from(joined).where(column.in_(part))
        found |= {alert_key(row.rule, row.uid, row.instance): _ack(row) for row in await connection.execute(wanted)}
    return found


async def history(connection: AsyncConnection, key: AlertKey, limit: int) -> tuple[Ack, ...]:
    """Return who said that they have seen an alert, the latest first."""
    its = select(alert_ack).where(_is_one_of([key])).order_by(alert_ack.c.id.desc()).limit(limit)
    return tuple(_ack(row) for row in await connection.execute(its))


async def _standing(tx: AsyncConnection, keys: Collection[AlertKey]) -> dict[AlertKey, int]:
    """Return alert → the episode somebody has seen."""
    found: dict[AlertKey, int] = {}
    for part in _keys(keys):
        for row in await tx.execute(select(alert_ack).where(STANDS, _is_one_of(part)).with_for_update()):
            found[row.rule, row.ci_id, row.instance] = row.episode
    return found


def _is_one_of(keys: Collection[AlertKey]) -> ColumnElement[bool]:
    return tuple_(alert_ack.c.rule, alert_ack.c.ci_id, alert_ack.c.instance).in_(keys)


def _keys(keys: Iterable[AlertKey]) -> Iterable[list[AlertKey]]:
    listed = sorted(keys)
    return (listed[at : at + PART] for at in range(0, len(listed), PART))


def _row(each: Alert, said: Ack) -> dict[str, object]:
    return {
        "rule": each.rule, "ci_id": each.ci_id, "instance": each.instance, "episode": each.episode, "at": said.at,
        "who": said.who, "reason": said.reason,
    }  # fmt: skip


def _ack(row: Row[Any]) -> Ack:
    return Ack(row.at, row.who, row.reason, row.episode, row.ended_at, row.ended_by, row.ended_why)


def _key(each: Alert) -> AlertKey:
    return each.rule, each.ci_id, each.instance
