"""CIs, what identifies them, the doubts about them and the relations between them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import CI, FOREVER, CiState, DuplicateCase, Holder, Identifier, Subject
from collector.store import interning, schema
from collector.store.engine import insert


async def create(connection: AsyncConnection, subject: Subject, state: CiState, arrival: str, at: int) -> int:
    """Make a CI for `subject` and return its id."""
    row = {
        "uid": str(uuid.uuid4()), "ci_class": subject.ci_class, "ci_type": subject.ci_type, "name": subject.name,
        "state": str(state), "created_at": at, "arrival": arrival,
    }  # fmt: skip
    made = await connection.execute(insert(connection, schema.ci).values(row).returning(schema.ci.c.id))
    return int(made.scalar_one())


async def describe(connection: AsyncConnection, ci_id: int, subject: Subject) -> None:
    """Let name, class and type follow what is observed; an `unknown` never replaces what was known.

    What was missing is active again by being seen; what was retired stays so until that is approved.
    """
    table = schema.ci
    back = update(table).where(table.c.id == ci_id, table.c.state.in_(["missing", "unreachable"]))
    await connection.execute(back.values(state=str(CiState.ACTIVE)))
    values = {"name": subject.name} if subject.name else {}
    if subject.ci_type != "unknown":
        values |= {"ci_class": subject.ci_class, "ci_type": subject.ci_type}
    differs = or_(*(table.c[name] != value for name, value in values.items()))
    await connection.execute(update(table).where(table.c.id == ci_id, differs).values(**values))


_BY_IDS = select(schema.ci).where(schema.ci.c.id.in_(bindparam("ids", expanding=True)))
_STANDING = select(schema.ci.c.id, schema.ci.c.state, schema.ci.c.environment).where(
    schema.ci.c.id.in_(bindparam("ids", expanding=True))
)
_HOLDERS = select(schema.identifier.c.ci_id).where(
    schema.identifier.c.kind == bindparam("kind"),
    schema.identifier.c.value.in_(bindparam("values", expanding=True)),
    schema.identifier.c.state != "suspect",
)
_UNGOVERNED = frozenset({CiState.PROPOSED, CiState.RETIRED, CiState.ARCHIVED})


async def by_ids(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, CI]:
    """Return id → CI."""
    found = {}
    for part in interning.chunks(ci_ids):
        for row in await connection.execute(_BY_IDS, {"ids": part}):
            found[row.id] = CI(row.id, row.uid, row.ci_class, row.ci_type, row.name, CiState(row.state),
                               row.environment, row.label, row.created_at)  # fmt: skip
    return found


async def governed(connection: AsyncConnection, ci_ids: Iterable[int]) -> set[int]:
    """Return those CIs whose differences count: they stand in production and their arrival was accepted."""
    found = set()
    for part in interning.chunks(ci_ids):
        rows = await connection.execute(_STANDING, {"ids": part})
        found |= {row.id for row in rows if row.state not in _UNGOVERNED and row.environment == "production"}
    return found


async def set_state(connection: AsyncConnection, ci_ids: Iterable[int], state: CiState) -> None:
    table = schema.ci
    for part in interning.chunks(ci_ids):
        await connection.execute(update(table).where(table.c.id.in_(part)).values(state=str(state)))


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
        statement = insert(connection, schema.identifier)
        kept = {"last_at": statement.excluded.last_at}
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["kind", "value", "ci_id"], set_=kept), rows
        )


async def holders(connection: AsyncConnection, identifiers: Iterable[Identifier]) -> list[Holder]:
    """Return every CI that holds one of `identifiers`, with all it holds; suspect identifiers do not count."""
    values: dict[str, list[str]] = {}
    for each in sorted(identifiers):
        values.setdefault(each.kind, []).append(each.value)
    found = set[int]()
    for kind, its in values.items():  # pairs in one list would make SQLite read the table from end to end
        for part in interning.chunks(its):
            rows = await connection.execute(_HOLDERS, {"kind": kind, "values": part})
            found.update(row.ci_id for row in rows)
    return await _holders(connection, found)


async def children(connection: AsyncConnection, parent_id: int) -> list[Holder]:
    """Return the CIs that run on `parent_id`, are installed on it or contained in it, now or before."""
    table = schema.relation.c
    rows = await connection.execute(
        select(table.a, table.b).where(or_(table.a == parent_id, table.b == parent_id)).distinct()
    )
    return await _holders(connection, {row.a if row.b == parent_id else row.b for row in rows})


async def _holders(connection: AsyncConnection, ci_ids: set[int]) -> list[Holder]:
    known = await by_ids(connection, ci_ids)
    held: dict[int, set[Identifier]] = {ci_id: set() for ci_id in known}
    table = schema.identifier.c
    for part in interning.chunks(known):
        rows = await connection.execute(
            select(table.ci_id, table.kind, table.value).where(table.ci_id.in_(part), table.state != "suspect")
        )
        for row in rows:
            held[row.ci_id].add(Identifier(row.kind, row.value))
    return [Holder(ci.id, ci.ci_class, ci.ci_type, ci.state, frozenset(held[ci.id])) for ci in known.values()]


async def open_case(connection: AsyncConnection, case: DuplicateCase, fingerprint: str, at: int) -> int:
    """Open a case, or return the open one about the same thing; its members' evidence is refreshed."""
    table = schema.duplicate_case
    row = {"kind": str(case.kind), "why": case.why, "opened_at": at, "fingerprint": fingerprint}
    await connection.execute(insert(connection, table).values(row).on_conflict_do_nothing())
    found = await connection.execute(select(table.c.id).where(table.c.fingerprint == fingerprint))
    case_id = int(found.scalar_one())
    members = [
        {"case_id": case_id, "ci_id": ci_id, "evidence": evidence} for ci_id, evidence in sorted(case.evidence.items())
    ]
    if members:
        statement = insert(connection, schema.duplicate_member)
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["case_id", "ci_id"], set_={"evidence": statement.excluded.evidence}
            ),
            members,
        )
    return case_id


async def park(connection: AsyncConnection, observation_id: int, role: str, case_id: int) -> None:
    """Keep an observation aside until its case is decided."""
    row = {"observation_id": observation_id, "role": role, "case_id": case_id}
    await connection.execute(insert(connection, schema.parked).values(row).on_conflict_do_nothing())


# --- relations


async def relate(
    connection: AsyncConnection, relations: Sequence[tuple[int, str, int]], source_id: int, at: int
) -> None:
    """Let the relations (a, kind, b) hold from `at` on, where this source has not said so already."""
    for a, kind, b in relations:
        table = schema.relation.c
        known = await connection.execute(
            select(table.vf).where(
                table.a == a, table.kind == kind, table.b == b, table.source_id == source_id, table.vt == FOREVER
            )
        )
        if known.first() is None:
            row = {"a": a, "kind": kind, "b": b, "source_id": source_id, "vf": at, "lo": at}
            await connection.execute(insert(connection, schema.relation).values(row))


async def unrelate(connection: AsyncConnection, ci_ids: Sequence[int], source_id: int, at: int) -> None:
    """End this source's relations of CIs it no longer sees."""
    table = schema.relation
    for part in interning.chunks(ci_ids):
        await connection.execute(
            update(table)
            .where(or_(table.c.a.in_(part), table.c.b.in_(part)), table.c.source_id == source_id, table.c.vt == FOREVER)
            .values(vt=at)
        )
