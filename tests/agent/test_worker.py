"""Collectors run in a worker that can be killed: each failure costs its own section and nothing else."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import worker
from agent.bell import Bell
from agent.child import Child
from agent.worker import Reading, Trait, Worker, WorkerFailed, describe, run
from wire.observation import Status

SAMPLE = "tests.agent.sample_collectors"
TRAITS = {trait.section: trait for trait in describe(SAMPLE)}


class Bench:
    """A worker on the sample collectors, driven as the agent drives it."""

    def __init__(self, root: Path) -> None:
        self.bell = Bell()
        self.worker = Worker(self.bell.ring, SAMPLE, str(root))

    def read(self, *sections: str) -> dict[str, Reading]:
        return {each.section: each for each in run(self.worker, [TRAITS[name] for name in sections], self.bell)}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.worker.stop()
    bench.bell.close()


def test_the_traits_of_a_table_are_told_without_loading_it_here() -> None:
    assert TRAITS["groups"] == Trait("groups", 10.0, 0, ("etc/marker",), 3)
    assert TRAITS["health"].every_s == 60


def test_a_table_that_cannot_be_loaded_is_one_clear_error() -> None:
    with pytest.raises(WorkerFailed, match=r"tests\.agent\.no_such_table"):
        describe("tests.agent.no_such_table")


def test_a_good_section_comes_back_canonical_and_what_it_prints_disturbs_nothing(bench: Bench, tmp_path: Path) -> None:
    reading = bench.read("cpu")["cpu"]
    assert reading.status is Status.OK
    assert reading.body == f'{{"cores":2,"model":"read below {tmp_path}"}}'.encode()
    assert abs(reading.collected_at_ms / 1000 - time.time()) < 60


def test_rows_are_arranged_and_unknown_fields_left_out(bench: Bench) -> None:
    body = json.loads(bench.read("groups")["groups"].body)
    assert body == [{"name": "a", "members": []}, {"name": "b", "members": ["a", "z"]}]


@pytest.mark.parametrize(
    ("section", "status", "reason"),
    [
        ("users", Status.DENIED, "only root reads /etc/shadow"),
        ("raid", Status.DENIED, "[Errno 13] Permission denied"),
        ("lldp", Status.UNSUPPORTED, "lldpcli is not installed"),
        ("packages", Status.EMPTY, ""),
        ("dns", Status.FAILED, "BadSection: dns.servers: not a sequence within bounds"),
        ("ntp", Status.FAILED, "the worker ended: exit 3"),
        ("routes", Status.FAILED, "the worker ended: signal 11"),
        ("memory", Status.FAILED, "timed out after 0.4 s"),
    ],
)
def test_each_outcome_has_its_status_and_its_reason(bench: Bench, section: str, status: Status, reason: str) -> None:
    reading = bench.read(section)[section]
    assert (reading.status, reading.reason, reading.body) == (status, reason, b"")


def test_a_reason_is_one_line_of_at_most_300_characters(bench: Bench) -> None:
    reason = bench.read("services")["services"].reason
    assert reason.startswith("RuntimeError: two lines xxx")
    assert len(reason) == 300


def test_a_body_too_large_fails_its_section(bench: Bench) -> None:
    reading = bench.read("certificates")["certificates"]
    assert (reading.status, reading.body) == (Status.FAILED, b"")
    assert "at most 4194304" in reading.reason


def test_the_sections_after_a_hanging_or_dying_one_are_still_read(bench: Bench) -> None:
    readings = bench.read("memory", "cpu", "routes", "ntp", "groups", "disks", "packages")
    assert list(readings) == ["memory", "cpu", "routes", "ntp", "groups", "disks", "packages"]
    assert [name for name, each in readings.items() if each.status.speaks] == ["cpu", "groups", "packages"]


def test_a_program_the_collector_started_dies_with_it(bench: Bench, tmp_path: Path) -> None:
    assert bench.read("disks")["disks"].reason == "timed out after 0.6 s"
    pid = int((tmp_path / "grandchild").read_text())
    until = time.monotonic() + 5
    while time.monotonic() < until and _runs(pid):
        time.sleep(0.02)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_no_process_and_no_thread_is_left_behind(bench: Bench) -> None:
    before = set(threading.enumerate())
    bench.read("cpu", "memory", "routes")
    assert set(threading.enumerate()) <= before  # those of others may end meanwhile
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_stopping_in_the_middle_is_quick_and_leaves_nothing(bench: Bench) -> None:
    bench.worker.start([TRAITS["memory"]], time.monotonic())
    started = time.monotonic()
    bench.worker.stop()
    bench.bell.close()
    assert time.monotonic() - started < 1.0
    assert not bench.worker.is_busy


def test_the_worker_is_nice_to_the_machine_and_leads_its_own_group() -> None:
    child = Child("agent.worker", request={"table": SAMPLE, "root": "/", "sections": ["memory"]}, wake=lambda: None)
    assert child.inbox.get(timeout=20) == ({"ready": True}, b"")
    pid = child._popen.pid
    assert os.getpriority(os.PRIO_PROCESS, pid) >= 10
    assert os.getpgid(pid) == os.getsid(pid) == pid
    assert child.end() == -9


def test_a_worker_that_cannot_be_killed_is_abandoned_and_its_section_not_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGCONT stands for a kill that does not reach a process in uninterruptible sleep."""
    monkeypatch.setattr(signal, "SIGKILL", signal.SIGCONT)
    monkeypatch.setattr(worker, "KILL_S", 0.2)
    readings = bench.read("memory", "cpu")
    assert readings["memory"].reason == "timed out after 0.4 s"
    assert readings["cpu"].status is Status.OK
    assert bench.worker.abandoned == 1
    assert bench.read("memory", "cpu")["memory"].reason == "an earlier one is stuck in the kernel"
    monkeypatch.undo()
    assert bench.worker._stuck["memory"].end() == -9
    assert bench.worker.abandoned == 0
    assert bench.read("memory")["memory"].reason == "timed out after 0.4 s"


def test_a_worker_that_cannot_be_started_fails_its_sections_and_the_next_one_is_tried(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/interpreter")
    reading = bench.read("cpu")["cpu"]
    assert reading.reason == "the worker did not start: No such file or directory"
    monkeypatch.undo()
    assert bench.read("cpu")["cpu"].status is Status.OK
