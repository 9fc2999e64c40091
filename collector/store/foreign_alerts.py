"""Alerts of other systems as they were last told, and which CI each is about."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, Select, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident.foreign import EXPIRED, FIRING, ForeignAlert
from collector.model import GONE
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import ci, foreign_alert, identifier

Key = tuple[str, str]
"""(source, fingerprint)."""
_DETAIL: Final = ("name", "text", "link", "labels", "incomplete")


@dataclass(frozen=True, slots=True)
class Kept:
    """An alert as it is kept: the CI it is about, by whose word ("" : by what it calls it), when it was told (ms)."""

    id: int
    alert: ForeignAlert
    ci_id: int | None
    bound_by: str
    first_at: int
    seen_at: int
    times: int


async def known(connection: AsyncConnection, keys: Iterable[Key]) -> dict[Key, Kept]:
    """Return what is kept of these."""
    by_source: dict[str, list[str]] = {}
    for source, fingerprint in keys:
        by_source.setdefault(source, []).append(fingerprint)
    found = {}
    for source, its in by_source.items():
        for part in interning.chunks(sorted(set(its))):
            where = (foreign_alert.c.source == source, foreign_alert.c.fingerprint.in_(part))
            for row in await connection.execute(select(foreign_alert).where(*where).with_for_update()):
                found[row.source, row.fingerprint] = _kept(row)
    return found


async def save(tx: AsyncConnection, told: Sequence[tuple[ForeignAlert, int | None]], now: int) -> None:
    """Write alerts as they are told now, each with its CI; a person's word about the CI stays."""
    rows = [_values(alert) | {"ci_id": ci_id, "first_at": now, "seen_at": now} for alert, ci_id in told]
    if not rows:
        return
    statement = insert(tx, foreign_alert)
    fresh = statement.excluded
    kept = {name: fresh[name] for name in ("state", "severity", "title", "detail", "names", "started_at", "ended_at",
                                           "until", "seen_at", "ci_id")}  # fmt: skip
    kept["times"] = foreign_alert.c.times + 1
    await tx.execute(statement.on_conflict_do_update(index_elements=["source", "fingerprint"], set_=kept), rows)


async def firing(connection: AsyncConnection, ci_ids: Collection[int]) -> list[Kept]:
    """Return the alerts that stand of some CIs."""
    found = []
    for part in interning.chunks(sorted(ci_ids)):
        rows = await connection.execute(_standing().where(foreign_alert.c.ci_id.in_(part)))
        found += [_kept(row) for row in rows]
    return found


async def unbound(connection: AsyncConnection, limit: int = 100_000) -> list[Kept]:
    """Return the alerts that stand and are of no CI anybody knows, the oldest first."""
    rows = await connection.execute(_standing().where(foreign_alert.c.ci_id.is_(None)).limit(limit))
    return [_kept(row) for row in rows]


async def listed(connection: AsyncConnection, limit: int) -> list[Kept]:
    """Return the alerts that stand, those of no CI first, then the newest first."""
    rows = await connection.execute(
        select(foreign_alert).where(foreign_alert.c.state == FIRING)
        .order_by(foreign_alert.c.ci_id.is_not(None), foreign_alert.c.id.desc()).limit(limit)
    )  # fmt: skip
    return [_kept(row) for row in rows]


async def find(connection: AsyncConnection, number: int) -> Kept | None:
    row = (await connection.execute(select(foreign_alert).where(foreign_alert.c.id == number))).first()
    return None if row is None else _kept(row)


async def bind(tx: AsyncConnection, number: int, ci_id: int, by: str) -> None:
    """Say which CI an alert is about."""
    await tx.execute(update(foreign_alert).where(foreign_alert.c.id == number).values(ci_id=ci_id, bound_by=by))


async def expire(tx: AsyncConnection, now: int) -> set[int | None]:
    """End what nobody has told of any more by the time it said; return of which CIs that was, None: of none."""
    over = and_(foreign_alert.c.state == FIRING, foreign_alert.c.until <= now)
    ended = update(foreign_alert).where(over).values(state=EXPIRED, ended_at=foreign_alert.c.until)
    return {row.ci_id for row in await tx.execute(ended.returning(foreign_alert.c.ci_id))}


# --- which CI is called so


async def with_serial(connection: AsyncConnection, serial: str) -> set[int]:
    """Return the CIs with this serial number, whoever made them."""
    said = identifier.c.value.endswith("|" + serial, autoescape=True)
    return await _ids(connection, select(identifier.c.ci_id).where(identifier.c.kind == "serial", said, _LIVE))


async def identified(connection: AsyncConnection, kind: str, value: str) -> set[int]:
    """Return the CIs that hold an identifier."""
    where = (identifier.c.kind == kind, identifier.c.value == value, _LIVE)
    return await _ids(connection, select(identifier.c.ci_id).where(*where))


async def named(connection: AsyncConnection, name: str) -> set[int]:
    """Return the CIs of this name, in any case of letters."""
    exact = await _ids(connection, select(ci.c.id).where(ci.c.name == name))
    return exact or await _ids(connection, select(ci.c.id).where(func.lower(ci.c.name) == name.lower()))


async def holding(connection: AsyncConnection, kind: str, ci_ids: Collection[int]) -> set[int]:
    """Return those of some CIs that hold any identifier of a kind."""
    where = (identifier.c.kind == kind, identifier.c.ci_id.in_(sorted(ci_ids)), _LIVE)
    return await _ids(connection, select(identifier.c.ci_id).where(*where))


_LIVE: Final = identifier.c.state == "live"


async def _ids(connection: AsyncConnection, wanted: Select[Any]) -> set[int]:
    """Return the CIs a query finds, in the place of those that were merged what they were merged into; none retired."""
    into = func.coalesce(ci.c.merged_into, ci.c.id)
    rows = await connection.execute(select(into).where(ci.c.id.in_(wanted), ci.c.state.not_in([*map(str, GONE)])))
    return set(rows.scalars())


# --- rows


def _standing() -> Select[Any]:
    return select(foreign_alert).where(foreign_alert.c.state == FIRING).order_by(foreign_alert.c.id)


def _values(alert: ForeignAlert) -> dict[str, Any]:
    return {
        "source": alert.source, "fingerprint": alert.fingerprint, "state": alert.state, "severity": alert.severity,
        "title": alert.title, "detail": _json({name: _plain(getattr(alert, name)) for name in _DETAIL}),
        "names": _json(alert.names), "started_at": alert.started_at, "ended_at": alert.ended_at, "until": alert.until,
    }  # fmt: skip


def _kept(row: Row[Any]) -> Kept:
    detail = json.loads(row.detail)
    alert = ForeignAlert(
        row.source, row.fingerprint, row.state, row.severity, detail.pop("name"), row.title, row.started_at,
        names=json.loads(row.names), ended_at=row.ended_at, until=row.until, **detail,
    )  # fmt: skip
    return Kept(row.id, alert, row.ci_id, row.bound_by, row.first_at, row.seen_at, row.times)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False)
