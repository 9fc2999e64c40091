"""Which CIs are called so, for many names at once: by serial number, identifier, name; as systems or people call them.

What a system names is found as what it is by now: as what it was merged into, and not at all where it is gone. What a
person names is found as it stands (`referred`, `bearing`), so that they can be told why it will not do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import CI, GONE
from collector.store import cis, interning
from collector.store.browse import plates
from collector.store.browse.ref import CiRef
from collector.store.schema import ci, identifier

Found = dict[str, set[int]]
"""Name → the CIs called so; without those nobody is called by."""
_LIVE: Final = identifier.c.state == "live"
_INTO: Final = func.coalesce(ci.c.merged_into, ci.c.id)
_REF: Final = (ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state)
_THERE: Final = ci.c.state.not_in([*map(str, GONE)])


async def with_serials(connection: AsyncConnection, serials: Iterable[str]) -> Found:
    """Return the CIs with these serial numbers, whoever made them."""
    at = func.instr if connection.dialect.name == "sqlite" else func.strpos
    value = func.substr(identifier.c.value, at(identifier.c.value, "|") + 1)
    return await _found(connection, _holders("serial"), value, serials)


async def identified(connection: AsyncConnection, kind: str, values: Iterable[str]) -> Found:
    """Return the CIs that hold these identifiers of a kind."""
    return await _found(connection, _holders(kind), identifier.c.value, values)


async def named(connection: AsyncConnection, names: Iterable[str]) -> Found:
    """Return the CIs of these names; in any case of letters where none has just that one."""
    asked = set(names)
    found = await _found(connection, select().where(_THERE), ci.c.name, asked)
    folded = {each: each.lower() for each in asked - found.keys()}
    alike = await _found(connection, select().where(_THERE), func.lower(ci.c.name), folded.values())
    return found | {each: alike[low] for each, low in folded.items() if low in alike}


async def holding(connection: AsyncConnection, kind: str, ci_ids: Collection[int]) -> set[int]:
    """Return those of some CIs that hold any identifier of a kind."""
    found: set[int] = set()
    for part in interning.chunks(sorted(ci_ids)):
        rows = await connection.execute(_holders(kind).add_columns(_INTO).where(identifier.c.ci_id.in_(part)))
        found.update(rows.scalars())
    return found


async def there(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, int]:
    """Return CI → what it is now, without those that are gone."""
    found: dict[int, int] = {}
    for part in interning.chunks(sorted(set(ci_ids))):
        rows = await connection.execute(select(ci.c.id, _INTO.label("into")).where(ci.c.id.in_(part), _THERE))
        found |= {row.id: row.into for row in rows}
    return found


async def referred(connection: AsyncConnection, words: Collection[str]) -> dict[str, tuple[CiRef, ...]]:
    """Return word → the CIs that have it as id, as label, or else as name."""
    found: dict[str, tuple[CiRef, ...]] = {}
    for column in (ci.c.uid, ci.c.label, ci.c.name):
        rest = [word for word in dict.fromkeys(words) if word not in found]
        for part in interning.chunks(rest):
            here = select(column.label("word"), *_REF).where(column.in_(part), ci.c.merged_into.is_(None))
            for word, *ref in await connection.execute(here.order_by(ci.c.id)):
                found[word] = (*found.get(word, ()), CiRef(*ref))
    return found


async def bearing(connection: AsyncConnection, words: Collection[str]) -> dict[str, list[CI]]:
    """Return word → the CIs that bear it as label, name, serial number or asset number; an id is that of one."""
    exact = await cis.by_uids(connection, words)
    others = [word for word in words if word not in exact]
    ids = await _found(connection, select().where(ci.c.merged_into.is_(None)), ci.c.name, others)
    for label, ci_id in (await cis.labelled(connection, others)).items():
        ids.setdefault(label, set()).add(ci_id)
    plated = await plates.carrying(connection, (*plates.SERIALS, *plates.ASSETS), others)
    by_uid = await cis.by_uids(connection, {uid for its in plated.values() for uid in its})
    for word, uids in plated.items():
        ids.setdefault(word, set()).update(by_uid[uid].id for uid in uids if uid in by_uid)
    known = await cis.by_ids(connection, {ci_id for its in ids.values() for ci_id in its})
    borne = {word: [known[each] for each in sorted(its)] for word, its in ids.items()}
    return {word: [each] for word, each in exact.items()} | borne


def _holders(kind: str) -> Select[Any]:
    joined = identifier.join(ci, ci.c.id == identifier.c.ci_id)
    return select().select_from(joined).where(identifier.c.kind == kind, _LIVE, _THERE)


async def _found(
    connection: AsyncConnection, among: Select[Any], value: ColumnElement[Any], wanted: Iterable[str]
) -> Found:
    found: Found = {}
    for part in interning.chunks(sorted(set(wanted))):
        rows = await connection.execute(
            among.add_columns(value.label("called"), _INTO.label("into")).where(value.in_(part))
        )
        for row in rows:
            found.setdefault(row.called, set()).add(row.into)
    return found
