"""Stock-takes as they are kept: who counts, what was expected and what was said, with things as they were then."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.stocktake import Kind, Line, Mark, Outcome, Scope, Thing
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import stocktake, stocktake_change, stocktake_line, stocktake_mark, stocktake_person


@dataclass(frozen=True, slots=True)
class New:
    """A stock-take that begins at `opened_at` (ms). `blind`: who counts is not shown what is expected."""

    kind: Kind
    title: str
    scope: Scope
    blind: bool
    opened_by: str
    opened_at: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A stock-take and who counts; `digest` is that of its report once it is closed, as far as it was counted then.

    `cancelled`: it was closed without being done; `note` says why.
    """

    id: int
    number: str
    new: New
    people: tuple[str, ...]
    closed_at: int | None = None
    closed_by: str = ""
    note: str = ""
    digest: str = ""
    cancelled: bool = False


THERE: Final = tuple(
    str(each) for each in (Outcome.CONFIRMED, Outcome.MOVED, Outcome.DAMAGED, Outcome.FOUND)
)  # fmt: skip
"""What is said of a thing that was seen."""


# --- written


async def add(tx: AsyncConnection, new: New, lines: Iterable[Line]) -> tuple[int, str]:
    """Write a stock-take with what it expects; return its id and its number."""
    values = {
        "number": f"?{uuid.uuid4()}", "kind": str(new.kind), "title": new.title, "blind": new.blind,
        "scope": json.dumps(asdict(new.scope), ensure_ascii=False), "opened_by": new.opened_by,
        "opened_at": new.opened_at,
    }  # fmt: skip
    made = await tx.execute(insert(tx, stocktake).values(values).returning(stocktake.c.id))
    stocktake_id = int(made.scalar_one())
    number = f"ST-{stocktake_id:06d}"
    await tx.execute(update(stocktake).where(stocktake.c.id == stocktake_id).values(number=number))
    rows = [{"stocktake_id": stocktake_id, "ci_id": each.thing.ci_id, "thing": _text(each.thing),
             "last_seen": each.last_seen, "plugged": each.plugged} for each in lines]  # fmt: skip
    if rows:
        await tx.execute(insert(tx, stocktake_line), rows)
    return stocktake_id, number


async def assign(tx: AsyncConnection, stocktake_id: int, people: Collection[str]) -> None:
    """Let these people count, and nobody else."""
    await tx.execute(delete(stocktake_person).where(stocktake_person.c.stocktake_id == stocktake_id))
    rows = [{"stocktake_id": stocktake_id, "account": name} for name in sorted(set(people))]
    if rows:
        await tx.execute(insert(tx, stocktake_person), rows)


async def say(tx: AsyncConnection, stocktake_id: int, mark: Mark) -> bool:
    """Write what somebody said; return False when a mark with its key is there already."""
    made = insert(tx, stocktake_mark).values(_values(stocktake_id, mark)).on_conflict_do_nothing()
    return bool((await tx.execute(made)).rowcount)


async def say_all(tx: AsyncConnection, stocktake_id: int, marks: Sequence[Mark]) -> None:
    """Write what is said of many things at once."""
    if marks:
        await tx.execute(insert(tx, stocktake_mark), [_values(stocktake_id, mark) for mark in marks])


def _values(stocktake_id: int, mark: Mark) -> dict[str, Any]:
    return {
        "stocktake_id": stocktake_id, "ci_id": mark.thing and mark.thing.ci_id,
        "thing": _text(mark.thing) if mark.thing else "", "outcome": str(mark.outcome), "at": mark.at,
        "who": mark.who, "place": mark.place, "seen": mark.seen, "note": mark.note, "key": mark.key,
    }  # fmt: skip


_WITNESS = (
    update(stocktake_line)
    .where(stocktake_line.c.stocktake_id == bindparam("b_stocktake"), stocktake_line.c.ci_id == bindparam("b_ci"))
    .values(last_seen=bindparam("b_seen"), plugged=bindparam("b_plugged"))
)


async def witness(tx: AsyncConnection, stocktake_id: int, seen: Mapping[int, tuple[int, str]]) -> None:
    """Write when discovery last saw what is expected (CI → ms) and where it is plugged in."""
    rows = [{"b_stocktake": stocktake_id, "b_ci": ci_id, "b_seen": at, "b_plugged": plugged}
            for ci_id, (at, plugged) in seen.items()]  # fmt: skip
    if rows:
        await tx.execute(_WITNESS, rows)


async def close(tx: AsyncConnection, kept: Kept) -> bool:
    """Write the end of a stock-take; return False when it is closed already."""
    is_it = (stocktake.c.id == kept.id, stocktake.c.closed_at.is_(None))
    values = {"closed_at": kept.closed_at, "closed_by": kept.closed_by, "note": kept.note, "digest": kept.digest}
    values["cancelled"] = kept.cancelled
    return bool((await tx.execute(update(stocktake).where(*is_it).values(values))).rowcount)


