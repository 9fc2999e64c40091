"""Writes what the collector answers to a file, which is there when it is whole and not before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from collector.cli.client import Client, Refused


def save(client: Client, path: str, out: Path, body: Any = None, **query: Any) -> None:
    """Write the answer of `path` to `out`; raise `Refused`, `CollectorUnreachable`."""
    fresh = out.with_name(f"{out.name}.part")
    try:
        with fresh.open("wb") as opened:
            client.download(path, opened, body, **query)
        fresh.replace(out)
    except OSError as error:
        raise Refused(f"{error.filename or out}: {error.strerror}") from error
    finally:
        fresh.unlink(missing_ok=True)
