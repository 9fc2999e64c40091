"""`up`: from the command to "Muster is up", and from there to this machine standing as a CI.

The environment is there already. The very first start compiles every module anew; the others find bytecode.
"""

from __future__ import annotations

import signal
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import Figure
from tests.bench.programs import Program, ask, installed

ROUNDS = 3
CI_S = 60.0
PATIENCE_S = 180.0
POLL_S = 0.05


@dataclass(frozen=True)
class Start:
    """One start: seconds from the command to the line, from the line to the CI, and from Ctrl-C to the end.

    `cpu_s` is what the collector's process had spent at the line; unlike the others, it hardly depends on who else
    uses the machine.
    """

    up_s: float
    cpu_s: float
    ci_s: float
    stop_s: float


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name:
        folder = Path(name)
        bare = _start(folder, "bare", {"PYTHONPYCACHEPREFIX": str(folder / "bytecode")})
        _start(folder, "warm")
        first = [_start(folder, f"{number}") for number in range(ROUNDS)]
        second = [_start(folder, f"{number}") for number in range(ROUNDS)]
    return [
        Figure("very first start: up", bare.up_s, "s", note="no bytecode of anything, Python's own library included"),
        Figure("very first start: local CI", bare.ci_s, "s", at_most=CI_S, note="after the line"),
        Figure("first start: up", _median(first, "up_s"), "s", note=f"new data folder, median of {ROUNDS}"),
        Figure("first start: local CI", _median(first, "ci_s"), "s", at_most=CI_S, note="after the line"),
        Figure("second start: up", _median(second, "up_s"), "s", at_most=5, note=f"same data, median of {ROUNDS}"),
        Figure("second start: CPU", _median(second, "cpu_s"), "s", note="of the collector, until the line"),
        Figure("stop", _median(first + second, "stop_s"), "s", note="Ctrl-C to the end of collector and agent"),
    ]


def _start(folder: Path, name: str, more: dict[str, str] | None = None) -> Start:
    """Start on the data folder `name`, wait for both, stop as a person would."""
    data = folder / name
    words = installed("muster", "up", "--data", str(data), "--http", "0", "--grpc", "0", "--enroll", "0")
    with Program(words, folder / "log", more) as program:
        program.await_text("Muster is up:")
        up_s, cpu_s = time.monotonic() - program.began, program.own_s()
        while not ask(data, "cis")["items"]:
            assert time.monotonic() - program.began < PATIENCE_S, program.last_words()
            time.sleep(POLL_S)
        ci_s, stopped_at = time.monotonic() - program.began - up_s, time.monotonic()
        code = program.stop(signal.SIGINT)
    assert code == 0, f"ended with {code}: {program.last_words()}"
    return Start(up_s, cpu_s, ci_s, time.monotonic() - stopped_at)


def _median(starts: list[Start], name: str) -> float:
    return float(statistics.median(getattr(start, name) for start in starts))
