"""The authorised lane as it is written: whatever is said of it, and taken back, one row stands a time."""

from __future__ import annotations

from sqlalchemy import select

from collector.model import FOREVER, Path
from collector.store import courses, interning, schema, tracks
from collector.store.engine import Store
from collector.store.lanes import Ids
from collector.store.tracks import Moving
from tests.store.ground import with_cis

VERSION = Path("os", "version")
NOW = 1_800_000_000_000
TO_12 = (("12", 5, "change", "CHG-000001"),)


async def _let_be(store: Store, moves: tuple[tuple[str, int, str, str], ...]) -> None:
    """Let the authorised lane of the first CI be `moves`, as recorded at `NOW`."""
    async with store.write() as tx:
        ci_id = (await tx.execute(select(schema.ci.c.id).order_by(schema.ci.c.id).limit(1))).scalar_one()
        paths = await interning.path_ids(tx, [VERSION])
        (course,) = (await courses.read(tx, {(ci_id, VERSION): 0}, paths)).values()
        ids = Ids(paths, await interning.value_ids(tx, ["12"]))
        await tracks.authorise(tx, [Moving((ci_id, VERSION), course, moves)], NOW, ids)


async def test_what_is_authorised_taken_back_and_authorised_again_in_one_millisecond_stands_once(store: Store) -> None:
    await with_cis(store, 1)
    for moves in (TO_12, (), TO_12):
        await _let_be(store, moves)
    async with store.read() as reader:
        rows = list(await reader.execute(select(schema.auth.c.vf, schema.auth.c.vt, schema.auth.c.tt)))
    assert rows == [(5, FOREVER, FOREVER)]
