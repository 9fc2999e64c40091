"""What a host's package manager wrote down of its transactions, as traces on the packages these moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from collector.change.evidence import Trace
from collector.model import Path
from collector.wording import time_of

SECTION: Final = "package_log"
SPEAKS_OF: Final = "packages"

Row = Mapping[str, Any]


def traces(ci_id: int, rows: Sequence[Row], paths: Iterable[Path], slack_ms: int) -> list[Trace]:
    """Return the traces `rows` leave on those of `paths` that are packages.

    A transaction leaves one at its beginning and one at its end: what moved, moved in between. Its times are of the
    host's clock, which nobody vouches for, so they make no bracket certain.
    """
    return [
        Trace(ci_id, at, SECTION, str(row.get("actor", "")), path, slack_ms)
        for path in paths
        if path.section == SPEAKS_OF
        for row in rows
        if _name(path) in row.get("packages", ())
        for at in _moments(row)
    ]


def _name(path: Path) -> str:
    """Return the name in the key of a package, which is name and architecture."""
    return path.key.partition("|")[0]


def _moments(row: Row) -> list[int]:
    return [at for name in ("started", "ended") if (at := time_of(row.get(name))) is not None]
