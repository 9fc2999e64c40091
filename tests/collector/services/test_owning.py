"""The incident of an unapproved change is whose class it is: nobody has to look for who has to answer it."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.security.roles import administrators
from collector.store import accounts, schema
from collector.store.engine import Store
from tests.collector.alerting.ground import Held, held


async def given(ground: Held, **people: tuple[str, ...]) -> list[tuple[str, str]]:
    """Let these people be there and something come that nobody approved; return whose the incident is, its state."""
    async with ground.world.store.write() as tx:
        for name, roles in people.items():
            await accounts.add(tx, name, roles, ground.world.now)
    await ground.install()
    rows = await ground.world.rows(schema.incident, schema.incident.c.kind == "unapproved_change")
    return [(row.assignee, row.state) for row in rows]


async def test_it_begins_with_who_administers_the_class(store: Store, tmp_path: Path) -> None:
    ground = await held(store, tmp_path)
    people = {"ann": ("config_admin:server",), "all": ("config_admin:*",), "cay": ("config_admin:network",)}
    assert await given(ground, **people) == [("ann", "assigned")]


async def test_of_several_it_is_who_has_the_least_to_do(store: Store, tmp_path: Path) -> None:
    ground = await held(store, tmp_path)
    ((first, _),) = await given(ground, ann=("config_admin:server",), bea=("config_admin:server",))
    ground.host.bodies["users"].append({**ground.host.bodies["users"][0], "name": "mallory", "uid": 4711})
    ground.world.now += 3_600_000
    await ground.tell()
    rows = await ground.world.rows(schema.incident, schema.incident.c.kind == "unapproved_change")
    assert first == "ann"
    assert sorted(row.assignee for row in rows) == ["ann", "bea"]


async def test_with_nobody_for_the_class_it_waits_in_its_line(store: Store, tmp_path: Path) -> None:
    ground = await held(store, tmp_path)
    assert await given(ground, cay=("config_admin:network",), dan=("service_desk",)) == [("", "new")]


@pytest.mark.parametrize(
    ("people", "its"),
    [
        ({"ann": ["config_admin:server"], "bea": ["config_admin:*"], "cay": ["config_admin:pc,network"]}, ["ann"]),
        ({"bea": ["config_admin:*"], "cay": ["config_admin:pc"]}, ["bea"]),
        ({"cay": ["config_admin:pc"], "dan": ["service_desk"]}, []),
        ({"ann": ["config_admin:pc,server"], "eve": ["viewer", "config_admin:server"]}, ["ann", "eve"]),
    ],
)
def test_who_is_named_for_a_class_comes_before_who_is_for_all(people: dict[str, list[str]], its: list[str]) -> None:
    assert administrators(people, "server") == its
