"""CIs, what identifies them, and the relations between them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, bindparam, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.identifiers import PORT
from collector.model import CI, FOREVER, GONE, CiState, Holder, Identifier, Subject
from collector.record import SECTION
from collector.store import heads, interning, schema
from collector.store.engine import insert, upsert


class When(NamedTuple):
    """From when something of a CI holds, and when that was recorded (ms)."""

    at: int
    recorded_at: int

    @classmethod
    def said(cls, at: int) -> When:
        """Return when what people or the clock say at `at` holds: from then on."""
        return cls(at, at)


async def create(connection: AsyncConnection, subject: Subject, state: CiState, arrival: str, when: When) -> int:
    """Make a CI for `subject` and return its id."""
    row = {
        "uid": str(uuid.uuid4()), "ci_class": subject.ci_class, "ci_type": subject.ci_type, "name": subject.name,
        "state": str(state), "created_at": when.at, "arrival": arrival,
    }  # fmt: skip
    made = await connection.execute(insert(connection, schema.ci).values(row).returning(schema.ci.c.id))
    ci_id = int(made.scalar_one())
    await heads.keep(connection, [ci_id], *when)
    return ci_id


_AGENT_SPEAKS = (
    select(schema.subject_ci.c.ci_id)
    .select_from(schema.subject_ci.join(schema.source))
    .where(schema.subject_ci.c.ci_id == schema.ci.c.id, schema.source.c.agent_id.is_not(None))
    .exists()
)


_NAMED_BY_PEOPLE = (
    select(schema.fact.c.ci_id)
    .select_from(schema.fact.join(schema.path))
    .where(schema.fact.c.ci_id == schema.ci.c.id, schema.fact.c.vt == FOREVER, schema.fact.c.tt == FOREVER)
    .where(schema.path.c.section == SECTION, schema.path.c.key == "name")
    .exists()
)


async def describe(
    connection: AsyncConnection, ci_id: int, subject: Subject, when: When, yields: bool = False
) -> None:  # fmt: skip
    """Let name, class and type follow what is observed; an `unknown` never replaces what was known.

    A name that people gave stays.

    What was missing is active again by being seen; what was retired stays so until that is approved.
    `yields`: what an agent says of the CI from within goes before (a management controller has a name of its own).
    """
    table = schema.ci
    it = table.c.id == ci_id
    await _write(connection, it & table.c.state.in_(["missing", "unreachable"]), {"state": str(CiState.ACTIVE)}, when)
    values: dict[str, Any] = {}
    if subject.name:
        values["name"] = case((_NAMED_BY_PEOPLE, table.c.name), else_=subject.name)
    if subject.ci_type != "unknown":
        values |= {"ci_class": subject.ci_class, "ci_type": subject.ci_type}
    await _write(connection, it & ~_AGENT_SPEAKS if yields else it, values, when)


async def _write(
    connection: AsyncConnection, which: ColumnElement[bool], values: Mapping[str, Any], when: When
) -> set[int]:  # fmt: skip
    """Let those of some CIs that differ be so, and write down since when; return which they were."""
    if not values:
        return set()
    table = schema.ci
    differs = or_(*(table.c[name].is_distinct_from(value) for name, value in values.items()))
    written = update(table).where(which, differs).values(**values).returning(table.c.id)
    moved = set((await connection.execute(written)).scalars())
    if moved:
        await heads.keep(connection, moved, *when)
    return moved


_BY_IDS = select(schema.ci).where(schema.ci.c.id.in_(bindparam("ids", expanding=True)))
# Held until the transaction ends: who registers a CI meanwhile waits, and authorises what is written here.
_STANDING = (
    select(schema.ci.c.id, schema.ci.c.state, schema.ci.c.environment, schema.ci.c.ci_class, schema.ci.c.merged_into)
    .where(schema.ci.c.id.in_(bindparam("ids", expanding=True)))
    .with_for_update(read=True)
)
_ROOT = func.coalesce(schema.ci.c.merged_into, schema.ci.c.id)
"""What a CI is since it was merged; a CI others were merged into is never merged itself."""
_HOLDERS = (
    select(_ROOT)
    .select_from(schema.identifier.join(schema.ci))
    .where(schema.identifier.c.kind == bindparam("kind"))
    .where(schema.identifier.c.value.in_(bindparam("values", expanding=True)), schema.identifier.c.state == "live")
)
_UNGOVERNED = GONE | {CiState.PROPOSED}


async def by_ids(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, CI]:
    """Return id → CI."""
    found = {}
    for part in interning.chunks(ci_ids):
        for row in await connection.execute(_BY_IDS, {"ids": part}):
            found[row.id] = _ci(row)
    return found


async def kinds(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """Return id → class and type."""
    table, found = schema.ci.c, dict[int, frozenset[str]]()
    for part in interning.chunks(sorted(ci_ids)):
        rows = await connection.execute(select(table.id, table.ci_class, table.ci_type).where(table.id.in_(part)))
        found |= {row.id: frozenset((row.ci_class, row.ci_type)) for row in rows}
    return found


async def by_uids(connection: AsyncConnection, uids: Iterable[str]) -> dict[str, CI]:
    """Return uid → CI, those that were merged into another left out."""
    table, found = schema.ci.c, {}
    for part in interning.chunks(uids):
        rows = await connection.execute(select(schema.ci).where(table.uid.in_(part), table.merged_into.is_(None)))
        found.update({row.uid: _ci(row) for row in rows})
    return found


def _ci(row: Row[Any]) -> CI:
    # What was merged into another CI is out of sight, and no rule asks for it.
    state = CiState(row.state) if row.merged_into is None else CiState.ARCHIVED
    return CI(
        row.id, row.uid, row.ci_class, row.ci_type, row.name, state, row.environment, row.label,
        row.created_at,
    )  # fmt: skip


class Standing(NamedTuple):
    """How a CI stands: its class, and whether its differences count: in production, its arrival accepted."""

    ci_class: str
    is_governed: bool


async def standing(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, Standing]:
    """Return how each of those CIs stands."""
    found = {}
    for part in interning.chunks(ci_ids):
        for row in await connection.execute(_STANDING, {"ids": part}):
            counts = row.state not in _UNGOVERNED and row.environment == "production" and row.merged_into is None
            found[row.id] = Standing(row.ci_class, counts)
    return found


async def set_state(connection: AsyncConnection, ci_ids: Iterable[int], state: CiState, when: When) -> None:
    for part in interning.chunks(ci_ids):
        await _write(connection, schema.ci.c.id.in_(part), {"state": str(state)}, when)


async def hold(connection: AsyncConnection, ci_ids: Iterable[int]) -> None:
    """Hold those CIs until the transaction ends: who writes of them meanwhile is done by then, or waits."""
    for part in interning.chunks(sorted(ci_ids)):
        wanted = select(schema.ci.c.id).where(schema.ci.c.id.in_(part)).order_by(schema.ci.c.id)
        await connection.execute(wanted.with_for_update())


async def admit(connection: AsyncConnection, ci_ids: Iterable[int], arrival: str, when: When) -> set[int]:
    """Let those CIs that are proposed be active, `arrival` naming what admits them; return which they were."""
    table, admitted = schema.ci.c, set[int]()
    for part in interning.chunks(sorted(ci_ids)):
        proposed = table.id.in_(part) & (table.state == str(CiState.PROPOSED))
        values = {"state": str(CiState.ACTIVE), "arrival": arrival}
        admitted |= await _write(connection, proposed, values, when)
    return admitted


async def call(
    connection: AsyncConnection, names: Mapping[int, Mapping[str, str | None]], when: When
) -> None:  # fmt: skip
    """Write what people say a CI goes by: CI → its `name`, `label`, `environment`. A label of another CI is refused."""
    for ci_id, values in names.items():
        await _write(connection, schema.ci.c.id == ci_id, values, when)


async def labelled(connection: AsyncConnection, labels: Iterable[str]) -> dict[str, int]:
    """Return label → the CI that carries it."""
    table, found = schema.ci.c, dict[str, int]()
    for part in interning.chunks(labels):
        rows = await connection.execute(select(table.label, table.id).where(table.label.in_(part)))
        found |= {label: ci_id for label, ci_id in rows}  # noqa: C416  rows are no pairs to mypy
    return found


async def classify(connection: AsyncConnection, ci_id: int, ci_class: str, ci_type: str, when: When) -> None:
    """Say what a CI is."""
    await _write(connection, schema.ci.c.id == ci_id, {"ci_class": ci_class, "ci_type": ci_type}, when)


# --- identity


async def identify_by(
    connection: AsyncConnection, ci_id: int, identifiers: Iterable[Identifier], source_id: int, at: int
) -> None:
    """Remember that `ci_id` holds `identifiers`."""
    rows = [
        {"kind": each.kind, "value": each.value, "ci_id": ci_id, "source_id": source_id, "first_at": at, "last_at": at}
        for each in sorted(identifiers)
    ]
    if rows:
        key = ("kind", "value", "ci_id")
        await connection.execute(upsert(connection, schema.identifier, key, "last_at"), rows)


async def leave_ports(
    connection: AsyncConnection, ci_id: int, identifiers: Iterable[Identifier], source_id: int
) -> None:
    """Forget the ports this source saw the CI at before: it stands where it stands now."""
    own, here = schema.identifier, [each.value for each in identifiers if each.kind == PORT]
    left = (own.c.ci_id == ci_id, own.c.kind == PORT, own.c.source_id == source_id, own.c.value.not_in(here))
    await connection.execute(delete(own).where(*left))


async def holders(connection: AsyncConnection, identifiers: Iterable[Identifier]) -> list[Holder]:
    """Return every CI that holds one of `identifiers`, with all that it and what was merged into it hold."""
    values: dict[str, list[str]] = {}
    for each in sorted(identifiers):
        values.setdefault(each.kind, []).append(each.value)
    found = set[int]()
    for kind, its in values.items():  # pairs in one list would make SQLite read the table from end to end
        for part in interning.chunks(its):
            rows = await connection.execute(_HOLDERS, {"kind": kind, "values": part})
            found.update(rows.scalars())
    return await of(connection, found)


async def children(connection: AsyncConnection, parent_id: int) -> list[Holder]:
    """Return the CIs that run on `parent_id`, are installed on it or contained in it, now or before.

    What was merged into the parent lends it what it carries.
    """
    table, ci = schema.relation.c, schema.ci.c
    parents = {parent_id, *(await connection.execute(select(ci.id).where(ci.merged_into == parent_id))).scalars()}
    rows = await connection.execute(
        select(table.a, table.b).where(or_(table.a.in_(parents), table.b.in_(parents))).distinct()
    )
    ends = {end for row in rows for end in (row.a, row.b)} - parents
    return await of(connection, await roots(connection, ends))


async def roots(connection: AsyncConnection, ci_ids: Iterable[int]) -> set[int]:
    """Return what those CIs are since they were merged."""
    found = set[int]()
    for part in interning.chunks(ci_ids):
        found.update((await connection.execute(select(_ROOT).where(schema.ci.c.id.in_(part)))).scalars())
    return found


async def of(connection: AsyncConnection, ci_ids: Iterable[int]) -> list[Holder]:
    """Return those CIs as identity sees them."""
    known = await by_ids(connection, ci_ids)
    held: dict[int, set[Identifier]] = {ci_id: set() for ci_id in known}
    table, live = schema.identifier.c, schema.identifier.c.state == "live"
    joined = select(_ROOT.label("root"), table.kind, table.value).select_from(schema.identifier.join(schema.ci))
    for part in interning.chunks(known):
        for own in (schema.ci.c.id.in_(part), schema.ci.c.merged_into.in_(part)):
            for row in await connection.execute(joined.where(own, live)):
                if row.root in held:
                    held[row.root].add(Identifier(row.kind, row.value))
    return [Holder(ci.id, ci.ci_class, ci.ci_type, ci.state, frozenset(held[ci.id])) for ci in known.values()]


# --- relations


async def relate(
    connection: AsyncConnection, relations: Sequence[tuple[int, str, int]], source_id: int, at: int, recorded_at: int
) -> None:
    """Let the relations (a, kind, b) hold from `at` (ms) on, where this source has not said so already."""
    for a, kind, b in relations:
        table = schema.relation.c
        known = await connection.execute(
            select(table.vf).where(
                table.a == a, table.kind == kind, table.b == b, table.source_id == source_id, table.vt == FOREVER
            )
        )
        if known.first() is None:
            row = {"a": a, "kind": kind, "b": b, "source_id": source_id, "vf": at, "lo": at, "tf": recorded_at}
            await connection.execute(insert(connection, schema.relation).values(row))


async def unrelate(
    connection: AsyncConnection, ci_ids: Sequence[int], source_id: int, at: int, recorded_at: int
) -> None:
    """End this source's relations of CIs it no longer sees, at `at` (ms)."""
    table = schema.relation
    for part in interning.chunks(ci_ids):
        await connection.execute(
            update(table)
            .where(or_(table.c.a.in_(part), table.c.b.in_(part)), table.c.source_id == source_id, table.c.vt == FOREVER)
            .values(vt=at, gone_tf=recorded_at)
        )