async def propose(tx: AsyncConnection, stocktake_id: int, ci_ids: Iterable[int], number: str) -> None:
    """Write that a change was raised for what had moved."""
    rows = [{"stocktake_id": stocktake_id, "ci_id": ci_id, "number": number} for ci_id in ci_ids]
    await tx.execute(insert(tx, stocktake_change), rows)


# --- read


async def find(connection: AsyncConnection, number: str, hold: bool = False) -> Kept | None:
    """Return a stock-take; `hold`: nobody else writes of it until the transaction ends."""
    wanted = select(stocktake).where(stocktake.c.number == number)
    row = (await connection.execute(wanted.with_for_update() if hold else wanted)).one_or_none()
    return _kept(row, await people(connection, row.id)) if row else None


async def people(connection: AsyncConnection, stocktake_id: int) -> tuple[str, ...]:
    named = select(stocktake_person.c.account).where(stocktake_person.c.stocktake_id == stocktake_id)
    return tuple((await connection.execute(named.order_by(stocktake_person.c.account))).scalars())


async def lines(connection: AsyncConnection, stocktake_id: int, ci_ids: Sequence[int] | None = None) -> list[Line]:
    """Return what is expected, of some CIs or of all, in the order it was written down."""
    wanted = select(stocktake_line).where(stocktake_line.c.stocktake_id == stocktake_id)
    if ci_ids is not None:
        return await _some(connection, wanted, ci_ids)
    return [_line(row) for row in await connection.execute(wanted.order_by(stocktake_line.c.ci_id))]


async def _some(connection: AsyncConnection, wanted: Select[Any], ci_ids: Sequence[int]) -> list[Line]:
    found = []
    for part in interning.chunks(ci_ids):
        found += [_line(row) for row in await connection.execute(wanted.where(stocktake_line.c.ci_id.in_(part)))]
    return found


async def marks(connection: AsyncConnection, stocktake_id: int) -> list[Mark]:
    """Return what was said, the oldest first."""
    said = select(stocktake_mark).where(stocktake_mark.c.stocktake_id == stocktake_id).order_by(stocktake_mark.c.id)
    return [_mark(row) for row in await connection.execute(said)]


async def last_found(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[int, int]:
    """Return CI → when (ms) somebody last said that it is there, whatever was wrong with it."""
    found: dict[int, int] = {}
    said = stocktake_mark.c
    wanted = select(said.ci_id, func.max(said.at)).where(said.outcome.in_(THERE)).group_by(said.ci_id)
    for part in interning.chunks(sorted(ci_ids)):
        found |= {row[0]: row[1] for row in await connection.execute(wanted.where(said.ci_id.in_(part)))}
    return found


async def is_known(connection: AsyncConnection, stocktake_id: int, thing: Thing | None, seen: str) -> bool:
    """Return whether something was said of a thing, or of what nobody knows and was `seen` so."""
    of = stocktake_mark.c.ci_id == thing.ci_id if thing else stocktake_mark.c.seen == seen
    wanted = select(stocktake_mark.c.id).where(stocktake_mark.c.stocktake_id == stocktake_id, of).limit(1)
    return (await connection.execute(wanted)).scalar() is not None


async def proposals(connection: AsyncConnection, stocktake_id: int) -> dict[int, str]:
    """Return CI → the change that was raised for it."""
    table = stocktake_change.c
    rows = await connection.execute(select(table.ci_id, table.number).where(table.stocktake_id == stocktake_id))
    return {row[0]: row[1] for row in rows}


def _kept(row: Row[Any], who: tuple[str, ...]) -> Kept:
    new = New(Kind(row.kind), row.title, _scope(row.scope), bool(row.blind), row.opened_by, row.opened_at)
    return Kept(row.id, row.number, new, who, row.closed_at, row.closed_by, row.note, row.digest, row.cancelled)


def _scope(text: str) -> Scope:
    said: dict[str, Any] = json.loads(text)
    parts: dict[str, Any] = {name: tuple(part) if isinstance(part, list) else part for name, part in said.items()}
    return Scope(**parts)


def _line(row: Row[Any]) -> Line:
    return Line(Thing(**json.loads(row.thing)), row.last_seen, row.plugged)


def _mark(row: Row[Any]) -> Mark:
    thing = Thing(**json.loads(row.thing)) if row.thing else None
    return Mark(Outcome(row.outcome), row.at, row.who, row.key, thing, row.place, row.seen, row.note)


def _text(thing: Thing) -> str:
    return json.dumps(asdict(thing), ensure_ascii=False)
