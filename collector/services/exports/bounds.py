"""How much of a report each kind of file takes. What is left out is said in the file."""

from __future__ import annotations

from typing import Final

from collector.inert import shorten

MAX_ROWS: Final = 1_000_000
"""Rows of a table: a sheet has 1,048,576."""
MAX_PRINTED: Final = 5_000
"""Rows of a table on paper."""
MAX_CELL: Final = 32_000
"""Characters of a cell: Excel takes 32,767 of them."""
MAX_PRINTED_CELL: Final = 160


def cut(text: str, most: int = MAX_CELL) -> str:
    """Return `text`, its middle left out where a cell cannot hold it."""
    return shorten(text, most)
