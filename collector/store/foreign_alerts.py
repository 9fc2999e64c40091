"""Alerts of other systems as they were last told, which CI each is about, and what holds it back."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Row, Select, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident.foreign import EXPIRED, FIRING, ForeignAlert
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import foreign_alert

Key = tuple[str, str]
"""(source, fingerprint): of the alerts of one account."""
_DETAIL: Final = ("text", "link", "labels", "incomplete")
_TOLD_ANEW: Final = ("state", "severity", "name", "title", "detail", "names", "started_at", "ended_at", "until",
                     "seen_at", "ci_id", "bound_by")  # fmt: skip
_FREE: Final[dict[str, Any]] = {"suppressed": "", "held_by": "", "look_at": 0, "told": False}


@dataclass(frozen=True, slots=True)
class Holding:
    """What holds an alert back, and whether it is a cause of an incident: each as of our own, see `model.Alert`."""

    suppressed: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()
    look_at: int = 0
    told: bool = False


NOTHING: Final = Holding()


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
    held: Holding = NOTHING


async def known(connection: AsyncConnection, account: str, keys: Iterable[Key], hold: bool = False) -> dict[Key, Kept]:
    """Return what is kept of these for an account: of what it tells, and of what no account is known to tell.

    `hold`: until the end of the transaction nobody else writes it.
    """
    found = {}
    for source, its in by_source(keys).items():
        for part in interning.chunks(sorted(its)):
            where = (foreign_alert.c.source == source, foreign_alert.c.fingerprint.in_(part))
            wanted = select(foreign_alert).where(*where, foreign_alert.c.account.in_(["", account]))
            for row in await connection.execute(wanted.with_for_update() if hold else wanted):
                found[row.source, row.fingerprint] = kept_of(row)
    return found


async def held(tx: AsyncConnection, account: str, keys: Iterable[Key]) -> dict[Key, Kept]:
    """Return what is kept of these, until the end of the transaction for this account alone to write.

    What no account was known to tell is this one's from now on.
    """
    found = await known(tx, account, keys, hold=True)
    nobodys = {key: each for key, each in found.items() if not each.alert.account}
    for part in interning.chunks(sorted(each.id for each in nobodys.values())):
        await tx.execute(update(foreign_alert).where(foreign_alert.c.id.in_(part)).values(account=account))
    its = {key: replace(each, alert=replace(each.alert, account=account)) for key, each in nobodys.items()}
    return found | its


def by_source(keys: Iterable[Key]) -> dict[str, set[str]]:
    """Return source → the second words of its keys."""
    found: dict[str, set[str]] = {}
    for source, word in keys:
        found.setdefault(source, set()).add(word)
    return found


async def save(tx: AsyncConnection, told: Sequence[tuple[ForeignAlert, int | None, str]], now: int) -> None:
    """Write alerts as they are told now, each with its CI and by whose word that is; what ends is held by nothing."""
    rows = [
        _values(alert) | {"ci_id": ci_id, "bound_by": by, "first_at": now, "seen_at": now} for alert, ci_id, by in told
    ]
    statement = insert(tx, foreign_alert)
    fresh = {name: statement.excluded[name] for name in _TOLD_ANEW}
    fresh["times"] = foreign_alert.c.times + 1
    firing, over = [row for row in rows if row["state"] == FIRING], [row for row in rows if row["state"] != FIRING]
    for its, anew in ((firing, fresh), (over, fresh | _FREE)):
        if its:
            kept = statement.on_conflict_do_update(index_elements=["source", "fingerprint", "account"], set_=anew)
            await tx.execute(kept, its)


async def hold(tx: AsyncConnection, held: Sequence[Kept]) -> None:
    """Write what holds alerts back, and whether each is a cause of an incident."""
    if held:
        rows = [
            {"its_id": each.id, "by_these": " ".join(each.held.suppressed), "of_these": " ".join(each.held.held_by),
             "again_at": each.held.look_at, "is_told": each.held.told}
            for each in held
        ]  # fmt: skip
        by = update(foreign_alert).where(foreign_alert.c.id == bindparam("its_id")).values(
            suppressed=bindparam("by_these"), held_by=bindparam("of_these"), look_at=bindparam("again_at"),
            told=bindparam("is_told"),
        )  # fmt: skip
        await tx.execute(by, rows)


async def look_again(tx: AsyncConnection, at: int) -> None:
    """Have what holds alerts of CIs back looked at again at `at` (ms)."""
    standing = (foreign_alert.c.state == FIRING, foreign_alert.c.ci_id.is_not(None))
    await tx.execute(update(foreign_alert).where(*standing).values(look_at=at))


async def to_look_at(connection: AsyncConnection, now: int, limit: int) -> list[int]:
    """Return CIs with an alert that what holds it back is to be looked at again for, at most so many."""
    due = (foreign_alert.c.look_at > 0, foreign_alert.c.look_at <= now, foreign_alert.c.ci_id.is_not(None))
    rows = await connection.execute(select(foreign_alert.c.ci_id).where(*due).distinct().limit(limit))
    return [row.ci_id for row in rows]


async def firing(connection: AsyncConnection, ci_ids: Collection[int]) -> list[Kept]:
    """Return the alerts that stand of some CIs."""
    found = []
    for part in interning.chunks(sorted(ci_ids)):
        rows = await connection.execute(_standing().where(foreign_alert.c.ci_id.in_(part)))
        found += [kept_of(row) for row in rows]
    return found


async def unbound(connection: AsyncConnection, source: str, saying: str, limit: int = 100_000) -> list[Kept]:
    """Return the alerts of a source that stand, are of no CI anybody knows and say this word, the oldest first."""
    said = json.dumps(saying, ensure_ascii=False)
    says = or_(*(column.contains(said, autoescape=True) for column in (foreign_alert.c.detail, foreign_alert.c.names)))
    its = (foreign_alert.c.ci_id.is_(None), foreign_alert.c.source == source, says)
    return [kept_of(row) for row in await connection.execute(_standing().where(*its).limit(limit))]


async def counted(connection: AsyncConnection, kinds: Collection[Key]) -> dict[Key, dict[str, int]]:
    """Return (source, name) → severity → how many alerts of that kind stand and are of no CI, for these kinds."""
    its = (foreign_alert.c.source, foreign_alert.c.name)
    found: dict[Key, dict[str, int]] = {each: {} for each in kinds}
    wanted = select(*its, foreign_alert.c.severity, func.count().label("alerts")).where(
        foreign_alert.c.ci_id.is_(None), foreign_alert.c.state == FIRING
    )
    for source, names in by_source(kinds).items():
        for part in interning.chunks(sorted(names)):
            rows = await connection.execute(
                wanted.where(its[0] == source, its[1].in_(part)).group_by(*its, foreign_alert.c.severity)
            )
            for row in rows:
                found[row.source, row.name][row.severity] = row.alerts
    return found


async def find(connection: AsyncConnection, number: int) -> Kept | None:
    row = (await connection.execute(select(foreign_alert).where(foreign_alert.c.id == number))).first()
    return None if row is None else kept_of(row)


async def bind(tx: AsyncConnection, numbers: Collection[int], ci_id: int, by: str) -> None:
    """Say which CI alerts are about."""
    for part in interning.chunks(sorted(numbers)):
        its = update(foreign_alert).where(foreign_alert.c.id.in_(part))
        await tx.execute(its.values(ci_id=ci_id, bound_by=by, look_at=0))


async def expire(tx: AsyncConnection, now: int) -> list[Kept]:
    """End what nobody has told of any more by the time it said, and return that."""
    over = and_(foreign_alert.c.state == FIRING, foreign_alert.c.until <= now)
    ended = update(foreign_alert).where(over).values(state=EXPIRED, ended_at=foreign_alert.c.until, **_FREE)
    return [kept_of(row) for row in await tx.execute(ended.returning(*foreign_alert.c))]


# --- rows


def _standing() -> Select[Any]:
    return select(foreign_alert).where(foreign_alert.c.state == FIRING).order_by(foreign_alert.c.id)


def _values(alert: ForeignAlert) -> dict[str, Any]:
    detail = {name: _plain(getattr(alert, name)) for name in _DETAIL}
    return {
        "source": alert.source, "fingerprint": alert.fingerprint, "state": alert.state, "severity": alert.severity,
        "name": alert.name, "title": alert.title, "detail": _json(detail), "names": _json(dict(alert.names)),
        "started_at": alert.started_at, "ended_at": alert.ended_at, "until": alert.until,
        "account": alert.account, "cause_key": alert.cause_key,
    }  # fmt: skip


def kept_of(row: Row[Any]) -> Kept:
    """Return an alert as a row of the table has it."""
    detail = json.loads(row.detail)
    alert = ForeignAlert(
        row.source, row.fingerprint, row.state, row.severity, row.name, row.title, row.started_at,
        names=json.loads(row.names), ended_at=row.ended_at, until=row.until, account=row.account,
        cause_key=row.cause_key,
        **{name: detail[name] for name in _DETAIL if name in detail},
    )  # fmt: skip
    return Kept(
        row.id, alert, row.ci_id, row.bound_by, row.first_at, row.seen_at, row.times,
        Holding(tuple(row.suppressed.split()), tuple(row.held_by.split()), row.look_at, bool(row.told)),
    )  # fmt: skip


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


_json: Final = json.JSONEncoder(ensure_ascii=False).encode
"""Made once: `json.dumps` makes one for every text."""
