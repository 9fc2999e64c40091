"""Six defects, put into the real program on purpose, that the fault tests must notice.

The product knows nothing of them: a driver or a started collector is told one by name and patches itself.
"""

from __future__ import annotations

import asyncio
from typing import Any

NONE = "none"
ACK_BEFORE_COMMIT = "ack-before-commit"
SYNCHRONOUS_NORMAL = "synchronous-normal"
SPOOL_WITHOUT_FSYNC = "spool-without-fsync"
NO_UNIQUE_KEY = "no-unique-key"
DELETE_BEFORE_ACK = "delete-before-ack"
CURSOR_BEFORE_EFFECTS = "cursor-before-effects"


def apply(name: str) -> None:
    """Put the defect `name` into this process."""
    _DEFECTS[name]()


def _ack_before_commit() -> None:
    from collector.intake import Intake

    commit = Intake._commit
    pending = set[asyncio.Task[None]]()

    async def later(self: Intake, rows: Any) -> None:
        pending.add(asyncio.create_task(_delayed(commit(self, rows))))

    async def _delayed(work: Any) -> None:
        await asyncio.sleep(0.02)
        await work

    Intake._commit = later  # type: ignore[method-assign]


def _synchronous_normal() -> None:
    from collector.store import engine

    engine.WRITER_PRAGMAS = tuple(  # type: ignore[assignment]
        "synchronous=NORMAL" if pragma == "synchronous=FULL" else pragma for pragma in engine.WRITER_PRAGMAS
    )


def _spool_without_fsync() -> None:
    from agent import durable

    durable.sync = lambda fd: None


def _no_unique_key() -> None:
    from collector.store import ingest_log

    # What a log without the unique key would do: take the same observation again, under a number of its own.
    ingest_log._ONCE = ""

    def doubling(count: int) -> str:
        values = ",".join(["(?,?,?,?,?)"] * count)
        return f"INSERT INTO observation ({ingest_log._COLUMNS}) VALUES {values}"

    ingest_log._sqlite = doubling  # type: ignore[assignment]
    from collector.store import migrate

    real = migrate.migrate

    async def without_key(store: Any) -> str:
        revision = await real(store)
        await _drop_unique_key(store)
        return revision

    migrate.migrate = without_key


async def _drop_unique_key(store: Any) -> None:
    from sqlalchemy import text

    async with store.write() as tx:
        kept = (await tx.execute(text("SELECT sql FROM sqlite_master WHERE name = 'observation'"))).scalar_one()
        if "UNIQUE" not in kept:
            return
        bare = kept[: kept.index("CONSTRAINT uq_observation")].rstrip().rstrip(",") + ")"
        await tx.execute(text("PRAGMA defer_foreign_keys=ON"))
        await tx.execute(text(bare.replace("observation", "observation_bare", 1)))
        await tx.execute(text("INSERT INTO observation_bare SELECT * FROM observation"))
        await tx.execute(text("DROP TABLE observation"))
        await tx.execute(text("ALTER TABLE observation_bare RENAME TO observation"))


def _delete_before_ack() -> None:
    from agent.spool import Spool

    peek = Spool.peek

    def gone(self: Spool, *limits: Any) -> Any:
        envelopes = peek(self, *limits)
        self.ack([each.seq for each in envelopes])
        return envelopes

    Spool.peek = gone  # type: ignore[method-assign,assignment]


def _cursor_before_effects() -> None:
    from collector.pipeline import runner

    apply_batch = runner.apply_batch  # type: ignore[attr-defined]

    async def in_two_transactions(tx: Any, rows: Any, *rest: Any) -> Any:
        for row in rows:
            await tx.exec_driver_sql("UPDATE source SET applied_id = ? WHERE code = ?", (row.id, row.source))
        await tx.exec_driver_sql("COMMIT")
        await asyncio.sleep(0.02)
        await tx.exec_driver_sql("BEGIN IMMEDIATE")
        return await apply_batch(tx, rows, *rest)

    runner.apply_batch = in_two_transactions  # type: ignore[attr-defined,assignment]


_DEFECTS = {
    NONE: lambda: None,
    ACK_BEFORE_COMMIT: _ack_before_commit,
    SYNCHRONOUS_NORMAL: _synchronous_normal,
    SPOOL_WITHOUT_FSYNC: _spool_without_fsync,
    NO_UNIQUE_KEY: _no_unique_key,
    DELETE_BEFORE_ACK: _delete_before_ack,
    CURSOR_BEFORE_EFFECTS: _cursor_before_effects,
}
