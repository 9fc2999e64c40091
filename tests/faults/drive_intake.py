"""Run by the power-cut test: feeds the collector's real intake and marks what was acknowledged.

Usage: python -m tests.faults.drive_intake FOLDER REPORTS MUTANT
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.faults import mutants, powercut
from tests.simulated import envelope
from wire.observation import Report

EPOCH = bytes(16)
AGENTS = 3


async def drive(folder: Path, reports: int) -> None:
    from collector.intake import Intake
    from collector.store import engine, schema
    from collector.store.migrate import migrate

    store = engine.open_store(engine.sqlite_url(folder / "muster.db"))
    await migrate(store)
    async with store.write() as tx:
        for number in range(1, AGENTS + 1):
            row = {"id": number, "uid": f"u{number}", "instance_key": bytes([number]), "enrolled_at": 1}
            await tx.execute(engine.insert(tx, schema.agent).values(row))
    marks = os.open(folder / powercut.MARKS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(marks, b"ready\n")
    intake = Intake(store)
    await asyncio.gather(*(_one_agent(intake, number, reports, marks) for number in range(1, AGENTS + 1)))
    await intake.drain()
    await store.close()


async def _one_agent(intake: object, number: int, reports: int, marks: int) -> None:
    from collector.intake import Intake

    assert isinstance(intake, Intake)
    seq = 0
    for _ in range(reports):
        envelopes = tuple(envelope(seq + n, bytes([number]) * 300) for n in range(1, 4))
        ack = await intake.take(number, Report(EPOCH, envelopes))
        os.write(marks, f"{number} {ack.acked_seq}\n".encode())
        seq += 3


if __name__ == "__main__":
    mutants.apply(sys.argv[3])
    asyncio.run(drive(Path(sys.argv[1]), int(sys.argv[2])))
