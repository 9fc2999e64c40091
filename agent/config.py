"""Where the agent keeps its state, and what an administrator may set there."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from agent import spool

MIN_INTERVAL_S, MAX_INTERVAL_S = 5, 7 * 86_400


class BadSettings(ValueError):
    """`settings.json` says something that cannot be; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What `settings.json` in the state folder may hold; whole numbers, all optional.

    `inventory_interval_s` overrides the collector's wish when not 0. The agent ends itself with exit code 75
    when it stays above `rss_limit_bytes` or `cpu_limit_percent` (of one core, workers included).
    """

    inventory_interval_s: int = 0
    spool_max_bytes: int = spool.MAX_BYTES
    spool_max_age_s: int = spool.MAX_AGE_S
    rss_limit_bytes: int = 200 * 1024 * 1024
    cpu_limit_percent: int = 25


_LEAST = {"inventory_interval_s": 0, "spool_max_bytes": 16 * 1024 * 1024, "spool_max_age_s": 3_600,
          "rss_limit_bytes": 64 * 1024 * 1024, "cpu_limit_percent": 5}  # fmt: skip


def load(state: Path) -> Settings:
    """Return the settings of the state folder, defaults where nothing is said; raise `BadSettings`."""
    path = state / "settings.json"
    try:
        said = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise BadSettings(f"{path}: {error}") from error
    known = {field.name for field in fields(Settings)}
    if not isinstance(said, dict) or not said.keys() <= known:
        raise BadSettings(f"{path}: an object with some of {', '.join(sorted(known))} is expected")
    for name, value in said.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < _LEAST[name]:
            raise BadSettings(f"{path}: {name} is a whole number, at least {_LEAST[name]}")
    return Settings(**said)


def state_dir(given: str | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the state folder: the one given, the system's for an administrator, else the user's own."""
    if given:
        return Path(given).absolute()
    if sys.platform == "win32":
        base = Path(environ.get("PROGRAMDATA", r"C:\ProgramData"))
    elif os.geteuid() == 0:
        base = Path("/var/lib")
    else:
        base = Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return base / "muster-agent"


def bounded_interval(seconds: float) -> float:
    """Return an interval the agent will keep to, whatever it was told."""
    return min(max(seconds, MIN_INTERVAL_S), MAX_INTERVAL_S)
