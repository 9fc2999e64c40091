"""What dnf did and who asked for it, as its own database of transactions tells it: that of dnf 4 and of dnf 5.

Both are SQLite in WAL mode, and what is newest may stand in the WAL alone. The database is read from a private copy:
a reader on the spot takes locks dnf could meet in the middle of an upgrade, and leaves files beside it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from agent.collectors.base import Denied, Unsupported
from agent.collectors.bounded import Malformed, copy, read_if_allowed
from agent.collectors.linux.transactions import MAX_PACKAGES, MAX_TRANSACTIONS, Row, latest, plain, transaction, utc
from agent.collectors.linux.users import PASSWD, parse_passwd
from agent.stamps import stamp

if TYPE_CHECKING:
    from sqlite3 import Connection

MAX_BYTES: Final = 128 * 1024 * 1024
MAX_CELL: Final = 1_000_000
"""Bytes of one value or row; a longer one is not looked at."""
WITHIN_S: Final = 3.0
TRIES: Final = 3
_STEPS: Final = 10_000
"""Of SQLite's machine, between two looks at the clock."""
_PARTS: Final = ("", "-wal", "-journal")
_UIDS: Final = 2**32
_NOBODY: Final = frozenset({0, 2**31 - 1, _UIDS - 1})
"""Login uids that name no one: "not set", as old and new kernels have it, and root, which dnf 5 and microdnf write
down where nobody logged in."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """How one dnf keeps its transactions: the column of the command line, where names stand, what did not move."""

    command: str
    names: str
    moved: str

    @property
    def transactions(self) -> str:
        return (
            f"SELECT id, dt_begin, dt_end, user_id, substr({self.command}, 1, 1000) "  # noqa: S608  all constants
            "FROM trans ORDER BY id DESC LIMIT ?"
        )

    @property
    def packages(self) -> str:
        return (
            f"SELECT DISTINCT name FROM trans_item JOIN rpm USING (item_id) {self.names} "  # noqa: S608  all constants
            f"WHERE trans_id = ? AND {self.moved} LIMIT ?"
        )


LAYOUTS: Final[Mapping[str, _Layout]] = {
    "var/lib/dnf/history.sqlite": _Layout("cmdline", "", "action IS NOT 11 AND state IS NOT 2"),
    "usr/lib/sysimage/libdnf5/transaction_history.sqlite": _Layout(
        "description", "JOIN pkg_name ON pkg_name.id = name_id", "action_id IS NOT 7 AND state_id IS NOT 3"
    ),
}
"""Left out are a change of nothing but the reason why a package is there (11, 7), and what ended in error (2, 3)."""
STAMPS: Final = tuple(path + part for path in LAYOUTS for part in ("", "-wal"))


def history(root: Path) -> list[Row] | None:
    """Return the last transactions of dnf, None where it keeps no database we may read; raise `Malformed`.

    A database that cannot be read is an error only if no other tells anything: a host that came to dnf 5 has both.
    """
    found: list[list[Row]] = []
    failed: Malformed | None = None
    for path, layout in LAYOUTS.items():
        try:
            found.append(_read(root / path, layout, _names(root)))
        except (Denied, Unsupported):
            continue
        except Malformed as error:
            failed = error
    if failed and not any(found):
        raise failed
    return latest(row for rows in found for row in rows) if found else None


def _read(path: Path, layout: _Layout, names: Mapping[int, str]) -> list[Row]:
    import sqlite3  # only a machine with dnf pays for it

    if not path.is_file():
        raise Unsupported(f"{path} does not exist")
    try:
        with _copied(path) as file, closing(sqlite3.connect(file)) as database:
            _bound(database)
            return list(_rows(database, layout, names))
    except (sqlite3.Error, OSError) as error:
        raise Malformed(f"{path} cannot be read: {type(error).__name__}") from error


@contextmanager
def _copied(path: Path) -> Iterator[Path]:
    """Yield a copy of a database that did not move meanwhile; raise what `bounded.copy` does, `OSError`."""
    with TemporaryDirectory(prefix="muster-") as folder:
        for _ in range(TRIES):
            target, before = Path(folder) / "history", _stamps(path)
            _copy(path, target)
            if _stamps(path) == before:
                yield target
                return
        raise Malformed(f"{path} does not keep still")


def _stamps(path: Path) -> list[Any]:
    return [stamp(path.with_name(path.name + part)) for part in _PARTS]


def _copy(path: Path, target: Path) -> None:
    copy(path, target, MAX_BYTES)
    for part in _PARTS[1:]:
        beside = target.with_name(target.name + part)
        beside.unlink(missing_ok=True)
        with suppress(Unsupported):
            copy(path.with_name(path.name + part), beside, MAX_BYTES)


def _bound(database: Connection) -> None:
    """Let a database that was made to harm cost little: no view calls anything, no value is long, all has an end."""
    import sqlite3

    until = time.monotonic() + WITHIN_S
    database.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL)
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "synchronous = OFF"):
        database.execute(f"PRAGMA {pragma}")


def _rows(database: Connection, layout: _Layout, names: Mapping[int, str]) -> Iterator[Row]:
    last = database.execute(layout.transactions, (MAX_TRANSACTIONS,)).fetchall()
    for number, began, ended, uid, command in reversed(last):
        packages = database.execute(layout.packages, (number, MAX_PACKAGES)).fetchall()
        started, moved = _moment(began), {name for (name,) in packages if isinstance(name, str) and name}
        if started and moved:
            said = plain(command) if isinstance(command, str) else None
            yield transaction("dnf", started, moved, ended=_moment(ended), actor=_actor(uid, names), command=said)


def _actor(uid: Any, names: Mapping[int, str]) -> str | None:
    """Return who logged in with this uid; one that passwd does not know (of a directory) by its number.

    dnf 4 writes the upper half of the uids below zero.
    """
    if not isinstance(uid, int) or not -_UIDS // 2 <= uid < _UIDS or uid % _UIDS in _NOBODY:
        return None
    return names.get(uid % _UIDS, f"uid {uid % _UIDS}")


def _names(root: Path) -> dict[int, str]:
    """Return uid → account; nobody where passwd cannot be read."""
    try:
        accounts = parse_passwd(read_if_allowed(root / PASSWD) or b"")
    except Malformed:
        return {}
    return {account.uid: account.name[:64] for account in reversed(accounts)}


def _moment(seconds: Any) -> str | None:
    if not isinstance(seconds, int) or not 0 < seconds < 2**32:
        return None
    return utc(datetime.fromtimestamp(seconds, UTC))
