"""The audit log in its tables: tampered with by SQL, held against anchors, cut with age."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from collector.security import anchor, ca
from collector.security.anchor import BadAnchor
from collector.security.audit import Actor, recorded
from collector.security.ca import Authority
from collector.security.chain import CHANGED, INSERTED, MISSING, REWRITTEN, Broken
from collector.services import audit
from collector.services.audit import DAY_MS, Verdict
from collector.services.retention import Retention
from collector.store.audit import Mark
from collector.store.browse.audit import AuditQuery
from collector.store.browse.page import Window
from collector.store.engine import Store

NOW = 1_000 * DAY_MS


async def filled(store: Store, count: int = 12) -> None:
    """Write `count` acts, one a day, the last one now."""
    async with store.write() as tx:
        for number in range(count):
            async with recorded(tx, Actor(f"ada{number % 2}", "page ::1"), NOW - (count - 1 - number) * DAY_MS) as act:
                act.tell("plan.create" if number % 3 else "credential.create", f"plan/{number}", after={"n": number})


async def done(store: Store, *statements: str) -> None:
    async with store.write() as tx:
        for statement in statements:
            await tx.execute(text(statement))


async def verdict(store: Store, *anchors: Mark) -> Verdict:
    async with store.read() as connection:
        return await audit.verify(connection, anchors)


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE audit SET actor = 'bob' WHERE seq = 5"], Broken(5, CHANGED, 5)),
        (["UPDATE audit SET details = '{}' WHERE seq = 1"], Broken(1, CHANGED, 1)),
        (["UPDATE audit SET at = at + 1 WHERE seq = 12"], Broken(12, CHANGED, 12)),
        (["DELETE FROM audit WHERE seq = 7"], Broken(7, MISSING, 7)),
        (["DELETE FROM audit WHERE seq > 9"], Broken(10, MISSING, 10)),
        (["DELETE FROM audit"], Broken(1, MISSING, 1)),
        (
            ["UPDATE audit SET seq = 99 WHERE seq = 3", "UPDATE audit SET seq = 3 WHERE seq = 6",
             "UPDATE audit SET seq = 6 WHERE seq = 99"], Broken(3, CHANGED, 3),
        ),
        (
            ["INSERT INTO audit SELECT 13, at, actor, origin, action, object, details, prev, prev FROM audit"
             " WHERE seq = 1"], Broken(13, CHANGED, 13),
        ),
        (["UPDATE audit_mark SET seq = 11 WHERE name = 'head'"], Broken(12, INSERTED, 12)),
        (["UPDATE audit_mark SET seq = 3 WHERE name = 'start'"], Broken(1, INSERTED, 1)),
    ],
)  # fmt: skip
async def test_whatever_is_done_by_sql_is_located(store: Store, statements: list[str], found: Broken) -> None:
    await filled(store)
    assert (await verdict(store)).broken is None
    await done(store, *statements)
    assert (await verdict(store)).broken == found


async def test_what_a_column_is_not_for_is_tampering_and_no_crash(sqlite_store: Store) -> None:
    await filled(sqlite_store)
    await done(sqlite_store, "UPDATE audit SET hash = 'text', prev = 7, details = x'00ff', at = 'noon' WHERE seq = 4")
    assert (await verdict(sqlite_store)).broken == Broken(4, CHANGED, 4)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return ca.open_or_create(tmp_path)


async def test_an_anchor_finds_a_log_that_was_cut_to_fit(store: Store, authority: Authority) -> None:
    await filled(store)
    async with store.read() as connection:
        kept = await audit.anchored(connection, authority)
    (head,) = audit.heads(authority, [kept])
    assert await verdict(store, head) == Verdict(1, 12, None, 12, ())
    await done(
        store, "DELETE FROM audit WHERE seq > 9",
        "UPDATE audit_mark SET seq = 9, hash = (SELECT hash FROM audit WHERE seq = 9) WHERE name = 'head'",
    )  # fmt: skip
    assert (await verdict(store)).broken is None
    assert (await verdict(store, head)).broken == Broken(10, MISSING, 10)
    await filled(store, 5)
    assert (await verdict(store)).broken is None
    assert (await verdict(store, head)).broken == Broken(12, REWRITTEN, 1)


def test_an_anchor_that_was_changed_or_is_of_another_installation_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    made = anchor.signed(authority, Mark(5, b"\x01" * 32, 7))
    assert anchor.opened(authority, made) == Mark(5, b"\x01" * 32, 7)
    other = ca.open_or_create(tmp_path / "other")
    with pytest.raises(BadAnchor, match="not signed"):
        anchor.opened(other, made)
    for name, value in (("seq", 4), ("hash", "00" * 32), ("at", 8), ("signature", "AAAA")):
        with pytest.raises(BadAnchor):
            anchor.opened(authority, {**made, name: value})
    for damaged in ({}, {**made, "hash": "x"}, {**made, "seq": "5"}, {**made, "signature": "%"}, {**made, "kind": "x"}):
        with pytest.raises(BadAnchor):
            anchor.opened(authority, damaged)


async def test_what_is_old_goes_and_the_rest_can_still_be_checked(store: Store, authority: Authority) -> None:
    await filled(store)
    async with store.read() as connection:
        first, last = await audit.stretch(connection, 0, 1), await audit.stretch(connection, 11, 1)
    old, kept = (Mark(row.seq, row.hash, row.at) for row in (*first, *last))
    async with store.write() as tx:
        assert await audit.prune(tx, 20 * DAY_MS, NOW) == 0
        assert await audit.prune(tx, 5 * DAY_MS, NOW) == 6
    assert await verdict(store, old, kept) == Verdict(7, 13, None, 12, (1,))
    async with store.write() as tx:
        assert await audit.prune(tx, 2 * DAY_MS, NOW) == 3
    assert (await verdict(store)).broken is None
    await done(store, "DELETE FROM audit WHERE seq = 14")
    assert (await verdict(store)).broken == Broken(14, MISSING, 14)


async def test_old_rows_that_nobody_said_were_taken_away_are_missing(store: Store) -> None:
    await filled(store)
    await done(
        store, "UPDATE audit_mark SET seq = 4, hash = (SELECT hash FROM audit WHERE seq = 4) WHERE name = 'start'",
        "DELETE FROM audit WHERE seq <= 4",
    )  # fmt: skip
    assert (await verdict(store)).broken == Broken(4, MISSING, 4)


async def test_a_log_all_of_which_is_old_goes_on(sqlite_store: Store) -> None:
    await filled(sqlite_store)
    keeper = Retention(sqlite_store, 400, lambda: NOW + 401 * DAY_MS)
    assert await keeper.step() == 12
    assert await keeper.step() == 0
    await filled(sqlite_store, 2)
    assert await verdict(sqlite_store) == Verdict(13, 15, None, 0, ())


async def test_rows_are_found_by_who_what_when_and_a_word(store: Store) -> None:
    await filled(store)

    async def found(**asked: object) -> list[int]:
        async with store.read() as connection:
            return [row.seq for row in (await audit.listed(connection, AuditQuery(**asked), Window())).items]  # type: ignore[arg-type]

    assert await found() == list(range(12, 0, -1))
    assert await found(actor="ada1") == [12, 10, 8, 6, 4, 2]
    assert await found(actions=("credential",)) == [10, 7, 4, 1]
    assert await found(actions=("credential.create", "plan.nothing")) == [10, 7, 4, 1]
    assert await found(object="plan/11") == [12]
    assert await found(since=NOW - DAY_MS) == [12, 11]
    assert await found(until=NOW - 10 * DAY_MS) == [1]
    assert await found(q='"n":11') == [12]
    assert await found(q="%") == []


async def test_the_list_goes_on_by_its_cursor(store: Store) -> None:
    await filled(store)
    async with store.read() as connection:
        first = await audit.listed(connection, AuditQuery(), Window(5))
        second = await audit.listed(connection, AuditQuery(), Window(5, first.next))
    assert [row.seq for row in second.items] == [7, 6, 5, 4, 3]
    assert first.count == 12
