"""Locks: values somebody holds in their place until a day. Those that ended stay as what was."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import CiState, Path
from collector.reconcile import Lock
from collector.record import HAND
from collector.store import interning, schema
from collector.store.accounts import ACTIVE
from collector.store.contest import Place
from collector.store.engine import insert

EXPIRED, RELEASED, REPLACED, HOLDER, GONE = "expired", "released", "replaced", "holder", "ci"
"""Why a lock ended: its day came, somebody released or renewed it, its holder or its CI is no longer there."""
_its = schema.value_lock.c
_CLOSED = (str(CiState.RETIRED), str(CiState.ARCHIVED))


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that stands on a CI; `source_id` is of its holder. `over`: why it has to end, empty where it has not."""

    id: int
    ci_id: int
    ci_uid: str
    source_id: int
    lock: Lock
    over: str = ""

    @property
    def place(self) -> Place:
        return self.ci_id, self.lock.path


def _standing(*more: Any) -> Select[Any]:
    joined = (
        schema.value_lock.join(schema.ci, schema.ci.c.id == _its.ci_id)
        .join(schema.path, schema.path.c.id == _its.path_id)
        .join(schema.val, schema.val.c.id == _its.val_id)
        .join(schema.source, schema.source.c.id == _its.source_id)
    )
    account = schema.account.c
    if more:
        joined = joined.outerjoin(schema.account, account.name == func.substr(schema.source.c.code, len(HAND) + 2))
    return (
        select(
            _its.id, _its.ci_id, schema.ci.c.uid, _its.source_id, schema.path.c.section, schema.path.c.key,
            schema.val.c.text, schema.source.c.code, _its.since, _its.expires_at, _its.reason, _its.change, *more,
        )
        .select_from(joined)
        .where(_its.ended_at.is_(None))
        .order_by(_its.id)
    )  # fmt: skip


async def on(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[Place, Held]:
    """Return the locks that stand on those CIs; those whose day has come among them until the clock ends them."""
    found: dict[Place, Held] = {}
    for part in interning.chunks(sorted(ci_ids)):
        rows = await connection.execute(_standing().where(_its.ci_id.in_(part)))
        found |= {held.place: held for held in map(_held, rows)}
    return found


async def over(connection: AsyncConnection, now: int, most: int) -> list[Held]:
    """Return locks that have to end by `now` (ms), each with why."""
    ci, account = schema.ci.c, schema.account.c
    is_gone = ci.state.in_(_CLOSED) | ci.merged_into.is_not(None)
    is_left = account.state.is_(None) | (account.state != ACTIVE)
    why = case((_its.expires_at <= now, EXPIRED), (is_gone, GONE), else_=HOLDER).label("over")
    wanted = _standing(why).where(or_(_its.expires_at <= now, is_gone, is_left)).order_by(None).limit(most)
    held = wanted.with_for_update(skip_locked=True, of=schema.value_lock)
    return [_held(row) for row in await connection.execute(held)]


def _held(row: Any) -> Held:
    path = Path(row.section, row.key)
    lock = Lock(path, json.loads(row.text), row.code, row.since, row.expires_at, row.reason, row.change)
    return Held(row.id, row.ci_id, row.uid, row.source_id, lock, row._mapping.get("over", ""))


async def add(tx: AsyncConnection, ci_id: int, lock: Lock) -> None:
    """Write a lock; there is none on its path, and its holder is a source that is known."""
    paths = await interning.path_ids(tx, [lock.path])
    values = await interning.value_ids(tx, [lock.value])
    row = {
        "ci_id": ci_id, "path_id": paths[lock.path], "val_id": interning.id_of(values, lock.value),
        "source_id": select(schema.source.c.id).where(schema.source.c.code == lock.holder).scalar_subquery(),
        "since": lock.since, "expires_at": lock.expires_at, "reason": lock.reason, "change": lock.change,
    }  # fmt: skip
    await tx.execute(insert(tx, schema.value_lock).values(row))


async def end(tx: AsyncConnection, ids: Iterable[int], at: int, by: str, why: str) -> None:
    """Let locks end; `why` is one of the words above, or what somebody said."""
    for part in interning.chunks(ids):
        ended = update(schema.value_lock).where(_its.id.in_(part), _its.ended_at.is_(None))
        await tx.execute(ended.values(ended_at=at, ended_by=by, ended_why=why))
