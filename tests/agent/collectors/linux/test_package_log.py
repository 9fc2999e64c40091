"""The log of packages comes from apt's history and from dnf's, in older files where those of today say little."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import apt_history, dnf_log, package_log
from agent.collectors.linux.transactions import MAX_TRANSACTIONS, Row
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.dnf_databases import DNF4, build, captured
from tests.agent.collectors.linux.sample_logs import APT, DNF
from tests.agent.collectors.linux.trees import plant

STANZA = "Start-Date: 2026-02-{:02d}  08:{:02d}:00\nInstall: a:amd64 (1)\n\n"


def told(root: Path) -> list[Row]:
    rows: list[Row] = kept("package_log", package_log.collect(root))
    return rows


def starts(root: Path) -> list[str]:
    return [row["started"] for row in told(root)]


def test_a_machine_without_a_log_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        package_log.collect(tmp_path)


def test_what_apt_and_dnf_did_is_told_together_by_time(tmp_path: Path) -> None:
    plant(tmp_path, {apt_history.LOG: APT, dnf_log.LOG: DNF})
    assert starts(tmp_path) == ["2026-01-15T00:00:02Z", "2026-01-15T08:00:00Z", "2026-01-16T06:31:10Z"]


@pytest.mark.parametrize("put_away", ["history.log.1.gz", "history.log-20260201.gz"])
def test_right_after_the_log_was_rotated_nothing_is_forgotten(tmp_path: Path, put_away: str) -> None:
    plant(tmp_path, {apt_history.LOG: "", f"var/log/apt/{put_away}": {"hex": gzip.compress(APT.encode()).hex()}})
    assert starts(tmp_path) == ["2026-01-15T08:00:00Z", "2026-01-16T06:31:10Z"]


def test_the_log_of_dnf_is_read_on_in_what_it_put_away(tmp_path: Path) -> None:
    plant(tmp_path, {dnf_log.LOG: DNF.replace("2026-01", "2026-02"), f"{dnf_log.LOG}.1": DNF})
    assert starts(tmp_path) == ["2026-01-15T00:00:02Z", "2026-02-15T00:00:02Z"]


def test_a_log_that_tells_enough_is_not_read_on(tmp_path: Path) -> None:
    enough = "".join(STANZA.format(day, minute) for day in (1, 2) for minute in range(50))
    plant(tmp_path, {apt_history.LOG: enough, f"{apt_history.LOG}.1": APT})
    assert (len(starts(tmp_path)), starts(tmp_path)[0]) == (MAX_TRANSACTIONS, "2026-02-01T08:00:00Z")
    plant(tmp_path, {apt_history.LOG: enough[len(STANZA.format(1, 1)) :]})
    assert (len(starts(tmp_path)), starts(tmp_path)[0]) == (MAX_TRANSACTIONS, "2026-01-16T06:31:10Z")


def test_dnfs_history_is_told_rather_than_its_log(tmp_path: Path) -> None:
    plant(tmp_path, {dnf_log.LOG: DNF})
    build(tmp_path / DNF4, captured(DNF4))
    assert [row.get("actor") for row in told(tmp_path)] == [None, "uid 1000", "uid 1001", "uid 1001"]


def test_where_the_history_is_damaged_or_empty_the_log_is_told_and_without_one_it_is_an_error(tmp_path: Path) -> None:
    plant(tmp_path, {dnf_log.LOG: DNF, DNF4: "no database"})
    assert starts(tmp_path) == ["2026-01-15T00:00:02Z"]
    build(tmp_path / DNF4, {name: {**table, "rows": []} for name, table in captured(DNF4).items()})
    assert starts(tmp_path) == ["2026-01-15T00:00:02Z"]
    (tmp_path / dnf_log.LOG).unlink()
    assert starts(tmp_path) == []
    plant(tmp_path, {DNF4: "no database"})
    with pytest.raises(Malformed):
        package_log.collect(tmp_path)


def test_of_very_many_packages_the_newest_transactions_are_told(tmp_path: Path) -> None:
    many = ", ".join(f"p{n:04}:amd64 (1)" for n in range(2000))
    stanza = "Start-Date: 2026-02-01  08:{:02d}:00\nInstall: {}\n\n"
    plant(tmp_path, {apt_history.LOG: "".join(stanza.format(minute, many) for minute in range(12))})
    rows = told(tmp_path)
    assert (len(rows), rows[0]["started"]) == (10, "2026-02-01T08:02:00Z")
    assert sum(len(row["packages"]) for row in rows) == package_log.MAX_NAMES


def test_a_change_of_the_wal_alone_is_a_reason_to_look() -> None:
    assert f"{DNF4}-wal" in package_log.COLLECTOR.stamps
