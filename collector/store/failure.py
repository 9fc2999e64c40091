"""What can go wrong with the database, in words a caller can act on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import Store

_FULL_SQLITE = frozenset({"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"})
_FULL_POSTGRESQL = "53100"


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
    if isinstance(error, DBAPIError) and _is_full(error.orig):
        return DiskFull("the collector's disk is full")
    return WriteFailed(text)


def _is_full(cause: BaseException | None) -> bool:
    while cause is not None:
        if getattr(cause, "sqlite_errorname", "") in _FULL_SQLITE:
            return True
        if getattr(cause, "sqlstate", "") == _FULL_POSTGRESQL:
            return True
        cause = cause.__cause__
    return False


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
