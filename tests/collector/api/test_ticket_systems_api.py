"""`/api/v1/ticket-systems` and `muster change pull`: set up, looked at, never telling what logs in."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from collector.cli import client
from collector.store.browse import audit
from collector.store.browse.page import Window
from tests.bench.programs import installed
from tests.collector.tickets.player import Player
from tests.conftest import free_port
from tests.people import World


@pytest.fixture
def player() -> Iterator[Player]:
    made = Player()
    made.play("servicenow")
    yield made
    made.close()


def snow(player: Player) -> dict[str, Any]:
    return {
        "kind": "servicenow", "url": player.url, "unencrypted": True, "sections": {"*": ["os"]},
        "people": {"abel.tuter": "abel", "bow.ruggeri": "bow"},
        "voices": {"beth.anglin": {"account": "beth", "role": "change_supervisor"}},
        "secret": {"user": "muster", "password": "geheim"},
    }  # fmt: skip


async def _people(world: World) -> None:
    for name, role in (("abel", "change_initiator"), ("bow", "engineer"), ("beth", "change_supervisor")):
        await world.person(role, name=name)


async def test_a_system_is_set_up_looked_at_and_forgotten(world: World, player: Player) -> None:
    await _people(world)
    async with await world.person("change_manager") as manager:
        made = await manager.put("/api/v1/ticket-systems/snow", json=snow(player))
        assert made.status_code == 200, made.text
        assert "geheim" not in made.text
        assert (made.json()["name"], made.json()["last"]) == ("snow", None)
        report = (await manager.post("/api/v1/ticket-systems/snow/pulls")).json()
        assert (report["seen"], report["new"], report["left"], report["failed"]) == (2, 0, 2, "")
        assert report["not_taken"][0]["why"] == "no CI is called srv1"
        told = (await manager.get("/api/v1/ticket-systems/snow")).json()
        assert told["last"] == report
        assert (await manager.get("/api/v1/ticket-systems")).json() == [told]
        assert (await manager.delete("/api/v1/ticket-systems/snow")).status_code == 204
        for method, path in (("GET", "snow"), ("DELETE", "snow"), ("POST", "snow/pulls")):
            assert (await manager.request(method, f"/api/v1/ticket-systems/{path}")).status_code == 404
    async with world.store.read() as connection:
        page = await audit.list_audit(connection, audit.AuditQuery(actions=("ticket_system",)), Window(50))
    assert [row.action for row in page.items] == ["ticket_system.remove", "ticket_system.pull", "ticket_system.save"]
    assert "geheim" not in repr(page.items)


async def test_settings_that_cannot_be_are_refused_without_the_secret(world: World, player: Player) -> None:
    await _people(world)
    async with await world.person("change_manager") as manager:
        for other, status in (
            ({"kind": "remedy"}, 422), ({"colour": "red"}, 422), ({"secret": {"key": "geheim"}}, 422),
            ({"unencrypted": False}, 400), ({"days": 0}, 400), ({"people": {"x": "nobody"}}, 400),
        ):  # fmt: skip
            answer = await manager.put("/api/v1/ticket-systems/snow", json=snow(player) | other)
            assert answer.status_code == status, answer.text
            assert "geheim" not in answer.text
        assert (await manager.get("/api/v1/ticket-systems")).json() == []


async def test_commands_set_it_up_and_pull(world: World, player: Player, tmp_path: Path) -> None:
    await _people(world)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(world.app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    client.write_local(tmp_path, f"http://127.0.0.1:{port}", await world.token("change_manager"))

    async def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = installed("muster", "change", *words, "--data", str(tmp_path))
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)

    file = tmp_path / "snow.json"
    file.write_text(json.dumps(snow(player)), encoding="utf-8")
    made = await run("system", "snow", "--file", str(file))
    assert json.loads(made.stdout)["kind"] == "servicenow", made.stderr
    pulled = await run("pull", "snow")
    assert "2 seen, 0 new, 0 known, 2 not taken" in pulled.stdout, pulled.stderr
    assert (await run("pull", "snow", "--json")).returncode == 0
    assert "snow" in (await run("systems")).stdout
    player.turns.clear()
    failed = await run("pull", "snow")
    assert (failed.returncode, "nothing at this path" in failed.stdout) == (1, True)
    assert (await run("system", "snow", "--remove")).returncode == 0
    assert json.loads((await run("systems", "--json")).stdout) == []
    server.should_exit = True
    await serving
