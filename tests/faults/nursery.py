"""Orders to the program that forks programs: the other end of `tests.faults.crash --nursery`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Nursery:
    """Starts and ends programs through `tests.faults.crash`."""

    def __init__(self, mutant: str, environment: dict[str, str]) -> None:
        words = [sys.executable, "-m", "tests.faults.crash", mutant, "--nursery"]
        self._popen = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=os.environ | environment, text=True
        )
        assert self._answer() == {"ready": True}

    def _answer(self) -> Any:
        assert self._popen.stdout is not None
        return json.loads(self._popen.stdout.readline())

    def _order(self, **order: Any) -> Any:
        assert self._popen.stdin is not None
        self._popen.stdin.write(json.dumps(order) + "\n")
        self._popen.stdin.flush()
        return self._answer()

    def start(self, words: list[str], log: Path, die: str | None) -> int:
        return int(self._order(start=words, log=str(log), die=die)["pid"])

    def end(self, pid: int, number: int, seconds: float = 30.0) -> int | None:
        """Send a signal and return the exit code, None when it lives on."""
        code: int | None = self._order(end=pid, signal=number, seconds=seconds)["code"]
        return code

    def close(self) -> None:
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.close()
        self._popen.wait(30)
        self._popen.stdout.close()
