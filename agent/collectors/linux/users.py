"""Local accounts: /etc/passwd, and from /etc/shadow only whether the password is locked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector
from agent.collectors.bounded import Malformed, read, read_if_allowed
from wire.sections import MAX_ROWS, Body

PASSWD = "etc/passwd"  # noqa: S105  a path
SHADOW = "etc/shadow"

# passwd(5): these "shells" end at once, or do one errand and end.
_NO_SHELLS = frozenset({"nologin", "false", "true", "sync", "halt", "shutdown"})


@dataclass(frozen=True, slots=True)
class Account:
    """One line of /etc/passwd; the password itself is never kept."""

    name: str
    locked: bool | None
    """Whether the password field locks; None where it says "see the shadow file"."""
    uid: int
    gid: int
    home: str
    shell: str


def collect(root: Path) -> Body:
    """Return the rows of `users`; raise `Unsupported`, `Denied` without /etc/passwd; `locked` needs root."""
    accounts = parse_passwd(read(root / PASSWD))
    shadow = parse_shadow(read_if_allowed(root / SHADOW) or b"")
    return [_row(account, shadow) for account in {account.name: account for account in accounts}.values()]


def _row(account: Account, shadow: dict[str, bool]) -> dict[str, Any]:
    locked = shadow.get(account.name) if account.locked is None else account.locked
    return {
        "name": account.name,
        "uid": account.uid,
        "gid": account.gid,
        "home": account.home,
        "shell": account.shell,
        "locked": locked,
        "can_log_in": account.shell.rsplit("/", 1)[-1] not in _NO_SHELLS,
    }


def parse_passwd(text: bytes) -> list[Account]:
    """Return the accounts of a passwd file, NIS's "+" and "-" lines left out; raise `Malformed`."""
    return [_account(line) for line in _lines(text, "passwd")]


def _account(line: str) -> Account:
    fields = line.split(":")
    if len(fields) != 7 or not fields[0]:
        raise Malformed(f"passwd: {len(fields)} fields for {fields[0][:32]!r}")
    name, password, uid, gid, _, home, shell = fields
    locked = None if password == "x" else is_locked(password)  # noqa: S105  passwd(5)'s mark for "in shadow"
    # An empty shell field means /bin/sh.
    return Account(name, locked, _number(uid, name), _number(gid, name), home, shell or "/bin/sh")


def _number(text: str, name: str) -> int:
    if not text.isdecimal() or len(text) > 10:
        raise Malformed(f"passwd: not a number in the line of {name[:32]!r}")
    return int(text)


def parse_shadow(text: bytes) -> dict[str, bool]:
    """Return account name → whether the password is locked; raise `Malformed`."""
    return {name: is_locked(rest.partition(":")[0]) for name, _, rest in (
        line.partition(":") for line in _lines(text, "shadow")
    )}  # fmt: skip


def is_locked(password: str) -> bool:
    """Return whether no password can match this field, as `passwd -S` judges it; an empty one is open."""
    return password.startswith(("!", "*"))


def _lines(text: bytes, what: str) -> list[str]:
    lines = text.decode("utf-8", "replace").split("\n")
    if len(lines) > MAX_ROWS:
        raise Malformed(f"{what}: more than {MAX_ROWS} lines")
    return [line for line in lines if line.strip() and not line.startswith(("+", "-", "#"))]


COLLECTOR = Collector("users", collect, timeout_s=5.0, stamps=(PASSWD, SHADOW))
