"""Opens the database: one writer at a time, readers beside it, the same on SQLite and PostgreSQL.

SQLite runs in WAL with `synchronous=FULL`. Only the writer's connection may write or checkpoint
(before 3.51.3 two at once can corrupt the file); readers open it read-only.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, StaticPool

from collector.store import inline

WRITER_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "cell_size_check=ON",
    "busy_timeout=5000",
    "wal_autocheckpoint=1000",
    "cache_size=-65536",
    "temp_store=MEMORY",
)
READER_PRAGMAS = ("query_only=ON", "busy_timeout=5000", "trusted_schema=OFF", "cache_size=-32768")

LOOKED_AT = 1_000
"""Rows of an index SQLite reads to see how values are distributed."""


class Errand(Protocol):
    """What transactions are for: it writes something of its own into them, before anything else."""

    async def begin(self, tx: AsyncConnection) -> None:
        """Write it; what this raises undoes the transaction."""
        ...

    def committed(self) -> None:
        """Hear that a transaction is committed."""
        ...


ERRAND: Final[ContextVar[Errand | None]] = ContextVar("errand", default=None)


class Store:
    """An open database. `write()` is serialised; `read()` never waits for it."""

    def __init__(self, url: str, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self.url = make_url(url)
        self._writer = writer
        self._reader = reader
        self._turn = asyncio.Lock()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._writer.dialect.name

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed durably when the block ends, undone when it raises."""
        errand = ERRAND.get()
        async with self._turn, self._writer.begin() as connection:
            if errand:
                await errand.begin(connection)
            yield connection
        if errand:
            errand.committed()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view of what has been committed."""
        async with self._reader.connect() as connection:
            yield connection

    async def size_bytes(self) -> int:
        """Bytes on disk of everything the database holds."""
        if self.dialect == "sqlite":
            path = Path(self.url.database or "")
            return sum(each.stat().st_size for each in path.parent.glob(path.name + "*"))
        async with self.read() as connection:
            return int((await connection.execute(text("SELECT pg_database_size(current_database())"))).scalar_one())

    async def look(self, tx: AsyncConnection) -> None:
        """Let SQLite see how its values are distributed, where they have changed; PostgreSQL does so by itself."""
        if self.dialect == "sqlite":
            await tx.execute(text(f"PRAGMA analysis_limit={LOOKED_AT}"))
            await tx.execute(text("PRAGMA optimize"))

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()


def open_store(url: str) -> Store:
    """Return a store for `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://…`; connects on first use."""
    if make_url(url).get_backend_name() == "sqlite":
        return Store(url, _sqlite_writer(url), _sqlite_reader(url))
    engine = create_async_engine(url, pool_size=10, pool_pre_ping=True)
    return Store(url, engine, engine)


def sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def insert(connection: AsyncConnection, table: Table) -> Any:
    """Return the dialect's INSERT for `table`, which knows `on_conflict_do_nothing` and `…_do_update`."""
    return insert_for(connection.dialect.name, table)


def insert_for(dialect: str, table: Table) -> Any:
    """Return the INSERT of a dialect, to be made once where making it costs as much as running it."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def upsert(connection: AsyncConnection, table: Table, key: tuple[str, ...], *fresh: str) -> Any:
    """Return the INSERT that lets a row with the same `key` take the new values of `fresh`; of all if empty."""
    return _upsert(connection.dialect.name, table, key, fresh or _others(table, key))


def _others(table: Table, key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(column.name for column in table.c if column.name not in key)


@cache
def _upsert(dialect: str, table: Table, key: tuple[str, ...], fresh: tuple[str, ...]) -> Any:
    statement = insert_for(dialect, table)
    moved = {name: statement.excluded[name] for name in fresh}
    return statement.on_conflict_do_update(index_elements=key, set_=moved)


def _sqlite_writer(url: str) -> AsyncEngine:
    engine = create_async_engine(
        url, poolclass=StaticPool, async_creator=inline.connector(make_url(url).database or "")
    )
    _on_connect(engine, WRITER_PRAGMAS)

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _sqlite_reader(url: str) -> AsyncEngine:
    file = make_url(url).database
    engine = create_async_engine(
        f"sqlite+aiosqlite:///file:{file}?mode=ro&uri=true", poolclass=AsyncAdaptedQueuePool, pool_size=4
    )
    _on_connect(engine, READER_PRAGMAS)

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _on_connect(engine: AsyncEngine, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun by us, not guessed by the driver
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
