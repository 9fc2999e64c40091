"""A SQLite connection that answers in place: a short statement costs its microseconds, not a change of thread.

aiosqlite sends every call to a thread and waits; one SELECT through SQLAlchemy is four such calls, and
beside a busy event loop each waits milliseconds for the interpreter. The writer asks hundreds of short
questions a batch, so they run where they are asked. What takes long still goes to the thread: commits
(they wait for the disk) and statements over many rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sized
from typing import Any

import aiosqlite

LONG = frozenset({"commit", "backup", "close"})
"""Of the connection. A cursor is closed at once, after every statement."""
MANY_ROWS = 256
LONG_SQL = 4_096
"""Bytes; a statement with hundreds of rows of values in its text is longer."""


class InlineConnection(aiosqlite.Connection):
    """For the one writer: its statements are short, indexed and never beside one another."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is None or _takes_long(fn, args):
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)


def _takes_long(fn: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    name = getattr(fn, "__name__", "")
    if name in LONG:
        return not isinstance(getattr(fn, "__self__", None), sqlite3.Cursor)
    if name == "executemany":
        return len(args) > 1 and isinstance(args[1], Sized) and len(args[1]) >= MANY_ROWS
    return name == "execute" and bool(args) and len(args[0]) > LONG_SQL


def connector(file: str) -> Callable[[], InlineConnection]:
    """Return what makes the writer's connection to `file`."""

    def connect() -> InlineConnection:
        # Two threads use it, never at once: the loop's for what is short, aiosqlite's for what is long.
        made = InlineConnection(lambda: sqlite3.connect(file, check_same_thread=False), iter_chunk_size=64)
        made._thread.daemon = True  # as SQLAlchemy does with the connections it makes itself
        return made

    return connect
