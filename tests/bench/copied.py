"""A database on SQLite, copied to PostgreSQL as it is: the same rows, for the same questions."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Boolean, Table
from sqlalchemy.schema import CreateIndex, Index

from collector.store import schema
from collector.store.engine import open_store
from collector.store.migrate import migrate

TABLES = ("source", "val", "path", "ci", "ci_head", "claim", "fact", "auth", "section")
"""What `tests.bench.aged` fills, in the order their rows name each other."""
AT_ONCE = 200_000


def to_postgres(file: Path, url: str) -> int:
    """Fill the empty database at `url` with what `file` holds; return the bytes it takes."""
    return asyncio.run(_copied(file, url))


async def _copied(file: Path, url: str) -> int:
    store = open_store(url)
    await migrate(store)
    await store.close()
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    await connection.execute("SET session_replication_role = replica")  # what SQLite has checked need not be again
    source = sqlite3.connect(file)
    for name in TABLES:
        await _table(connection, source, schema.metadata.tables[name])
    await connection.execute("VACUUM ANALYZE")
    size: int = await connection.fetchval("SELECT pg_database_size(current_database())")
    await connection.close()
    source.close()
    return size


async def _table(connection: Any, source: sqlite3.Connection, table: Table) -> None:
    """Copy one table without its indexes, which are made anew afterwards: as a restore does."""
    for index in table.indexes:
        await connection.execute(f'DROP INDEX IF EXISTS "{index.name}"')
    names = [column.name for column in table.columns]
    for rows in _portions(source, table, names):
        await connection.copy_records_to_table(table.name, records=rows, columns=names)
    for index in table.indexes:
        await connection.execute(_created(index))
    if "id" in table.columns:
        numbered = f"pg_get_serial_sequence('\"{table.name}\"', 'id')"
        await connection.execute(f'SELECT setval({numbered}, (SELECT max(id) FROM "{table.name}"))')


def _portions(source: sqlite3.Connection, table: Table, names: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    flags = [at for at, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    spelled = ", ".join(f'"{name}"' for name in names)
    cursor = source.execute(f'SELECT {spelled} FROM "{table.name}"')
    while rows := cursor.fetchmany(AT_ONCE):
        yield [_flagged(row, flags) for row in rows] if flags else rows


def _flagged(row: tuple[Any, ...], flags: list[int]) -> tuple[Any, ...]:
    return tuple(None if value is None else bool(value) if at in flags else value for at, value in enumerate(row))


def _created(index: Index) -> str:
    from sqlalchemy.dialects import postgresql

    return str(CreateIndex(index).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
