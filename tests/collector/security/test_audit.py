"""Privileged acts: told in the transaction they happen in, or they do not happen."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from collector.security import audit
from collector.security.audit import MAX_DETAILS, Act, Actor, acting, recorded
from collector.services import audit as log
from collector.store import accounts
from collector.store.audit import HEAD, AuditRow, mark
from collector.store.engine import Store, open_store

ADA = Actor("ada", "page 192.0.2.7")


def clock() -> int:
    return 1_000


async def rows(store: Store) -> list[AuditRow]:
    async with store.read() as connection:
        return await log.stretch(connection, 0, 1000)


async def names(store: Store) -> list[str]:
    async with store.read() as connection:
        return [each.name for each in await accounts.everyone(connection)]


async def add(act: Act, name: str) -> None:
    await accounts.add(act.tx, name, (), act.at)
    act.tell("account.create", f"account/{name}", after={"roles": []})


async def test_an_act_and_its_row_are_one_transaction(store: Store) -> None:
    async with acting(store, ADA, clock) as act:
        await add(act, "li.wei")
    (row,) = await rows(store)
    assert (row.seq, row.at, row.actor, row.origin) == (1, 1_000, "ada", "page 192.0.2.7")
    assert (row.action, row.object) == ("account.create", "account/li.wei")
    assert json.loads(row.details) == {"before": {}, "after": {"roles": []}}
    assert await names(store) == ["li.wei"]
    async with store.read() as connection:
        assert (await log.verify(connection)).broken is None


async def test_an_act_that_tells_nothing_is_undone(store: Store) -> None:
    async with acting(store, ADA, clock) as act:
        await accounts.add(act.tx, "nobody.told", (), 1)
    assert await names(store) == []
    assert await rows(store) == []


async def test_an_act_that_fails_leaves_neither_itself_nor_a_row(store: Store) -> None:
    async def fails() -> None:
        async with acting(store, ADA, clock) as act:
            await add(act, "li.wei")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert (await names(store), await rows(store)) == ([], [])


@pytest.mark.parametrize("broken", ["DROP TABLE audit", "DELETE FROM audit_mark"])
async def test_an_act_that_cannot_be_written_down_is_not_done(store: Store, broken: str) -> None:
    async with store.write() as tx:
        await tx.execute(text(broken))

    async def acts() -> None:
        async with acting(store, ADA, clock) as act:
            await add(act, "li.wei")

    with pytest.raises(SQLAlchemyError):
        await acts()
    assert await names(store) == []


async def test_inside_a_transaction_of_somebody_else_there_may_be_nothing_to_tell(store: Store) -> None:
    async with store.write() as tx:
        async with recorded(tx, ADA, 1):
            pass
        async with recorded(tx, ADA, 2) as act:
            act.tell("account.lock", "account/li.wei")
        async with recorded(tx, ADA, 3) as act:
            act.tell("account.lock", "account/wang")
    assert [(row.seq, row.object) for row in await rows(store)] == [(1, "account/li.wei"), (2, "account/wang")]


async def test_a_clock_that_was_set_back_does_not_set_the_log_back(store: Store) -> None:
    for at in (5_000, 2_000, 6_000):
        async with store.write() as tx, recorded(tx, ADA, at) as act:
            act.tell("plan.create", "plan/x")
    assert [row.at for row in await rows(store)] == [5_000, 5_000, 6_000]


async def test_several_collectors_append_one_chain(store: Store) -> None:
    """On PostgreSQL each of four collectors has its own connections; on SQLite there is only one writer."""
    if store.dialect == "sqlite":
        stores = [store]
    else:
        stores = [open_store(store.url.render_as_string(hide_password=False)) for _ in range(4)]

    async def acts(one: Store, number: int) -> None:
        for turn in range(15):
            async with acting(one, Actor(f"collector{number}", "test"), clock) as act:
                await add(act, f"account{number}.{turn}")

    await asyncio.gather(*(acts(one, number) for number, one in enumerate(stores)))
    for each in stores:
        if each is not store:
            await each.close()
    async with store.read() as connection:
        verdict = await log.verify(connection)
    assert (verdict.broken, verdict.last) == (None, 15 * len(stores))


# --- what is told


def told(act: Act) -> list[object]:
    return [json.loads(entry.details) for entry in act.told]


async def test_only_what_differs_is_kept(sqlite_store: Store) -> None:
    async with sqlite_store.write() as tx:
        act = Act(tx, ADA, 1)
    act.tell("plan.change", "plan/x", {"name": "a", "zone": "", "gone": 1}, {"name": "b", "zone": "", "new": None})
    assert told(act) == [{"before": {"name": "a", "gone": 1}, "after": {"name": "b", "new": None}}]


async def test_what_is_too_long_is_kept_as_its_fingerprint(sqlite_store: Store) -> None:
    async with sqlite_store.write() as tx:
        act = Act(tx, ADA, 1)
    act.tell("plan.change", "plan/x", {}, {"ranges": ["10.0.0.0/8"] * MAX_DETAILS})
    (kept,) = told(act)
    assert isinstance(kept, dict)
    assert set(kept) == {"too_long", "sha256"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda each: st.lists(each, max_size=3), max_leaves=5
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.text(max_size=400), min_size=3, max_size=3), value=JSON)
async def test_any_word_and_value_is_held_and_the_chain_stays_intact(
    store: Store, words: list[str], value: object
) -> None:
    async with acting(store, Actor(words[0], words[1]), clock) as act:
        act.tell("plan.create", words[2], after={"value": value})
    async with store.read() as connection:
        head = await mark(connection, HEAD)
        (row,) = await log.stretch(connection, head.seq - 1, 10)
        assert (await log.verify(connection)).broken is None
    for word in (row.actor, row.origin, row.object):
        assert word.isprintable()
        assert len(word) <= audit.MAX_WORD
