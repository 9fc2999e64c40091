"""Tables of definitions: what a number means to a vendor, mostly sysObjectID → model.

A file `models/NAME.tsv` has `key<TAB>value` lines; `#` starts a comment line, and `@prefix OID` is put before the keys
that follow. A key that ends in a dot holds for everything below it; the longest wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Table:
    """Key → value."""

    rows: Mapping[str, str]

    def find(self, key: str) -> str | None:
        """Return the value of `key`, or of the longest key that ends in a dot and begins it."""
        found = self.rows.get(key)
        while found is None and key:
            key = key.rpartition(".")[0]
            found = self.rows.get(f"{key}.")
        return found


def read_table(file: Path) -> Table:
    """Return the table in `file`; raise ValueError with file and line."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ValueError(f"{file}: larger than {MAX_BYTES} bytes")
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from error
    rows: dict[str, str] = {}
    prefix = ""
    for number, line in enumerate(lines, 1):
        key, tab, value = line.partition("\t")
        if line.startswith("@prefix "):
            prefix = line.removeprefix("@prefix ").strip().removeprefix(".").rstrip(".") + "."
        elif line.strip() and not line.startswith("#"):
            if not tab or not value.strip() or prefix + key in rows:
                raise ValueError(f"{file}:{number}: a key, a tab and a value are needed, each key once")
            rows[prefix + key] = value.strip()
    return Table(rows)
