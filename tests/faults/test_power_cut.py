"""A power cut at any write takes nothing that was promised, and the checks have teeth."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from agent.spool import Spool
from tests.faults import drive_intake, mutants, powercut
from tests.faults.powercut import Cut, recorder

__all__ = ["recorder"]


@pytest.fixture
def count(request: pytest.FixtureRequest) -> int:
    """How many cuts: a sample, or what `--campaign N` asks for."""
    return int(request.config.getoption("--campaign") or 150)


def _collector_losses(cut: Cut) -> Counter[str]:
    """Return what a cut took from the collector: acked_missing, duplicated, corrupt."""
    lines = cut.promised.splitlines()
    if not lines:
        return Counter()
    database = sqlite3.connect(cut.folder / "muster.db")
    losses = Counter[str]()
    if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        losses["corrupt"] += 1
    rows = _rows(database)
    database.close()
    losses["duplicated"] += sum(1 for times in rows.values() if times > 1)
    for line in lines[1:]:
        agent, acked = map(int, line.split())
        losses["acked_missing"] += sum(1 for seq in range(acked - 2, acked + 1) if (agent, seq) not in rows)
    return +losses


def _rows(database: sqlite3.Connection) -> Counter[tuple[int, int]]:
    try:
        return Counter(database.execute("SELECT agent_id, seq FROM observation WHERE epoch = ?", (drive_intake.EPOCH,)))
    except sqlite3.OperationalError:  # the table itself was lost
        return Counter()


def _spool_losses(cut: Cut) -> Counter[str]:
    """Return what a cut took from the spool: appended and neither there, nor acknowledged, nor in a drop record."""
    marks = [line.split() for line in cut.promised.splitlines() if line]
    appended = {int(mark[1]) for mark in marks if mark[0] == "A"}
    acked = {int(mark[1]) for mark in marks if mark[0] == "K"}
    if not any(mark[0] == "E" for mark in marks):
        return Counter()
    spool = Spool.open(cut.folder / "spool")
    there = {each.seq for each in spool.peek(100_000, 1 << 40)}
    dropped = {seq for drop in spool.pending_drops() for seq in range(drop.first_seq, drop.last_seq + 1)}
    losses = Counter(lost=len(appended - acked - there - dropped))
    losses["new_epoch"] = int(spool.epoch.hex() != next(mark[1] for mark in marks if mark[0] == "E"))
    spool.close()
    return +losses


def _campaign(tmp_path: Path, recorder: Path, driver: str, steps: int, mutant: str, count: int) -> Counter[str]:
    folder = tmp_path / "disk"
    folder.mkdir()
    ops = powercut.record(folder, ["-m", f"tests.faults.{driver}", str(folder), str(steps), mutant], recorder)
    check = _collector_losses if driver == "drive_intake" else _spool_losses
    total = Counter[str]()
    for cut in powercut.cuts(ops, folder, count, tmp_path):
        total += check(cut)
    return total


def test_what_the_collector_acknowledged_survives_every_power_cut(tmp_path: Path, recorder: Path, count: int) -> None:
    losses = _campaign(tmp_path, recorder, "drive_intake", 60, mutants.NONE, count)
    print(f"{count} power cuts of the collector: {dict(losses) or 'nothing lost, nothing doubled'}")
    assert not losses


def test_what_the_spool_took_survives_every_power_cut(tmp_path: Path, recorder: Path, count: int) -> None:
    losses = _campaign(tmp_path, recorder, "drive_spool", 150, mutants.NONE, count)
    print(f"{count} power cuts of the spool: {dict(losses) or 'nothing lost'}")
    assert not losses


@pytest.mark.parametrize("mutant", [mutants.SYNCHRONOUS_NORMAL, mutants.ACK_BEFORE_COMMIT])
def test_a_collector_that_promises_too_early_is_caught(tmp_path: Path, recorder: Path, mutant: str) -> None:
    assert _campaign(tmp_path, recorder, "drive_intake", 60, mutant, 60)["acked_missing"] > 0


def test_a_spool_without_fsync_is_caught(tmp_path: Path, recorder: Path) -> None:
    assert _campaign(tmp_path, recorder, "drive_spool", 150, mutants.SPOOL_WITHOUT_FSYNC, 60)["lost"] > 0
