"""What dnf did and who asked for it, as its own database of transactions tells it: that of dnf 4 and of dnf 5.

Both are SQLite in WAL mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from agent.collectors.base import Denied, Unsupported
from agent.collectors.bounded import Malformed, read_if_allowed
from agent.collectors.linux import sqlite_copy
from agent.collectors.linux.transactions import MAX_PACKAGES, MAX_TRANSACTIONS, Row, latest, plain, transaction, utc
from agent.collectors.linux.users import PASSWD, parse_passwd

if TYPE_CHECKING:
    from sqlite3 import Connection

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
    names = _names(root)
    found: list[list[Row]] = []
    failed: Malformed | None = None
    for path, layout in LAYOUTS.items():
        try:
            with sqlite_copy.opened(root / path) as database:
                found.append(list(_rows(database, layout, names)))
        except (Denied, Unsupported):
            continue
        except Malformed as error:
            failed = error
    if failed and not any(found):
        raise failed
    return latest(row for rows in found for row in rows) if found else None


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
