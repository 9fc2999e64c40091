"""Who depends on what is changed: all of them are counted, the nearest are named."""

from __future__ import annotations

from collections.abc import Iterable

from collector.services.changes.impact import MOST_LISTED, Impact, impact
from collector.store import schema
from collector.store.engine import Store, insert
from tests.store.ground import with_cis

Relation = tuple[int, str, int]


async def depends(store: Store, relations: Iterable[Relation], most: int | None = None) -> Impact:
    """Let these relations hold, and return who depends on CI 1."""
    async with store.write() as tx:
        source = insert(tx, schema.source).values(code="agent/x", kind="agent").returning(schema.source.c.id)
        source_id = (await tx.execute(source)).scalar_one()
        since = {"source_id": source_id, "vf": 0, "lo": 0, "tf": 0}
        rows = [{"a": a, "kind": kind, "b": b, **since} for a, kind, b in relations]
        await tx.execute(insert(tx, schema.relation), rows)
    async with store.read() as reader:
        return await (impact(reader, {1}) if most is None else impact(reader, {1}, most))


async def test_more_than_are_listed_are_counted_and_the_nearest_come_first(store: Store) -> None:
    await with_cis(store, 903)
    first = [(at, "runs_on", 1) for at in range(2, 302)]
    second = [(at + 300, "depends_on", at) for at in range(2, 302)]
    third = [(at + 300, "contains", at + 600) for at in range(2, 302)]
    found = await depends(store, [*first, *second, *third])
    assert (found.count, found.is_more, len(found.nearest)) == (900, False, MOST_LISTED)
    assert {each.steps for each in found.nearest} == {1}
    names = [each.ci.name for each in found.nearest]
    assert names == sorted(names)


async def test_nobody_is_counted_twice_nor_what_is_changed_itself(sqlite_store: Store) -> None:
    await with_cis(sqlite_store, 4)
    ring = [(2, "runs_on", 1), (2, "depends_on", 1), (3, "runs_on", 2), (1, "depends_on", 3), (3, "ha_peer", 4)]
    found = await depends(sqlite_store, ring)
    assert [(each.ci.uid, each.on.uid, each.kind, each.steps) for each in found.nearest] == [
        ("ci-2", "ci-1", "depends_on", 1), ("ci-3", "ci-2", "runs_on", 2),
    ]  # fmt: skip
    assert (found.count, found.is_more) == (2, False)


async def test_beyond_the_bound_it_is_told_as_at_least_so_many(sqlite_store: Store) -> None:
    await with_cis(sqlite_store, 40)
    found = await depends(sqlite_store, [(at, "runs_on", 1) for at in range(2, 41)], most=25)
    assert (found.count, found.is_more, len(found.nearest)) == (25, True, 25)


async def test_where_nothing_depends_nobody_is_told(sqlite_store: Store) -> None:
    await with_cis(sqlite_store, 3)
    assert await depends(sqlite_store, [(1, "runs_on", 2), (1, "ha_peer", 3)]) == Impact((), 0, False)
