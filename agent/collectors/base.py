"""What a collector is, and the two answers that are not failures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wire.sections import Body


class Denied(Exception):
    """The agent lacks the right to read this."""


class Unsupported(Exception):
    """This machine has no such thing."""


@dataclass(frozen=True, slots=True)
class Collector:
    """One fact family of one platform.

    `collect` receives the root of the file system ("/" but for tests) and returns a body of the
    catalogue. `stamps` are paths, relative to the root, whose change (mtime, size or inode) means:
    collect again now. `every_s` is how often it runs without such a sign; 0 means with each inventory.
    """

    section: str
    collect: Callable[[Path], Body]
    timeout_s: float = 10.0
    every_s: int = 0
    stamps: tuple[str, ...] = ()
    revision: int = 1
