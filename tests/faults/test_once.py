"""A request with a key whose collector is killed: carried out once, and whoever asks again is told what is known."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_killed_at_any_point_a_request_with_a_key_is_carried_out_once(migrated_file: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.asked", str(migrated_file), str(tmp_path)], capture_output=True,
        text=True, timeout=120, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": "proto"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith(("begin", "committed", "keep"))] == [
        "begin 201 anew 1",  # nothing was committed
        "committed 409 anew 1",  # done, its answer lost
        "keep 201 true 1",
    ]
