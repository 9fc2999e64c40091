"""Prints what a command has to show: JSON for programs, a table for people."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

WHOLE = ("id", "uid", "number", "class", "type", "state")
"""Columns people copy from: never broken."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def as_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print `rows`; text from devices is shown without the characters that drive a terminal."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column.replace("_", " "), no_wrap=column in WHOLE, overflow="fold", min_width=len(column))
    for row in rows:
        shown.add_row(*(escape(plain(row.get(column))) for column in columns))
    Console().print(shown)


def text(whole: str) -> None:
    """Print a text of many lines, as safe as a table."""
    print("\n".join(map(plain, whole.splitlines())))


def plain(value: Any) -> str:
    """Return one printable line for `value`."""
    if value is None:
        return "–"
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return _CONTROL.sub("\ufffd", str(value))


def moment(at_ms: int | None) -> str:
    """Return local time to the second, for epoch milliseconds."""
    if not at_ms:
        return "–"
    return datetime.fromtimestamp(at_ms / 1000).astimezone().isoformat(sep=" ", timespec="seconds")
