"""Channels as services: who is told, alarms of channels that fail, tickets held against incidents."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from collector.channel import Channel, Wants
from collector.config import Settings
from collector.delivery.kinds import checked
from collector.delivery.robot import Chat
from collector.desk import table
from collector.model import Incident
from collector.security.vault import Vault
from collector.services.channels import alarms, builtin, setup
from collector.services.channels.directory import Directory
from collector.services.channels.reconciling import EVERY_MS, Reconciler
from collector.store import channels, correspondence, outbox, schema, telling
from collector.store.engine import Store
from collector.store.outbox import Mark
from collector.workcalendar import Calendar
from tests.acts import act
from tests.collector.delivery.answering import Answering
from tests.collector.delivery.told import delivery

NOW = 1_768_464_000_000
VAULT = Vault([bytes(32)])
DESK = table.load(Path(__file__).parents[3] / "rules" / "desk.yaml", Calendar())


def incident(number: int = 1, **more: Any) -> Incident:
    made = Incident(
        number, f"INC-{number:06d}", f"k{number}", None, "alert", "error", "new", {"zh": "盘", "en": "disk"},
        {"ci": {"name": "web-01"}}, NOW, category="network/link",
    )  # fmt: skip
    return replace(made, **more)


async def add(store: Store, name: str, wants: Wants = Wants(), url: str = "http://127.0.0.1:9/", **more: Any) -> None:  # noqa: B008  a frozen value
    kind = more.pop("kind", "webhook")
    channel = Channel(name, kind, checked(kind, {"url": url, **more.pop("settings", {})}), wants, **more)
    async with store.write() as tx:
        await setup.write(tx, VAULT, channel, {"user": "u", "password": "p"} if kind != "webhook" else {}, NOW)


async def tell(store: Store, *told: telling.Told, at: int = NOW) -> None:
    async with store.write() as tx:
        await telling.tell(tx, told, at)


async def waiting(store: Store) -> list[tuple[str, str]]:
    async with store.read() as connection:
        rows = await connection.execute(select(schema.outbox).order_by(schema.outbox.c.id))
        return [(row.destination, row.key) for row in rows]


@pytest.fixture
def there() -> Iterator[Answering]:
    made = Answering()
    yield made
    made.close()


# --- who is told


@pytest.mark.parametrize(
    ("wants", "is_told"),
    [
        (Wants(), True), (Wants("error"), True), (Wants("critical"), False),
        (Wants(categories=("network",)), True), (Wants(categories=("net",)), False),
        (Wants(sources=("user",)), False), (Wants(sources=("monitoring",)), True),
        (Wants(events=("resolved",)), False), (Wants(sites=("beijing",)), False),
    ],
)  # fmt: skip
async def test_a_channel_is_told_what_it_asks_for(store: Store, wants: Wants, is_told: bool) -> None:
    await add(store, "a", wants)
    await tell(store, (incident(), "opened"))
    assert bool(await waiting(store)) == is_told


async def test_who_was_told_of_an_incident_hears_its_end_though_it_became_mild(store: Store) -> None:
    await add(store, "grave", Wants("error"))
    await add(store, "graver", Wants("critical"))
    await tell(store, (incident(), "opened"))
    await tell(store, (incident(severity="notice"), "resolved"), at=NOW + 5)
    assert await waiting(store) == [
        ("grave", "incident|INC-000001|opened@grave"), ("grave", f"incident|INC-000001|resolved@{NOW + 5}@grave"),
    ]  # fmt: skip


async def test_an_incident_that_is_opened_again_can_be_resolved_again(store: Store) -> None:
    await add(store, "a")
    for at, event in enumerate(("opened", "resolved", "reopened", "resolved")):
        await tell(store, (incident(), event, "said"), at=NOW + at)
        await tell(store, (incident(), event, "said"), at=NOW + at)
    assert [key.split("|")[2] for _, key in await waiting(store)] == [
        "opened@a", f"resolved@{NOW + 1}@a", f"reopened@{NOW + 2}@a", f"resolved@{NOW + 3}@a",
    ]  # fmt: skip


async def test_a_channel_that_is_off_is_told_nothing(store: Store) -> None:
    await add(store, "a", is_enabled=False)
    await tell(store, (incident(), "opened"))
    assert await waiting(store) == []


# --- a channel that fails is told by the others


async def test_a_channel_that_is_broken_is_an_incident_told_by_the_others_until_it_works(store: Store) -> None:
    await add(store, "broken")
    await add(store, "well")
    async with store.write() as tx:
        await channels.note(tx, "broken", broken_at=NOW, failures=7, last_error="HTTP status 500")
        await alarms.settle(tx, NOW + 59_999)
    assert await waiting(store) == []
    async with store.write() as tx:
        await alarms.settle(tx, NOW + 60_000)
        await alarms.settle(tx, NOW + 75_000)
    assert await waiting(store) == [("well", "incident|INC-000001|opened@well")]
    async with store.write() as tx:
        await channels.note(tx, "broken", broken_at=0, failures=0)
        await alarms.settle(tx, NOW + 90_000)
    assert [key.split("|")[2].split("@")[0] for _, key in await waiting(store)] == ["opened", "resolved"]


async def test_a_message_that_was_given_up_is_an_incident_until_it_is_sent_again(store: Store) -> None:
    await add(store, "desk")
    await add(store, "well", Wants(events=("opened",)))
    await tell(store, (incident(), "opened"))
    async with store.write() as tx:
        ids = await outbox.due(tx, NOW, 10, "desk")
        [row] = await outbox.claim(tx, ids, NOW)
        await outbox.mark(tx, [Mark(row.id, row.lease, "dead", "HTTP status 422")], NOW)
        await alarms.settle(tx, NOW)
        kinds = list((await tx.execute(select(schema.incident.c.kind))).scalars())
        assert kinds == ["channel"]
        assert await setup.again(act(tx, at=NOW), "desk") == 1
        await alarms.settle(tx, NOW + 1)
        assert (await tx.execute(select(schema.incident.c.resolved_at))).scalar_one() == NOW + 1


# --- the channel of the settings, and secrets


async def test_the_channel_of_the_settings_comes_stays_and_goes_with_them(store: Store, tmp_path: Path) -> None:
    async def declare(url: str) -> int:
        async with store.write() as tx:
            doing = act(tx, at=NOW)
            await builtin.declare(doing, VAULT, Settings(data=tmp_path, webhook_url=url, webhook_secret="geheim"))
            return len(doing.told)

    assert await declare("http://127.0.0.1:9/a") == 1
    assert await declare("http://127.0.0.1:9/a") == 0, "nothing moved"
    assert await declare("http://127.0.0.1:9/b") == 1
    [line] = await Directory(store, VAULT, lambda: NOW)()
    assert line.name == "webhook"
    await tell(store, (incident(), "opened"))
    assert await declare("") == 1
    assert await Directory(store, VAULT, lambda: NOW)() == ()
    async with store.read() as connection:
        assert (await connection.execute(select(schema.outbox.c.state))).scalars().all() == ["dropped"]


async def test_a_channel_is_the_same_line_until_somebody_changes_it(store: Store) -> None:
    await add(store, "a")
    directory = Directory(store, VAULT, lambda: NOW)
    [first] = await directory()
    assert (await directory())[0] is first
    await add(store, "a", Wants("critical"))
    assert (await directory())[0] is not first


async def test_a_secret_of_another_vault_makes_no_line_and_stops_none(store: Store) -> None:
    await add(store, "a")
    other = Vault([bytes([1]) * 32])
    assert await Directory(store, other, lambda: NOW)() == ()


async def test_a_channel_says_the_words_of_the_desk_the_collector_has(store: Store, there: Answering) -> None:
    async with store.write() as tx:
        channel = Channel("x", "wecom", checked("wecom", {"url": there.url}), language="en")
        await setup.save(act(tx, at=NOW), VAULT, channel, {"token": "t"})
    [line] = await Directory(store, VAULT, lambda: NOW, DESK)()
    there.answers = [(200, {"errcode": 0})]
    await line.destination(delivery(category="security/login"))
    assert isinstance(line.destination, Chat)
    await line.destination.aclose()
    assert "Category: account and rights" in there.asked[0].value["markdown"]["content"]


# --- tickets held against incidents

SID = "9c573169c611228700193229fff72400"


def ticket(state: str) -> tuple[int, Any]:
    row = {"sys_id": SID, "number": "INC0010023", "state": state, "resolved_by.user_name": "beth"}
    return 200, {"result": row}


async def corresponded(store: Store, there: Answering, event: str) -> None:
    """A desk that was told of an incident, of which the last word was `event`."""
    await add(store, "desk", url=there.url, kind="servicenow")
    await tell(store, (incident(), "opened"), (incident(), event))
    async with store.write() as tx:
        for _ in range(2):
            for row in await outbox.claim(tx, await outbox.due(tx, NOW, 9, "desk"), NOW):
                await outbox.mark(tx, [Mark(row.id, row.lease, "sent")], NOW)
                note = (row.id, row.delivery.subject, row.delivery.event, SID)
                await correspondence.note(tx, "desk", [note], NOW)


def reconciler(store: Store, at: int, said: list[tuple[str, str]]) -> Reconciler:
    async def resolve(_tx: Any, number: str, text: str, _at: int) -> bool:
        said.append((number, text))
        return True

    return Reconciler(store, VAULT, lambda: at, resolve, random.Random(1))


async def test_what_was_resolved_there_is_resolved_here_once(store: Store, there: Answering) -> None:
    await corresponded(store, there, "updated")
    said: list[tuple[str, str]] = []
    there.answers = [ticket("6")]
    found = await reconciler(store, NOW + EVERY_MS, said).step()
    assert (found["desk"].asked, found["desk"].resolved) == (1, 1)
    assert said == [("INC-000001", "已在 desk 中由 beth 解决（INC0010023） / resolved in desk by beth (INC0010023)")]
    there.answers = [ticket("6")]
    await reconciler(store, NOW + 2 * EVERY_MS, said).step()
    assert len(said) == 1


async def test_an_end_that_was_lost_is_told_once_more_and_then_left_to_them(store: Store, there: Answering) -> None:
    await corresponded(store, there, "resolved")
    there.answers = [ticket("2")]
    await reconciler(store, NOW + EVERY_MS, []).step()
    again = [key for _, key in await waiting(store)][-1]
    assert again == f"incident|INC-000001|resolved@{NOW + EVERY_MS}@desk"
    async with store.write() as tx:
        [row] = await outbox.claim(tx, await outbox.due(tx, NOW + EVERY_MS, 9, "desk"), NOW + EVERY_MS)
        await outbox.mark(tx, [Mark(row.id, row.lease, "sent")], NOW + EVERY_MS)
        await correspondence.note(tx, "desk", [(row.id, row.delivery.subject, "resolved", SID)], NOW + EVERY_MS)
    there.answers = [ticket("2")]
    await reconciler(store, NOW + 3 * EVERY_MS, []).step()
    assert len(await waiting(store)) == 3, "somebody opened it again there: it is theirs"


async def test_a_round_has_its_time_and_a_system_that_is_down_moves_nothing(store: Store, there: Answering) -> None:
    await corresponded(store, there, "updated")
    there.answers = [(500, {})]
    said: list[tuple[str, str]] = []
    assert (await reconciler(store, NOW + EVERY_MS, said).step())["desk"].resolved == 0
    assert await reconciler(store, NOW + EVERY_MS + 1, said).step() == {}, "the next one is in five minutes"
    assert said == []
