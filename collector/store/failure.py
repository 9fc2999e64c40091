"""What can go wrong with the database, in words a caller can act on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import Store

_FULL_SQLITE = frozenset({"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"})
_FULL_POSTGRESQL = "53100"
_PASSING_SQLITE = tuple(
    "SQLITE_" + name
    for name in ("FULL", "IOERR", "BUSY", "LOCKED", "CANTOPEN", "READONLY", "NOMEM", "PROTOCOL", "CORRUPT", "NOTADB")
)
_PASSING_POSTGRESQL = ("08", "25006", "40", "53", "55", "57", "58")
"""SQLSTATE classes: connection, read-only, rollback, resources, object state, operator's intervention, system."""


class StoreFailed(Exception):
    """The database did not answer. It may later."""


class WriteFailed(StoreFailed):
    """The transaction was not committed. It may work later; the caller keeps what it wanted to write."""


class DiskFull(WriteFailed):
    """There is no room for it."""


class Unacceptable(WriteFailed):
    """The database refuses these rows and always will."""


@asynccontextmanager
async def writing(store: Store) -> AsyncIterator[AsyncConnection]:
    """`store.write()` whose failures, those of the commit included, are `WriteFailed`."""
    try:
        async with store.write() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise _named(error) from error


@asynccontextmanager
async def reading(store: Store) -> AsyncIterator[AsyncConnection]:
    """`store.read()` whose failures are `StoreFailed`."""
    try:
        async with store.read() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise StoreFailed(_one_line(error)) from error


def _named(error: Exception) -> WriteFailed:
    text = _one_line(error)
    if isinstance(error, IntegrityError | DataError):
        return Unacceptable(text)
    if isinstance(error, DBAPIError) and _is_full(error):
        return DiskFull("the collector's disk is full")
    return WriteFailed(text)


def is_passing(error: Exception) -> bool:
    """Return whether the circumstances failed and not what was to be written: the same may well work later.

    A damaged database counts: what is to be written is not at fault, and must not be given up for it.
    """
    if isinstance(error, OSError | InterfaceError | WriteFailed):
        return not isinstance(error, Unacceptable)
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or any(
        name.startswith(_PASSING_SQLITE) or state.startswith(_PASSING_POSTGRESQL) for name, state in _named_by(error)
    )


def _is_full(cause: BaseException | None) -> bool:
    return any(name in _FULL_SQLITE or state == _FULL_POSTGRESQL for name, state in _named_by(cause))


def _named_by(error: BaseException | None) -> Iterator[tuple[str, str]]:
    """Yield SQLite's name and PostgreSQL's SQLSTATE, empty where there is none, of `error` and its causes."""
    if isinstance(error, DBAPIError):
        error = error.orig
    while error is not None:
        yield getattr(error, "sqlite_errorname", None) or "", getattr(error, "sqlstate", None) or ""
        error = error.__cause__


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
