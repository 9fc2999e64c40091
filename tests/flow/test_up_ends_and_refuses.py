"""Ctrl-C ends `up` and all it started; it is soon there again; and what keeps it from starting is one clear line."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from tests.flow.running import ROOT, Up, free_ports, words

pytestmark = pytest.mark.xdist_group("this machine")
WITHIN_S = 60.0
HTTP, GRPC, ENROLL = 0, 1, 2


def refusal(data: Path, ports: tuple[int, int, int]) -> str:
    """Run an `up` that cannot start; return the one line it says."""
    done = subprocess.run(words(data, ports), capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode not in (0, -1), done.stdout
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    print(line)
    return line


def test_ctrl_c_ends_collector_and_agent_and_leaves_nothing_running(data: Path, ups: list[Up]) -> None:
    ups.append(up := Up(data))
    up.until(up.host, WITHIN_S, "CI of this machine")
    everything = up.processes()
    assert len(everything) >= 2, everything
    assert up.interrupt() == (0, "")
    assert [process for process in everything if process.is_running()] == []
    assert not [each for each in psutil.process_iter(["cmdline"]) if str(data) in (each.info["cmdline"] or ())]


def test_ctrl_c_while_it_starts_is_no_error_either(data: Path, ups: list[Up]) -> None:
    ups.append(up := Up(data))
    everything = up.processes()
    assert up.interrupt() == (0, "")
    assert psutil.wait_procs(everything, timeout=5)[1] == []  # one that had just begun hears of it a moment later


def test_a_second_up_on_the_same_data_finds_everything_as_it_was(data: Path, ups: list[Up]) -> None:
    """How long it takes is measured by `./muster bench up`."""
    ups.append(up := Up(data))
    first = up.until(lambda: [agent["id"] for agent in up.items("agents") if agent["host"]], WITHIN_S, "agent")
    assert up.interrupt()[0] == 0
    ups.append(up := Up(data, up.ports))
    assert [agent["id"] for agent in up.items("agents")] == first


def test_the_local_agent_follows_when_the_ports_are_others(data: Path, ups: list[Up]) -> None:
    ups.append(up := Up(data))
    (first,) = up.until(lambda: [agent for agent in up.items("agents") if agent["host"]], WITHIN_S, "agent")
    assert up.interrupt()[0] == 0
    ended = datetime.now(UTC)
    ups.append(up := Up(data))
    up.until(lambda: datetime.fromisoformat(up.items("agents")[0]["last_seen"]) > ended, 20.0, "heartbeat")
    assert [agent["id"] for agent in up.items("agents")] == [first["id"]]


@pytest.mark.parametrize(("taken", "flag"), [(HTTP, "--http"), (GRPC, "--grpc"), (ENROLL, "--enroll")])
def test_a_port_that_is_taken_is_named_with_the_flag_that_chooses_another(data: Path, taken: int, flag: str) -> None:
    ports = free_ports()
    with socket.create_server(("127.0.0.1", ports[taken])):
        line = refusal(data, ports)
    assert str(ports[taken]) in line
    assert flag in line


def test_data_of_a_newer_version_is_refused_untouched(data: Path, ups: list[Up]) -> None:
    ups.append(up := Up(data))
    assert up.interrupt()[0] == 0
    with closing(sqlite3.connect(data / "muster.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    before = (data / "muster.db").read_bytes()
    line = refusal(data, up.ports)
    assert "newer version" in line
    assert (data / "muster.db").read_bytes() == before


def test_a_second_collector_on_the_same_data_is_refused_while_the_first_runs(data: Path, ups: list[Up]) -> None:
    ups.append(Up(data))
    assert "another collector is running" in refusal(data, free_ports())


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "file" in refusal(tmp_path / "file", free_ports())


def test_a_damaged_database_is_refused(data: Path, ups: list[Up]) -> None:
    data.mkdir()
    (data / "muster.db").write_bytes(b"this is no database, whatever its name says" * 100)
    assert "not a database" in refusal(data, free_ports())


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="only root mounts a small disk")
def test_a_full_disk_is_refused(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=True)
    try:
        assert "full" in refusal(small / "data", free_ports()) or "space" in refusal(small / "data", free_ports())
    finally:
        subprocess.run(["umount", small], check=True)
