"""One look at a system: all is read before anything is taken; what is not taken stays written down with its reason."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select

from collector.change.record import State
from collector.config import shipped_rules
from collector.security.audit import Act, Actor, acting
from collector.security.vault import Vault
from collector.services import rewrapping
from collector.services.changes.desk import Desk
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.services.tickets import systems
from collector.services.tickets.office import Office, Report
from collector.services.tickets.puller import MINUTE_MS, Puller, is_due
from collector.store import accounts, changes, schema, tickets
from collector.store.engine import Store
from collector.tickets.system import Secret, System, Voice
from tests.acts import act
from tests.collector.tickets.player import Player, Turn
from tests.people import Clock
from tests.store.ground import with_cis

PEOPLE = {
    "ann": ("change_initiator",), "cid": ("engineer",), "bea": ("change_supervisor",), "max": ("change_manager",),
}  # fmt: skip
SECRET = Secret("muster", "s3cr3t-of-the-realm")
WORDS = shipped_rules() / "tickets.yaml"


@pytest.fixture
def player() -> Iterator[Player]:
    made = Player()
    yield made
    made.close()


@pytest.fixture
async def office(sqlite_store: Store) -> Office:
    await with_cis(sqlite_store, 3)
    async with sqlite_store.write() as tx:
        for name, roles in PEOPLE.items():
            await accounts.add(tx, name, roles, 0)

    async def sleep(_seconds: float) -> None:
        return

    return Office(sqlite_store, Vault([bytes(32)]), Desk(), WORDS, Clock(), sleep)


def snow(player: Player, **other: object) -> System:
    made = System(
        "snow", "servicenow", player.url, unencrypted=True, sections={"*": ("os",)},
        people={"abel.tuter": "ann", "bow.ruggeri": "cid"},
        voices={"beth.anglin": Voice("bea", "change_supervisor")},
    )  # fmt: skip
    return replace(made, **other)  # type: ignore[arg-type]


async def save(office: Office, system: System, secret: Secret | None = SECRET) -> None:
    async with acting(office.store, Actor("max", "test"), office.clock) as act:
        await systems.save(act, office.vault, system, secret)


async def everything(store: Store) -> list[object]:
    kinds = (schema.change, schema.change_word, schema.audit)
    async with store.read() as connection:
        return [tuple(row) for table in kinds for row in await connection.execute(select(table))]


async def test_a_look_takes_what_it_can_and_says_of_the_rest_why_not(office: Office, player: Player) -> None:
    player.play("servicenow")
    await save(office, snow(player))
    report = await office.pull("snow")
    assert (report.failed, report.seen, report.new, report.left) == ("", 2, 1, 1)
    assert report.made == ["CHG-000001"]
    [left] = report.not_taken
    assert (left.reference, left.title, left.field) == ("CHG0030002", "Replace core switch", "initiator")
    assert left.why == "its initiator is nobody in particular, who is no account here"
    async with office.store.read() as connection:
        found = await changes.find(connection, "CHG-000001")
    assert found
    assert (found.change.state, found.change.request.ci_ids) == (State.APPROVED, {1, 2})
    office.clock.at += 5 * MINUTE_MS  # type: ignore[attr-defined]
    again = await office.pull("snow")
    assert (again.new, again.known, again.made) == (0, 1, [])
    assert again.not_taken[0].since == report.at, "since when it waits"
    [(system, last)] = await office.listed()
    assert (system.name, last) == ("snow", again)


FAILURES: Mapping[str, tuple[Callable[[Player], None], str]] = {
    "rate": (lambda player: _break(player, status=429), "answers 429"),
    "login": (lambda player: _break(player, status=401), "refuses the login"),
    "truncated": (lambda player: _break(player, body=b'{"result": [{"sys_id": "1"'), "damaged or cut off"),
    "huge": (lambda player: _break(player, body=b"[" + b" " * 50_000_000), "more than 8388608 bytes"),
    "page": (lambda player: _break(player, body=b"<html>", headers={"Content-Type": "text/html"}), "not JSON"),
    "shape": (lambda player: _break(player, body={"result": "x"}), "a list of records is expected"),
    "records": (lambda player: _break(player, body={"result": [3]}), "a list of records is expected"),
}


def _break(player: Player, **other: Any) -> None:
    """Let the last of what a look asks, approvals, be answered with something else."""
    turn = player.turns[-1]
    player.turns[-1] = replace(turn, **other)


@pytest.mark.parametrize("what", FAILURES)
async def test_when_anything_of_it_fails_nothing_of_it_is_taken(office: Office, player: Player, what: str) -> None:
    spoil, why = FAILURES[what]
    player.play("servicenow")
    await save(office, snow(player))
    before = await everything(office.store)
    spoil(player)
    report = await office.pull("snow")
    assert why in report.failed
    assert (report.seen, report.new, report.not_taken) == (0, 0, [])
    assert await everything(office.store) == before


async def test_a_failed_look_keeps_what_was_not_taken_before(office: Office, player: Player) -> None:
    player.play("servicenow")
    await save(office, snow(player))
    first = await office.pull("snow")
    _break(player, status=500)
    second = await office.pull("snow")
    assert "it answers 500" in second.failed
    assert (second.not_taken, second.left) == (first.not_taken, 1)


async def test_what_logs_in_is_nowhere_but_in_the_vault(
    office: Office, player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    player.turns.append(Turn("/api/now/table/change_request", {}, status=401))
    with structlog.testing.capture_logs() as logged:
        await save(office, snow(player))
        report = await office.pull("snow")
    async with office.store.read() as connection:
        kept = [
            tuple(row) for table in (schema.setting, schema.audit) for row in await connection.execute(select(table))
        ]
        row = await tickets.find(connection, "snow")
    assert row
    for said in (kept, logged, report, caplog.text, row, SECRET, await office.listed()):
        assert SECRET.password not in repr(said)
    assert systems.secret_of(office.vault, row) == SECRET


async def test_at_another_address_what_logs_in_is_given_anew(office: Office, player: Player) -> None:
    with pytest.raises(Refused, match="needs what logs in"):
        await save(office, snow(player), None)
    await save(office, snow(player))
    await save(office, snow(player, days=7), None)
    with pytest.raises(Refused, match="needs what logs in"):
        await save(office, snow(player, url="https://elsewhere.example"), None)
    async with office.store.write() as tx:  # behind everybody's back
        row = await tickets.find(tx, "snow")
        assert row
        await tickets.save(tx, replace(row, scope="https://thief.example"))
    report = await office.pull("snow")
    assert "no longer opens" in report.failed
    assert player.asked == []


async def test_secrets_move_under_a_new_key_of_the_vault(office: Office, player: Player) -> None:
    await save(office, snow(player))
    newer = Vault([bytes([7]) * 32, bytes(32)])
    async with office.store.write() as tx:
        assert await rewrapping.rewrap(act(tx), newer) == 1
        assert await rewrapping.rewrap(act(tx), newer) == 0
        row = await tickets.find(tx, "snow")
    assert row
    assert systems.secret_of(Vault([bytes([7]) * 32]), row) == SECRET


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"name": "No Name"}, "name"), ({"kind": "remedy"}, "kind"), ({"url": "http://u:p@x.example"}, "url"),
        ({"unencrypted": False}, "url"), ({"timezone": "Nowhere/Land"}, "timezone"), ({"days": 0}, "days"),
        ({"every_minutes": -1}, "every_minutes"), ({"people": {"x": "nobody"}}, "people"),
        ({"voices": {"x": Voice("bea", "system_admin")}}, "voices"), ({"sections": {"*": ("odd",)}}, "sections"),
        ({"fields": {"colour": ("u_colour",)}}, "fields"), ({"types": {"x": "odd"}}, "types"),
        ({"states": {"x": "odd"}}, "states"),
    ],
)  # fmt: skip
async def test_settings_that_cannot_be_are_refused_by_name(
    office: Office, player: Player, other: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as error:
        await save(office, snow(player, **other))
    assert error.value.field == field


@pytest.mark.parametrize(
    ("kind", "secret"),
    [("itop", Secret(user="x")), ("glpi", Secret(app_token="x")), ("jira", Secret()), ("itop", Secret("x\n", "y"))],
)
async def test_what_cannot_log_in_is_refused(office: Office, player: Player, kind: str, secret: Secret) -> None:
    with pytest.raises(Refused) as error:
        await save(office, snow(player, kind=kind), secret)
    assert error.value.field == "secret"


async def test_what_is_forgotten_is_gone_and_its_changes_stay(office: Office, player: Player) -> None:
    player.play("servicenow")
    await save(office, snow(player))
    await office.pull("snow")

    async def remove(act: Act) -> None:
        await systems.remove(act, "snow")

    async with acting(office.store, Actor("max", "test"), office.clock) as act:
        await remove(act)
    assert await office.listed() == []
    with pytest.raises(NotFound):
        await office.pull("snow")
    async with office.store.read() as connection:
        assert await changes.find(connection, "CHG-000001")
        assert not (await connection.execute(select(schema.setting).where(schema.setting.c.name.like("ticket%")))).all()


async def test_the_clock_looks_only_where_it_was_asked_to(office: Office, player: Player) -> None:
    player.play("servicenow")
    await save(office, snow(player, name="by-hand"))
    await save(office, snow(player, every_minutes=5))
    puller = Puller(office)
    assert await puller.step() == ["snow"]
    assert await puller.step() == []
    office.clock.at += 5 * MINUTE_MS  # type: ignore[attr-defined]
    assert await puller.step() == ["snow"]
    assert not is_due(snow(player), None, 0), "off unless somebody sets it"
    assert is_due(snow(player, every_minutes=1), Report(0), MINUTE_MS)


async def test_a_file_of_words_that_cannot_be_used_is_the_reason_of_a_failed_look(
    office: Office, player: Player, tmp_path: Path
) -> None:
    await save(office, snow(player))
    (tmp_path / "tickets.yaml").write_text("itop: 3", encoding="utf-8")
    report = await replace(office, words=tmp_path / "tickets.yaml").pull("snow")
    assert "tickets.yaml:1" in report.failed
    assert json.dumps(report.failed)
