"""The vault when a collector starts: its key is made, refused or replaced, and the clock of sweeps runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from collector.app import running
from collector.config import Settings
from collector.security.vault import Vault
from collector.services import credentials, sweeps
from collector.services.credentials import NewCredential
from collector.services.sweeps import NewPlan
from collector.starting import CannotStart
from collector.store import credentials as rows
from tests.acts import act
from tests.conftest import free_port


def settings(folder: Path) -> Settings:
    return Settings(data=folder, http_port=free_port(), grpc_port=free_port(), enroll_port=free_port())


async def test_a_key_of_another_form_stops_the_start_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_VAULT_KEY", "hunter2")
    with pytest.raises(CannotStart, match="MUSTER_VAULT_KEY: one key a line") as refused:
        async with running(settings(tmp_path)):
            pass
    assert "hunter2" not in str(refused.value)


async def test_a_new_first_key_takes_over_at_the_next_start(tmp_path: Path) -> None:
    new = NewCredential("ups", "nut", {"ranges": ["10.0.0.0/8"]}, {"user": "muster", "password": "hard-to-guess"})
    async with running(settings(tmp_path)) as collector, collector.store.write() as tx:
        uid = await credentials.create(act(tx, at=1), collector.vault, new)
    key = tmp_path / "vault.key"
    old = key.read_text()
    key.write_text(f"{'7a' * 32}\n{old}")
    async with running(settings(tmp_path)) as collector, collector.store.read() as connection:
        row = await rows.find(connection, uid)
    assert row
    assert row.key_id != Vault([bytes.fromhex(old)]).key_id
    assert Vault([bytes.fromhex("7a" * 32)]).unseal(row) == new.secret


async def test_a_plan_that_is_due_is_started_by_the_running_collector(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as collector:
        async with collector.store.write() as tx:
            await sweeps.create_plan(act(tx, at=1), NewPlan("campus", "", {"ranges": ["10.1.0.1"]}, "* * * * *"))
        await collector.timekeeper.step()
        async with asyncio.timeout(10), collector.store.read() as connection:
            (sweep,) = await sweeps.recent(connection)
    assert (sweep.asked_by, sweep.state) == ("schedule", "waiting")
