"""Starts the product's programs as a person would, and reads from outside what they cost."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
READY = r"ready http=(\d+) grpc=(\d+) enroll=(\d+)"
POLL_S = 0.01


class Program:
    """One running program; what it says goes to a fresh `log`. Leaving the block ends it."""

    def __init__(self, words: list[str], log: Path, more: Mapping[str, str] | None = None) -> None:
        self.log, self.began = log, time.monotonic()
        with log.open("wb") as out:
            self._popen = subprocess.Popen(
                words, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=ROOT, env=environment(more)
            )
        self._outside = psutil.Process(self._popen.pid)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def await_text(self, pattern: str, timeout_s: float = 60.0) -> re.Match[str]:
        """Return the first match of `pattern` in the log; raise AssertionError when it does not come."""
        until = self.began + timeout_s
        while (found := re.search(pattern, self.log.read_text())) is None:
            assert self._popen.poll() is None, f"ended with {self._popen.returncode}: {self.last_words()}"
            assert time.monotonic() < until, f"no {pattern!r} within {timeout_s:g} s: {self.last_words()}"
            time.sleep(POLL_S)
        return found

    def last_words(self) -> str:
        return self.log.read_text()[-2000:]

    @property
    def pid(self) -> int:
        return self._popen.pid

    def own_s(self) -> float:
        """Return processor time of this one process so far, seconds."""
        spent = self._outside.cpu_times()
        return float(spent.user + spent.system)

    def cpu_s(self) -> float:
        """Return processor time so far, seconds, with that of the children it has waited for."""
        spent = self._outside.cpu_times()
        return float(spent.user + spent.system + spent.children_user + spent.children_system)

    def wakes(self) -> int:
        """Return how often any thread of this process, present ones only, has waited for something."""
        told = (status.read_text() for status in Path(f"/proc/{self.pid}/task").glob("*/status"))
        return sum(int(each.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for each in told)

    def rss_mb(self) -> float:
        """Return resident memory of this one process, MB (10⁶ bytes)."""
        return float(self._outside.memory_info().rss) / 1e6

    def open_files(self) -> int:
        return self._outside.num_fds()

    def stop(self, number: int = signal.SIGTERM, timeout_s: float = 30.0) -> int:
        """Ask it to end and return the exit code; kill it when it does not end in time."""
        if self._popen.poll() is None:
            self._popen.send_signal(number)
        try:
            return self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            return self._popen.wait()


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment and `more`; bytecode is kept, as it is wherever people run programs."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | dict(more or {})


def installed(name: str, *words: str) -> list[str]:
    """Return the command line of a program as it was installed beside this Python."""
    return [str(Path(sys.executable).parent / name), *words]


def collector(data: Path, log: Path, ports: tuple[int, ...] = (0, 0, 0)) -> tuple[Program, tuple[int, ...]]:
    """Start a collector and return it, ready, with its ports: HTTP, data, enrolment."""
    http, grpc, enroll = map(str, ports)
    words = ["collector", "run", "--data", str(data), "--http", http, "--grpc", grpc, "--enroll", enroll]
    program = Program(installed("muster", *words), log)
    try:
        return program, tuple(map(int, program.await_text(READY).groups()))
    except BaseException:
        program.stop()
        raise


def ask(data: Path, path: str, body: dict[str, Any] | None = None) -> Any:
    """Return the answer of the collector on this machine to GET, or to POST with a `body`."""
    local = json.loads((data / "local.json").read_text())
    said = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {local['token']}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{local['url']}/api/v1/{path}", said, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def machine_busy_s() -> float:
    """Return the processor time the whole machine has spent so far, seconds over all cores."""
    spent = psutil.cpu_times()
    return float(sum(spent[:3]) + sum(getattr(spent, name, 0.0) for name in ("irq", "softirq")))


def setting(name: str, usual: float) -> float:
    """Return what the environment says under MUSTER_BENCH_`name`, else `usual`."""
    return float(os.environ.get(f"MUSTER_BENCH_{name}", usual))
