"""Run by the power-cut test: uses the agent's real spool and marks what it promised.

Usage: python -m tests.faults.drive_spool FOLDER APPENDS MUTANT
Marks: `A seq` the append returned, `K seq` about to be acknowledged.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from tests.faults import mutants, powercut


def drive(folder: Path, appends: int) -> None:
    from agent.spool import Spool

    marks = os.open(folder / powercut.MARKS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    dice = random.Random(7)
    spool = Spool.open(folder / "spool")
    os.write(marks, b"E " + spool.epoch.hex().encode() + b"\n")
    for _ in range(appends):
        seq = spool.append(os.urandom(dice.randrange(200, 3_000)), superseding=dice.random() < 0.5)
        os.write(marks, f"A {seq}\n".encode())
        if dice.random() < 0.2:
            batch = spool.peek(dice.randrange(1, 8), 1_000_000)
            for each in batch:
                os.write(marks, f"K {each.seq}\n".encode())
            spool.ack([each.seq for each in batch])


if __name__ == "__main__":
    mutants.apply(sys.argv[3])
    drive(Path(sys.argv[1]), int(sys.argv[2]))
