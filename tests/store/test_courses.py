"""What is read of one value: its own acceptances, and what its CI's package manager was last seen to have written."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Path
from collector.store import courses, interning, schema
from collector.store.engine import Store, insert
from tests.store.ground import with_cis

SSL, BASH, VERSION = Path("packages", "ssl"), Path("packages", "bash"), Path("os", "version")
PLACES = [(ci_id, path) for ci_id in (1, 2) for path in (SSL, BASH, VERSION)]


async def _accepted(tx: AsyncConnection, ci_id: int, path_id: int, times: tuple[int, ...]) -> None:
    """Let items of a CI be accepted that were seen at some times, in a finding each."""
    for hi in times:
        head = {"ci_id": ci_id, "source_id": 1, "verdict": "accepted", "lo": 0, "hi": hi, "opened_at": hi}
        made = await tx.execute(insert(tx, schema.finding).values(head).returning(schema.finding.c.id))
        row = {"path_id": path_id, "field": "", "hi": hi, "source_id": 1, "at": hi + 1, "who": "sophia",
               "reference": f"finding/{hi}"}  # fmt: skip
        await tx.execute(insert(tx, schema.acceptance).values(finding_id=made.scalar_one(), **row))


async def _logged(tx: AsyncConnection, ci_id: int, **bodies: tuple[int, bytes]) -> None:
    """Let the package log of a CI be what each source read, and when (ms)."""
    for source_id, (last_ok, body) in enumerate(bodies.values(), start=1):
        row = {"ci_id": ci_id, "source_id": source_id, "name": "package_log", "status": 1, "last_try": last_ok,
               "last_ok": last_ok, "revision": 1, "hash": b"", "body": body}  # fmt: skip
        await tx.execute(insert(tx, schema.section).values(row))


async def test_a_value_is_read_with_its_own_acceptances_whenever_they_were_and_the_latest_log_of_its_ci(
    store: Store,
) -> None:
    await with_cis(store, 2)
    async with store.write() as tx:
        known = [{"id": each, "code": f"agent/u{each}", "kind": "agent"} for each in (1, 2)]
        await tx.execute(insert(tx, schema.source), known)
        paths = await interning.path_ids(tx, [SSL, BASH, VERSION])
        await _accepted(tx, 1, paths[SSL], (10, 90))
        await _accepted(tx, 1, paths[VERSION], (50,))
        await _accepted(tx, 2, paths[BASH], (30,))
        await _logged(tx, 1, newer=(70, b"[1]"), older=(60, b"[2]"))
        read = await courses.read(tx, dict.fromkeys(PLACES, 40), paths)
        assert {place: [each.hi for each in course.accepted] for place, course in read.items() if course.accepted} == {
            (1, SSL): [10, 90], (1, VERSION): [50], (2, BASH): [30]
        }  # fmt: skip
        assert {place for place, course in read.items() if course.logged == b"[1]"} == {(1, SSL), (1, BASH)}
        assert read[2, SSL].logged is None
        (alone,) = (await courses.read(tx, {(1, BASH): 40}, paths)).values()
    assert alone.accepted == ()
