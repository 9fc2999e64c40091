"""Alerts: the remembered state of each rule on each CI and instance, and the log of how they moved."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Alert, Outcome, Value
from collector.store import alert_acks, interning
from collector.store.engine import insert, upsert
from collector.store.schema import alert, alert_move
from wire.sections import canonical

KEY = ("rule", "ci_id", "instance")
AlertKey = tuple[str, int, str]
_STANDING = select(alert).where(
    alert.c.ci_id.in_(bindparam("cis", expanding=True)),
    or_(alert.c.state != "ok", alert.c.told, alert.c.flapping, alert.c.rule.in_(bindparam("rules", expanding=True))),
)


@dataclass(frozen=True, slots=True)
class AlertMove:
    """One line of the log: what an alert was from `at` (ms) on."""

    rule: str
    ci_id: int
    instance: str
    at: int
    state: str
    outcome: str
    severity: str
    evidence: Mapping[str, Value]
    reason: str
    suppressed: tuple[str, ...]
    episode: int


async def load(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[AlertKey, Alert]:
    """Return the alerts of those CIs, by (rule, CI id, instance)."""
    return {(each.rule, each.ci_id, each.instance): each for each in await _found(connection, ci_ids)}


async def standing(connection: AsyncConnection, wanted: Mapping[int, Iterable[str]]) -> dict[AlertKey, Alert]:
    """Return those of them that are not simply ok: what can be held back, or is told of; and all of the rules `wanted`
    (CI → rules)."""
    found: list[Alert] = []
    for rules, ci_ids in interning.alike(wanted).items():
        for part in interning.chunks(ci_ids):
            rows = await connection.execute(_STANDING, {"cis": part, "rules": sorted(rules)})
            found += [as_alert(row) for row in rows]
    return {(each.rule, each.ci_id, each.instance): each for each in found}


async def firing(connection: AsyncConnection, ci_ids: Collection[int]) -> list[Alert]:
    """Return the alerts of those CIs that are causes of incidents: they fire, or flap, and nothing holds them back."""
    return await _found(connection, ci_ids, alert.c.told)


async def held_back(connection: AsyncConnection, ci_ids: Collection[int]) -> list[Alert]:
    """Return the alerts of those CIs that fire, and something holds them back."""
    fires = alert.c.state.in_(("firing", "recovering"))
    return await _found(connection, ci_ids, fires & ~alert.c.told & (alert.c.suppressed != ""))


Pairs = set[tuple[str, int]]
"""Rules and CIs."""
_LOST = ("stale", "failed", "denied")
_UNREAD = (*_LOST, "never_seen")


async def by_clock(connection: AsyncConnection, ci_ids: Collection[int]) -> tuple[Pairs, Pairs]:
    """Return the (rule, CI) of which time alone can move an alert, and those that said that they cannot read."""
    moving: Pairs = set()
    unread: Pairs = set()
    blind = (alert.c.outcome == "UNKNOWN") & (alert.c.instance == "")
    wanted = select(alert.c.rule, alert.c.ci_id, alert.c.timed, alert.c.outcome, alert.c.reason)
    for part in interning.chunks(ci_ids):
        for row in await connection.execute(wanted.where(alert.c.ci_id.in_(part), or_(alert.c.timed, blind))):
            if row.timed:
                moving.add((row.rule, row.ci_id))
            if row.outcome == "UNKNOWN" and row.reason.startswith(_UNREAD):
                unread.add((row.rule, row.ci_id))
    return moving, unread


async def blind(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return CI → rule that could read it and no longer can → since when (ms)."""
    found: dict[int, dict[str, int]] = {}
    unknown = (alert.c.outcome == "UNKNOWN", alert.c.instance == "")
    wanted = select(alert.c.rule, alert.c.ci_id, alert.c.reason, alert.c.changed_at).where(*unknown)
    for part in interning.chunks(sorted(ci_ids)):
        for row in await connection.execute(wanted.where(alert.c.ci_id.in_(part))):
            if row.reason.startswith(_LOST):
                found.setdefault(row.ci_id, {})[row.rule] = row.changed_at
    return found


async def timed(connection: AsyncConnection) -> list[int]:
    """Return the CIs with an alert that time alone can move."""
    rows = await connection.execute(select(alert.c.ci_id).where(text("timed")).distinct())
    return [row.ci_id for row in rows]


async def to_look_at(connection: AsyncConnection, now: int, limit: int) -> list[int]:
    """Return CIs with an alert that what holds it back is to be looked at again for, at most so many."""
    due = select(alert.c.ci_id).where(alert.c.look_at > 0, alert.c.look_at <= now).distinct().limit(limit)
    return [row.ci_id for row in await connection.execute(due)]


async def look_again(tx: AsyncConnection, at: int, rules: Collection[str] = (), ci_ids: Collection[int] = ()) -> None:
    """Have what holds alerts back looked at again at `at` (ms): of these rules and CIs, or of all."""
    where: list[ColumnElement[bool]] = [or_(alert.c.state != "ok", alert.c.told)]
    if rules:
        where.append(alert.c.rule.in_(sorted(rules)))
    for part in interning.chunks(sorted(ci_ids)) if ci_ids else (None,):
        chosen = [*where, *([alert.c.ci_id.in_(part)] if part else ())]
        await tx.execute(update(alert).where(*chosen).values(look_at=at))


