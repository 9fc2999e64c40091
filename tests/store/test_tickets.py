"""Systems changes are taken from, and CIs by what is printed on them, on both engines."""

from __future__ import annotations

from collector.model import Path
from collector.store import interning, schema, tickets
from collector.store.browse import plates
from collector.store.engine import Store, insert
from collector.store.tickets import SystemRow
from tests.store.ground import with_cis

ROW = SystemRow("snow", "servicenow", "https://snow.example", {"people": {"王芳": "ann"}}, b"\x00\xff", "k1")


async def test_a_system_is_kept_as_it_was_with_what_its_last_look_brought_and_removed_with_it(store: Store) -> None:
    async with store.write() as tx:
        await tickets.save(tx, ROW)
        await tickets.save(tx, SystemRow("snow_2", "itop", "https://itop.example", {}, b"", ""))
        await tickets.note(tx, "snow", {"at": 1, "failed": "\ud800 \x00"})
        await tickets.note(tx, "snow", {"at": 2})
    async with store.read() as connection:
        assert await tickets.find(connection, "snow") == ROW
        assert [row.name for row in await tickets.everyone(connection)] == ["snow", "snow_2"]
        assert await tickets.last(connection) == {"snow": {"at": 2}}
    async with store.write() as tx:
        assert await tickets.remove(tx, "snow")
        assert not await tickets.remove(tx, "snow")
        assert (await tickets.find(tx, "snow"), await tickets.last(tx)) == (None, {})


async def test_a_ci_is_found_by_its_serial_as_long_as_that_is_a_fact_and_it_was_not_merged(store: Store) -> None:
    await with_cis(store, 3)
    async with store.write() as tx:
        source = insert(tx, schema.source).values(code="agent/x", kind="agent").returning(schema.source.c.id)
        source_id = (await tx.execute(source)).scalar_one()
        path = plates.SERIALS[0]
        path_id = (await interning.path_ids(tx, [path]))[path]
        ids = await interning.value_ids(tx, ["SN-1", "SN-2"])
        for ci_id, serial, vt in ((1, "SN-1", None), (2, "SN-2", 5), (3, "SN-1", None)):
            row = {"ci_id": ci_id, "path_id": path_id, "vf": 1, "tf": 1, "source_id": source_id, "why": "rank",
                   "val_id": interning.id_of(ids, serial), **({"vt": vt} if vt else {})}  # fmt: skip
            await tx.execute(insert(tx, schema.fact).values(row))
        await tx.execute(schema.ci.update().where(schema.ci.c.id == 3).values(merged_into=1))
        assert await plates.carrying(tx, plates.SERIALS, ["SN-1", "SN-2", ""]) == {"SN-1": {"ci-1"}}
        assert await plates.carrying(tx, [Path("hardware", "colour")], ["SN-1"]) == {}
        assert await plates.serials(tx, ["ci-1", "ci-2"]) == {"ci-1": {'"SN-1"'}}
