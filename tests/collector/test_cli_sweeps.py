"""`muster sweep` and `muster credential` against a collector that answers over HTTP."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner

from collector.cli import app, client
from collector.cli.client import Refused
from collector.security.vault import Vault
from collector.store import credentials as kept
from collector.store import pins as pin_rows
from collector.store.engine import Store
from collector.store.pins import PinRow
from tests import swept
from tests.bench.programs import installed
from tests.conftest import free_port
from tests.people import Template, World, copy_of, make_template, make_world
from tests.swept import SECRET, Swept


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said."""

    exit_code: int
    output: str
    complaint: str


Run = Callable[..., Awaitable[Said]]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def world(template: Template, tmp_path: Path) -> AsyncIterator[World]:
    store: Store = copy_of(template, tmp_path)
    yield make_world(store, tmp_path, template.estate)
    await store.close()


@pytest.fixture
async def run(world: World, tmp_path: Path) -> AsyncIterator[Run]:
    """Runs a command as somebody who administers the network; the collector answers at a port of its own."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(world.app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    client.write_local(tmp_path, f"http://127.0.0.1:{port}", await world.token("network_admin"))

    async def invoke(*words: str, typed: str = "") -> Said:
        command = installed("muster", *words, "--data", str(tmp_path))
        done = await asyncio.to_thread(
            subprocess.run, command, input=typed, capture_output=True, text=True, check=False
        )
        return Said(done.returncode, done.stdout, done.stderr)

    yield invoke
    server.should_exit = True
    await serving


@pytest.fixture
async def made(world: World) -> Swept:
    vault: Vault = world.app.state.context.vault
    async with world.store.write() as tx:
        begun = await swept.begin(tx, vault, world.clock())
        await swept.finish(tx, begun, world.clock())
    return begun


async def test_sweeps_are_listed_shown_and_their_targets_told(run: Run, made: Swept) -> None:
    listed = json.loads((await run("sweep", "list", "--json")).output)
    shown = json.loads((await run("sweep", "show", made.sweep, "--json")).output)
    targets = json.loads((await run("sweep", "targets", made.sweep, "--cause", "credential_refused", "--json")).output)
    assert [each["id"] for each in listed] == [made.sweep]
    assert shown["coverage"][0]["subnet"] == "10.20.0.0/24"
    assert [each["address"] for each in targets] == ["10.20.0.3", "10.20.0.4"]
    table = (await run("sweep", "targets", made.sweep, "--stage", "explore")).output
    assert "access-01" in table
    assert "149" in (await run("sweep", "list")).output


async def test_a_sweep_is_started_by_the_name_of_its_plan(run: Run, made: Swept) -> None:
    started = await run("sweep", "start", "Campus")
    assert started.exit_code == 0
    assert json.loads((await run("sweep", "show", started.output.strip(), "--json")).output)["state"] == "waiting"
    unknown = await run("sweep", "start", "nowhere")
    assert (unknown.exit_code, unknown.complaint) == (Refused.exit_code, "muster: there is no plan nowhere\n")
    assert (await run("sweep", "start", "Campus")).exit_code == Refused.exit_code, "it waits already"


async def test_a_credential_is_added_from_standard_input_listed_and_removed(world: World, run: Run) -> None:
    words = ("credential", "add", "office", "--kind", "snmp_community", "--range", "10.1.0.0/16")
    added = await run(*words, typed=f"{SECRET}\n")
    assert added.exit_code == 0
    uid = added.output.strip()
    async with world.store.read() as connection:
        row = await kept.find(connection, uid)
    assert row is not None
    vault: Vault = world.app.state.context.vault
    assert vault.unseal(row) == {"community": SECRET}
    for listed in (await run("credential", "list"), await run("credential", "list", "--json")):
        assert "office" in listed.output
        assert SECRET not in listed.output
    removed = await run("credential", "remove", "office", "--yes", "--json")
    assert json.loads(removed.output) == {"id": uid}
    assert json.loads((await run("credential", "list", "--json")).output) == []


async def test_an_snmp_user_and_a_private_key_come_from_standard_input(world: World, run: Run) -> None:
    user = await run("credential", "add", "v3", "--kind", "snmp_user", "--range", "10.0.0.0/8", "--user", "muster",
                     "--auth", "sha256", "--priv", "aes128", typed="first-secret\nother-secret\n")  # fmt: skip
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
    ssh = await run("credential", "add", "hosts", "--kind", "ssh", "--range", "10.0.0.0/8", "--user", "root", "--key",
                    typed=key)  # fmt: skip
    vault: Vault = world.app.state.context.vault
    async with world.store.read() as connection:
        found = await kept.find(connection, user.output.strip())
        login = await kept.find(connection, ssh.output.strip())
    assert found is not None
    assert login is not None
    assert vault.unseal(found)["priv_key"] == "other-secret"
    assert vault.unseal(login) == {"user": "root", "key": key}


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (("--kind", "smoke"), "secret-8\n"), (("--kind", "nut", "--user", "u"), ""),
        (("--kind", "nut", "--user", "u"), "secret-8\nsecret-8\n"), (("--kind", "redfish"), "secret-8\n"),
        (("--kind", "nut", "--user", "u"), "secret-8" * 3_000),
    ],
)  # fmt: skip
async def test_what_cannot_be_sealed_is_refused_without_a_word_of_it(
    run: Run, words: tuple[str, ...], typed: str
) -> None:
    refused = await run("credential", "add", "n", "--range", "10.0.0.0/8", *words, typed=typed)
    assert refused.exit_code == Refused.exit_code
    assert refused.complaint.count("\n") == 1
    assert "secret-8" not in refused.complaint


def test_no_command_takes_a_secret_as_an_argument() -> None:
    told = CliRunner().invoke(app, ["credential", "add", "--help"]).output
    assert not [word for word in ("--password", "--community", "--auth-key", "--priv-key", "--secret") if word in told]


async def test_keys_are_listed_accepted_and_forgotten(world: World, run: Run) -> None:
    old, new = (f"ssh-rsa SHA256:{letter * 43}" for letter in "ab")
    async with world.store.write() as tx:
        await pin_rows.put(tx, [PinRow("dmz", "10.1.0.1", "host_key", old, "", 5, new, 6)])
    (listed,) = json.loads((await run("pin", "list", "--state", "changed", "--json")).output)
    assert (listed["value"], listed["seen"]) == (old, new)
    assert "10.1.0.1" in (await run("pin", "list")).output
    words = ("10.1.0.1", "host_key")
    assert (await run("pin", "accept", *words, "nonsense-key", "--zone", "dmz")).exit_code == Refused.exit_code
    accepted = json.loads((await run("pin", "accept", *words, new, "--zone", "dmz", "--json")).output)
    assert (accepted["value"], accepted["state"]) == (new, "pinned")
    assert (await run("pin", "forget", *words)).exit_code == Refused.exit_code, "there is none in the default zone"
    assert (await run("pin", "forget", *words, "--zone", "dmz")).exit_code == 0
    assert json.loads((await run("pin", "list", "--json")).output) == []


async def test_a_suspended_credential_is_resumed_by_its_name(world: World, run: Run, made: Swept) -> None:
    async with world.store.write() as tx:
        await kept.change(tx, made.credential, suspended_until=2**42, suspended_why="refused")
    assert (await run("credential", "resume", "campus")).exit_code == 0
    async with world.store.read() as connection:
        row = await kept.find(connection, made.credential)
    assert row
    assert row.suspended_until == 0
