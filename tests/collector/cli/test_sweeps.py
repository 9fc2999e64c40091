"""`muster sweep` and `muster credential` against a collector that answers over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from collector.cli import app
from collector.cli.client import Refused
from collector.security.vault import Vault
from collector.store import credentials as kept
from collector.store import pins as pin_rows
from collector.store.pins import PinRow
from tests import swept
from tests.collector.cli.typed import Run, served
from tests.people import World
from tests.swept import SECRET, Swept


@pytest.fixture
async def run(world: World, tmp_path: Path) -> AsyncIterator[Run]:
    """Runs a command as somebody who administers the network; the collector answers at a port of its own."""
    async with served(world, tmp_path, await world.token("network_admin")) as run:
        yield run


@pytest.fixture
async def made(world: World) -> Swept:
    vault: Vault = world.app.state.context.vault
    async with world.store.write() as tx:
        begun = await swept.begin(tx, vault, world.clock())
        await swept.finish(tx, begun, world.clock())
    return begun


async def test_sweeps_are_listed_shown_and_their_targets_told(run: Run, made: Swept) -> None:
    listed = json.loads((await run("sweep", "list", "--json")).stdout)
    shown = json.loads((await run("sweep", "show", made.sweep, "--json")).stdout)
    targets = json.loads((await run("sweep", "targets", made.sweep, "--cause", "credential_refused", "--json")).stdout)
    assert [each["id"] for each in listed] == [made.sweep]
    assert shown["coverage"][0]["subnet"] == "10.20.0.0/24"
    assert [each["address"] for each in targets] == ["10.20.0.3", "10.20.0.4"]
    table = (await run("sweep", "targets", made.sweep, "--stage", "explore")).stdout
    assert "access-01" in table
    assert "149" in (await run("sweep", "list")).stdout


async def test_a_sweep_is_started_by_the_name_of_its_plan(run: Run, made: Swept) -> None:
    started = await run("sweep", "start", "Campus")
    assert started.returncode == 0
    assert json.loads((await run("sweep", "show", started.stdout.strip(), "--json")).stdout)["state"] == "waiting"
    unknown = await run("sweep", "start", "nowhere")
    assert (unknown.returncode, unknown.stderr) == (Refused.exit_code, "muster: there is no plan nowhere\n")
    assert (await run("sweep", "start", "Campus")).returncode == Refused.exit_code, "it waits already"


async def test_a_credential_is_added_from_standard_input_listed_and_removed(world: World, run: Run) -> None:
    words = ("credential", "add", "office", "--kind", "snmp_community", "--range", "10.1.0.0/16")
    added = await run(*words, typed=f"{SECRET}\n")
    assert added.returncode == 0
    uid = added.stdout.strip()
    async with world.store.read() as connection:
        row = await kept.find(connection, uid)
    assert row is not None
    vault: Vault = world.app.state.context.vault
    assert vault.unseal(row) == {"community": SECRET}
    for listed in (await run("credential", "list"), await run("credential", "list", "--json")):
        assert "office" in listed.stdout
        assert SECRET not in listed.stdout
    removed = await run("credential", "remove", "office", "--yes", "--json")
    assert json.loads(removed.stdout) == {"id": uid}
    assert json.loads((await run("credential", "list", "--json")).stdout) == []


async def test_an_snmp_user_and_a_private_key_come_from_standard_input(world: World, run: Run) -> None:
    user = await run("credential", "add", "v3", "--kind", "snmp_user", "--range", "10.0.0.0/8", "--user", "muster",
                     "--auth", "sha256", "--priv", "aes128", typed="first-secret\nother-secret\n")  # fmt: skip
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
    ssh = await run("credential", "add", "hosts", "--kind", "ssh", "--range", "10.0.0.0/8", "--user", "root", "--key",
                    typed=key)  # fmt: skip
    vault: Vault = world.app.state.context.vault
    async with world.store.read() as connection:
        found = await kept.find(connection, user.stdout.strip())
        login = await kept.find(connection, ssh.stdout.strip())
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
    assert refused.returncode == Refused.exit_code
    assert refused.stderr.count("\n") == 1
    assert "secret-8" not in refused.stderr


def test_no_command_takes_a_secret_as_an_argument() -> None:
    told = CliRunner().invoke(app, ["credential", "add", "--help"]).stdout
    assert not [word for word in ("--password", "--community", "--auth-key", "--priv-key", "--secret") if word in told]


async def test_keys_are_listed_accepted_and_forgotten(world: World, run: Run) -> None:
    old, new = (f"ssh-rsa SHA256:{letter * 43}" for letter in "ab")
    async with world.store.write() as tx:
        await pin_rows.put(tx, [PinRow("dmz", "10.1.0.1", "host_key", old, "", 5, new, 6)])
    (listed,) = json.loads((await run("pin", "list", "--state", "changed", "--json")).stdout)
    assert (listed["value"], listed["seen"]) == (old, new)
    assert "10.1.0.1" in (await run("pin", "list")).stdout
    words = ("10.1.0.1", "host_key")
    assert (await run("pin", "accept", *words, "nonsense-key", "--zone", "dmz")).returncode == Refused.exit_code
    accepted = json.loads((await run("pin", "accept", *words, new, "--zone", "dmz", "--json")).stdout)
    assert (accepted["value"], accepted["state"]) == (new, "pinned")
    assert (await run("pin", "forget", *words)).returncode == Refused.exit_code, "there is none in the default zone"
    assert (await run("pin", "forget", *words, "--zone", "dmz")).returncode == 0
    assert json.loads((await run("pin", "list", "--json")).stdout) == []


async def test_a_suspended_credential_is_resumed_by_its_name(world: World, run: Run, made: Swept) -> None:
    async with world.store.write() as tx:
        await kept.change(tx, made.credential, suspended_until=2**42, suspended_why="refused")
    assert (await run("credential", "resume", "campus")).returncode == 0
    async with world.store.read() as connection:
        row = await kept.find(connection, made.credential)
    assert row
    assert row.suspended_until == 0