async def save(tx: AsyncConnection, alerts: Iterable[Alert], before: Mapping[AlertKey, Alert], now: int) -> None:
    """Write `alerts` over what was there `before`, and log what moved; one whose outcome is N/A is forgotten."""
    given = list(alerts)
    kept = [each for each in given if each.outcome is not Outcome.NOT_APPLICABLE]
    forgotten = [each for each in given if each.outcome is Outcome.NOT_APPLICABLE]
    if kept:
        await tx.execute(upsert(tx, alert, KEY), [_row(each) for each in kept])
    if forgotten:
        exact = [alert.c[name] == bindparam(f"its_{name}") for name in KEY]
        keys = [{f"its_{name}": getattr(each, name) for name in KEY} for each in forgotten]
        await alert_acks.end(tx, [(each.rule, each.ci_id, each.instance) for each in forgotten], now)
        await tx.execute(delete(alert).where(*exact), keys)
    moves = [_move(each, now) for each in given if _has_moved(before.get((each.rule, each.ci_id, each.instance)), each)]
    if moves:
        await tx.execute(insert(tx, alert_move), moves)


def _has_moved(old: Alert | None, new: Alert) -> bool:
    """Return whether the log tells of it: not of what was well from the first, nor of values that move."""
    if old is None:
        return new.state != "ok"
    if old.state == "ok" and new.outcome is Outcome.NOT_APPLICABLE:
        return False
    return _told(old) != _told(new)


def _told(each: Alert) -> tuple[object, ...]:
    fired = each.evidence.get("severity") if each.state != "ok" else None
    return each.state, each.outcome, each.suppressed, each.flapping, each.told, fired


async def moves(connection: AsyncConnection, rule: str, ci_id: int, instance: str, limit: int = 100) -> list[AlertMove]:
    """Return how one alert moved, the latest first."""
    its = (alert_move.c.rule == rule, alert_move.c.ci_id == ci_id, alert_move.c.instance == instance)
    rows = await connection.execute(select(alert_move).where(*its).order_by(alert_move.c.id.desc()).limit(limit))
    return [_as_move(row) for row in rows]


async def moves_between(connection: AsyncConnection, start: int, end: int, limit: int = 100_000) -> list[AlertMove]:
    """Return what moved in [start, end) (ms), the earliest first."""
    during = select(alert_move).where(alert_move.c.at >= start, alert_move.c.at < end)
    rows = await connection.execute(during.order_by(alert_move.c.at, alert_move.c.id).limit(limit))
    return [_as_move(row) for row in rows]


async def forget_moves(tx: AsyncConnection, before: int, limit: int) -> int:
    """Take away lines of the log from before `before` (ms), so many at most; return how many."""
    old = select(alert_move.c.id).where(alert_move.c.at < before).order_by(alert_move.c.at).limit(limit)
    return (await tx.execute(delete(alert_move).where(alert_move.c.id.in_(old)))).rowcount


async def count_by_state(connection: AsyncConnection) -> dict[str, int]:
    """Return state → alerts, of those that are not ok."""
    counted = select(alert.c.state, func.count()).where(alert.c.state != "ok").group_by(alert.c.state)
    return {row[0]: row[1] for row in await connection.execute(counted)}


async def _found(connection: AsyncConnection, ci_ids: Collection[int], *where: ColumnElement[bool]) -> list[Alert]:
    found: list[Alert] = []
    for part in interning.chunks(ci_ids):
        rows = await connection.execute(select(alert).where(alert.c.ci_id.in_(part), *where))
        found += [as_alert(row) for row in rows]
    return found


def _row(each: Alert) -> dict[str, object]:
    return {
        "rule": each.rule, "ci_id": each.ci_id, "instance": each.instance, "state": each.state,
        "outcome": str(each.outcome), "since": each.since, "changed_at": each.changed_at,
        "evidence": canonical(dict(each.evidence)).decode(), "reason": each.reason, "episode": each.episode,
        "samples": each.samples, "seen_at": each.seen_at, "keep_until": each.keep_until, "bits": each.bits,
        "flapping": each.flapping, "suppressed": " ".join(each.suppressed), "held_by": " ".join(each.held_by),
        "look_at": each.look_at, "told": each.told, "lowered": each.lowered, "timed": each.is_timed,
    }  # fmt: skip


def as_alert(row: Row[tuple[Any, ...]]) -> Alert:
    return Alert(
        row.rule, row.ci_id, row.instance, row.state, Outcome(row.outcome), row.since, row.changed_at,
        _evidence(row.evidence), row.reason, row.episode, row.samples, row.seen_at, row.keep_until, row.bits,
        bool(row.flapping), _words(row.suppressed), _words(row.held_by), row.look_at, bool(row.told), row.lowered,
    )  # fmt: skip


def _evidence(text: str) -> dict[str, Value]:
    return json.loads(text) if text != "{}" else {}  # what is well has none, and most is


def _move(each: Alert, now: int) -> dict[str, object]:
    severity = each.lowered or each.evidence.get("severity", "")
    return {
        "rule": each.rule, "ci_id": each.ci_id, "instance": each.instance, "at": now, "state": each.state,
        "outcome": str(each.outcome), "severity": severity, "evidence": canonical(dict(each.evidence)).decode(),
        "reason": each.reason, "suppressed": " ".join(each.suppressed), "episode": each.episode,
    }  # fmt: skip


def _as_move(row: Row[tuple[Any, ...]]) -> AlertMove:
    return AlertMove(
        row.rule, row.ci_id, row.instance, row.at, row.state, row.outcome, row.severity, json.loads(row.evidence),
        row.reason, _words(row.suppressed), row.episode,
    )  # fmt: skip


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())
