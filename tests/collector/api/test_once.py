"""`Idempotency-Key`: asked again, a request is answered as before and carried out once, whatever breaks off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select, text, update

from collector.api import once as layer
from collector.api.once import MAX_BODY, REPLAYED
from collector.security import sessions
from collector.security.sessions import Principal
from collector.security.vault import Vault
from collector.services import once
from collector.services.once import KEPT_MS, Errand
from collector.services.retention import Retention
from collector.store import schema
from collector.store.engine import Store
from tests.people import World, make_world

API = "/api/v1"
ACCOUNTS = f"{API}/accounts"
NAME = "li.wei"
LI = {"name": NAME, "roles": ["viewer"]}


@pytest.fixture
async def admin(empty_world: World) -> AsyncIterator[httpx2.AsyncClient]:
    async with await empty_world.program("system_admin") as client:
        yield client


def key(name: str = "k-1") -> dict[str, str]:
    return {"Idempotency-Key": name}


async def count(store: Store, name: str = NAME) -> int:
    """Return how often the account was made, by the audit log."""
    async with store.read() as connection:
        made = select(func.count()).where(
            schema.audit.c.action == "account.create", schema.audit.c.object == f"account/{name}"
        )
        return (await connection.execute(made)).scalar_one()


def database(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.glob("muster.db*")]


async def kept(store: Store) -> list[Any]:
    async with store.read() as connection:
        return list(await connection.execute(select(schema.kept_answer)))


async def test_the_same_request_again_gets_the_same_answer_and_is_not_carried_out_again(
    empty_world: World, admin: httpx2.AsyncClient
) -> None:
    first = await admin.post(ACCOUNTS, json=LI, headers=key())
    again = await admin.post(ACCOUNTS, json=LI, headers=key())
    assert (first.status_code, REPLAYED in first.headers) == (201, False)
    assert (again.status_code, again.headers[REPLAYED]) == (201, "true")
    assert (again.content, again.headers["content-type"]) == (first.content, first.headers["content-type"])
    assert again.headers["x-frame-options"] == "DENY"
    assert await count(empty_world.store) == 1
    assert (await admin.post(ACCOUNTS, json=LI)).status_code == 400, "without a key it is asked anew"


async def test_a_link_that_is_seen_once_is_kept_sealed(empty_world: World, admin: httpx2.AsyncClient) -> None:
    made = (await admin.post(ACCOUNTS, json=LI, headers=key())).json()
    [row] = await kept(empty_world.store)
    secret = made["path"].rpartition("/")[2].encode()
    assert secret not in row.sealed
    assert not [file for file in database(empty_world.settings.data) if secret in file]


async def test_a_key_stands_for_one_request_of_one_account(empty_world: World, admin: httpx2.AsyncClient) -> None:
    await admin.post(ACCOUNTS, json=LI, headers=key())
    for other in (
        admin.post(ACCOUNTS, json=LI | {"name": "wang"}, headers=key()),
        admin.post(f"{ACCOUNTS}/li.wei/login-link", json=LI, headers=key()),
        admin.post(ACCOUNTS, params={"a": "b"}, json=LI, headers=key()),
    ):
        answer = await other
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert "another request" in answer.json()["detail"]
    assert await count(empty_world.store, "wang") == 0
    async with await empty_world.program("ops", "system_admin") as colleague:
        mine = await colleague.post(ACCOUNTS, json=LI | {"name": "wang"}, headers=key())
    assert (mine.status_code, REPLAYED in mine.headers) == (201, False)


async def test_who_has_lost_a_permission_is_not_shown_what_it_showed(
    empty_world: World, admin: httpx2.AsyncClient
) -> None:
    await admin.post(ACCOUNTS, json=LI, headers=key())
    async with empty_world.store.write() as tx:
        its = update(schema.account).where(schema.account.c.name == "robot-system_admin")
        await tx.execute(its.values(roles='["viewer"]'))
    assert (await admin.post(ACCOUNTS, json=LI, headers=key())).status_code == 422
    async with empty_world.store.write() as tx:
        await tx.execute(update(schema.api_token).values(revoked_at=1))
    assert (await admin.post(ACCOUNTS, json=LI, headers=key())).status_code == 401
    assert (await empty_world.nobody().post(ACCOUNTS, json=LI, headers=key())).status_code == 401


async def test_what_was_refused_has_done_nothing_and_leaves_its_key_free(
    empty_world: World, admin: httpx2.AsyncClient
) -> None:
    assert (await admin.post(ACCOUNTS, json=LI | {"name": "<b>"}, headers=key())).status_code == 400
    assert (await admin.post(ACCOUNTS, json={"name": 3}, headers=key())).status_code == 422
    assert (await admin.post(f"{ACCOUNTS}/nobody/login-link", headers=key())).status_code == 404
    assert await kept(empty_world.store) == []
    assert (await admin.post(ACCOUNTS, json=LI, headers=key())).status_code == 201


@pytest.mark.parametrize("bad", ["", "x" * 256, "tab\there", "caf\u00e9"])
async def test_what_is_no_key_is_said_and_nothing_is_done(
    bad: str, empty_world: World, admin: httpx2.AsyncClient
) -> None:
    answer = await admin.post(ACCOUNTS, json=LI, headers={b"Idempotency-Key": bad.encode("latin-1")})
    assert (answer.status_code, await count(empty_world.store)) == (400, 0)


async def test_a_body_too_long_for_a_key_is_refused_before_it_is_read_on(
    empty_world: World, admin: httpx2.AsyncClient
) -> None:
    answer = await admin.post(f"{API}/imports", content=b"x" * (MAX_BODY + 1), headers=key())
    assert (answer.status_code, str(MAX_BODY) in answer.json()["detail"]) == (400, True)


async def test_reading_and_what_may_be_repeated_anyhow_take_no_keys(
    empty_world: World, admin: httpx2.AsyncClient
) -> None:
    assert (await admin.get(ACCOUNTS, headers=key(""))).status_code == 200
    assert (await admin.put(f"{ACCOUNTS}/x", json={}, headers=key(""))).status_code in (404, 405)
    assert await kept(empty_world.store) == []


# --- at the same time, and cut off


@pytest.fixture
async def replicas(store: Store, tmp_path: Path) -> list[World]:
    """Two collectors over one database."""
    return [make_world(store, tmp_path, None) for _ in range(2)]


async def test_of_many_at_the_same_time_one_is_carried_out_by_whichever_collector(replicas: list[World]) -> None:
    store = replicas[0].store
    token = await replicas[0].token("system_admin")
    clients = [each.nobody(authorization=f"Bearer {token}") for each in replicas]
    for name in ("li.wei", "wang", "zhao"):
        asked = [each.post(ACCOUNTS, json=LI | {"name": name}, headers=key(name)) for each in clients * 4]
        answers = await asyncio.gather(*asked)
        assert {each.status_code for each in answers} <= {201, 409}
        assert len({each.content for each in answers if each.status_code == 201}) == 1
        assert sum(each.status_code == 201 and REPLAYED not in each.headers for each in answers) == 1
        late = await asyncio.gather(
            *(each.post(ACCOUNTS, json=LI | {"name": name}, headers=key(name)) for each in clients)
        )
        assert {(each.status_code, each.headers.get(REPLAYED)) for each in late} == {(201, "true")}
        assert await count(store, name) == 1
    for each in clients:
        await each.aclose()


async def test_while_it_is_carried_out_the_same_request_is_told_so(
    empty_world: World, admin: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    came, go_on, keep = asyncio.Event(), asyncio.Event(), Errand.keep

    async def slow(self: Errand, answer: once.Answer | None) -> None:
        came.set()
        await go_on.wait()
        await keep(self, answer)

    monkeypatch.setattr(Errand, "keep", slow)
    first = asyncio.create_task(admin.post(ACCOUNTS, json=LI, headers=key()))
    await came.wait()
    second = await admin.post(ACCOUNTS, json=LI, headers=key())
    go_on.set()
    assert (second.status_code, (await first).status_code) == (409, 201)
    assert await count(empty_world.store) == 1


async def test_cut_off_after_it_was_carried_out_it_is_never_carried_out_again(
    replicas: list[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is lost with the process; that it was done is not, and that is what the next one is told."""
    before, after = replicas
    token = await before.token("system_admin")

    async def power_cut(self: Errand, answer: once.Answer | None) -> None:
        raise asyncio.CancelledError

    async with before.nobody(authorization=f"Bearer {token}") as client:
        with monkeypatch.context() as patch:
            patch.setattr(Errand, "keep", power_cut)
            with pytest.raises(asyncio.CancelledError):
                await client.post(ACCOUNTS, json=LI, headers=key())
    async with after.nobody(authorization=f"Bearer {token}") as client:
        again = await client.post(ACCOUNTS, json=LI, headers=key())
    assert (again.status_code, "carried out" in again.json()["detail"]) == (409, True)
    assert await count(after.store) == 1


