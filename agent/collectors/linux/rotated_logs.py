"""A log and what logrotate(8) put away of it: `log.1`, `log.2.gz`, or with a date `log-20260115.gz`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from agent.collectors.bounded import Malformed, read_if_allowed, unzipped

MAX_OLDER: Final = 4
"""How many put away are looked at."""
MAX_NAMES: Final = 1_000
_NUMBER: Final = re.compile(r"\.(\d{1,4})(?:\.gz)?", re.ASCII)
_DATE: Final = re.compile(r"-(\d{8}(?:-?\d{1,10})?)(?:\.gz)?", re.ASCII)


def newest_first(log: Path) -> Iterator[bytes]:
    """Yield the content of a log and of those put away, as far as they are there and ours to read.

    Raise `Malformed` if the log itself is too long; of those put away the first that is damaged or too long ends it.
    """
    if (content := read_if_allowed(log)) is not None:
        yield content
    for path in put_away(log):
        try:
            content = read_if_allowed(path)
            if content is not None:
                yield unzipped(content) if path.suffix == ".gz" else content
        except Malformed:
            return


def put_away(log: Path) -> list[Path]:
    """Return the logs that were put away, the newest first, at most `MAX_OLDER`."""
    try:
        beside = list(islice((path for path in log.parent.iterdir() if path.name.startswith(log.name)), MAX_NAMES))
    except OSError:
        return []
    ends = [(path, path.name.removeprefix(log.name)) for path in beside]
    numbered = sorted((int(found[1]), path) for path, end in ends if (found := _NUMBER.fullmatch(end)))
    dated = sorted(((found[1], path) for path, end in ends if (found := _DATE.fullmatch(end))), reverse=True)
    return [path for _, path in [*numbered, *dated]][:MAX_OLDER]