async def test_cut_off_before_its_commit_it_leaves_nothing_and_is_carried_out_when_asked_again(
    replicas: list[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = replicas
    token = await before.token("system_admin")

    async def power_cut(*_: object) -> None:
        raise asyncio.CancelledError

    async with before.nobody(authorization=f"Bearer {token}") as client:
        with monkeypatch.context() as patch:
            patch.setattr("collector.security.audit._append", power_cut)
            with pytest.raises(asyncio.CancelledError):
                await client.post(ACCOUNTS, json=LI, headers=key())
    assert await kept(after.store) == []
    async with after.nobody(authorization=f"Bearer {token}") as client:
        assert (await client.post(ACCOUNTS, json=LI, headers=key())).status_code == 201
    assert await count(after.store) == 1


async def test_what_a_task_writes_that_outlives_its_request_is_no_longer_part_of_it(
    sqlite_store: Store, empty_world: World
) -> None:
    principal = await _principal(empty_world)
    errand = once.errand(sqlite_store, Vault([bytes(32)]), principal, "k", [b"POST"], 1_000)
    over = asyncio.Event()

    async def later() -> None:
        await over.wait()
        async with sqlite_store.write() as tx:
            await tx.execute(text("SELECT 1"))

    with errand.under_way():
        task = asyncio.create_task(later())
        await asyncio.sleep(0)
    over.set()
    await task
    assert await kept(sqlite_store) == []


async def _principal(world: World) -> Principal:
    found = await sessions.of_bearer(world.store, await world.token("ops"), world.clock)
    assert found
    return found


# --- for how long, how many, how long


async def test_a_key_counts_for_a_day(empty_world: World, admin: httpx2.AsyncClient) -> None:
    await admin.post(ACCOUNTS, json=LI, headers=key())
    empty_world.clock.at += KEPT_MS
    assert (await admin.post(ACCOUNTS, json=LI, headers=key())).headers[REPLAYED] == "true"
    empty_world.clock.at += 1
    assert (await admin.post(ACCOUNTS, json=LI | {"name": "wang"}, headers=key())).status_code == 201


async def test_old_keys_and_those_of_who_sends_too_many_go_by_the_clock(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world = make_world(store, tmp_path, None)
    monkeypatch.setattr(once, "MOST_KEPT", 3)
    async with await world.program("system_admin") as client:
        for at in range(5):
            world.clock.at += 1
            await client.post(ACCOUNTS, json=LI | {"name": f"a{at}"}, headers=key(f"k{at}"))
    await Retention(store, 400, world.clock).step()
    assert sorted(row.key for row in await kept(store)) == ["k2", "k3", "k4"]
    world.clock.at += KEPT_MS
    await Retention(store, 400, world.clock).step()
    assert [row.key for row in await kept(store)] == ["k4"]


async def test_an_answer_too_long_to_keep_is_given_once_and_its_request_carried_out_once(
    empty_world: World, admin: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer, "MAX_ANSWER", 10)
    first = await admin.post(ACCOUNTS, json=LI, headers=key())
    again = await admin.post(ACCOUNTS, json=LI, headers=key())
    assert (first.status_code, first.json()["name"], again.status_code) == (201, "li.wei", 409)
    assert await count(empty_world.store) == 1


async def test_what_only_reads_is_answered_as_before_too(empty_world: World) -> None:
    """Nothing is written by it: its key is written with the answer."""
    async with await empty_world.program("auditor") as client:
        first = await client.post(f"{API}/audit/verification", json={}, headers=key())
        await empty_world.token("ops")  # another row
        again = await client.post(f"{API}/audit/verification", json={}, headers=key())
    assert (first.status_code, again.json(), again.headers[REPLAYED]) == (200, first.json(), "true")


async def test_under_another_key_of_the_vault_what_was_answered_is_not_there_any_more(
    empty_world: World, admin: httpx2.AsyncClient
) -> None:
    await admin.post(ACCOUNTS, json=LI, headers=key())
    async with empty_world.store.write() as tx:
        await tx.execute(update(schema.kept_answer).values(key_id="gone"))
    assert (await admin.post(ACCOUNTS, json=LI, headers=key())).status_code == 409


async def test_the_description_names_the_header_at_all_that_takes_it(empty_world: World) -> None:
    async with empty_world.nobody() as client:
        for _ in range(2):
            described = (await client.get(f"{API}/openapi.json")).json()
    named = {"$ref": "#/components/parameters/IdempotencyKey"}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            count = operation.get("parameters", []).count(named)
            assert count == (method in ("post", "patch")), f"{method} {path}"
    assert described["components"]["parameters"]["IdempotencyKey"]["schema"]["maxLength"] == once.MAX_KEY
