"""Where the agent keeps its state, and what an administrator may set there."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from agent import spool
from agent.places import BadPlace, Places, places
from wire.observation import ZONE

MIN_INTERVAL_S, MAX_INTERVAL_S = 5, 7 * 86_400


class BadSettings(ValueError):
    """`settings.json` says something that cannot be; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What `settings.json` in the state folder may hold, all optional: whole numbers, but for the last four.

    `inventory_interval_s` overrides the collector's wish when not 0. The agent ends itself with exit code 75
    when it stays above `rss_limit_bytes` or `cpu_limit_percent` (of one core, workers included, sweeps not).
    `probe`: whether it sweeps networks when the collector asks it to; $MUSTER_PROBE=1 says the same.
    `zone`: the part of the network it stands in then, empty where there is one; else $MUSTER_ZONE.
    `listen_traps`, `listen_syslog`: where a probe hears what devices say by themselves (`agent.places`), empty: not at
    all; else $MUSTER_LISTEN_TRAPS, $MUSTER_LISTEN_SYSLOG.
    """

    inventory_interval_s: int = 0
    spool_max_bytes: int = spool.MAX_BYTES
    spool_max_age_s: int = spool.MAX_AGE_S
    rss_limit_bytes: int = 200 * 1024 * 1024
    cpu_limit_percent: int = 25
    probe: bool = False
    zone: str = ""
    listen_traps: str = ""
    listen_syslog: str = ""

    @property
    def places(self) -> Places:
        """Where to listen; raise `BadPlace`."""
        return places(self.listen_traps, self.listen_syslog)


_LEAST = {"inventory_interval_s": 0, "spool_max_bytes": 16 * 1024 * 1024, "spool_max_age_s": 3_600,
          "rss_limit_bytes": 64 * 1024 * 1024, "cpu_limit_percent": 5}  # fmt: skip


def load(state: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of the state folder, else of the environment, else defaults; raise `BadSettings`."""
    path = state / "settings.json"
    try:
        said = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise BadSettings(f"{path}: {error}") from error
    known = {field.name for field in fields(Settings)}
    if not isinstance(said, dict) or not said.keys() <= known:
        raise BadSettings(f"{path}: an object with some of {', '.join(sorted(known))} is expected")
    for name, value in said.items():
        if name in _LEAST and (not isinstance(value, int) or isinstance(value, bool) or value < _LEAST[name]):
            raise BadSettings(f"{path}: {name} is a whole number, at least {_LEAST[name]}")
    return _checked(Settings(**{**_of_environment(environ), **said}), path)


def _of_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        "probe": environ.get("MUSTER_PROBE", "") not in ("", "0"),
        **{name: environ.get(f"MUSTER_{name.upper()}", "") for name in ("zone", "listen_traps", "listen_syslog")},
    }


def _checked(settings: Settings, where: object) -> Settings:
    if not isinstance(settings.probe, bool):
        raise BadSettings(f"{where}: probe is true or false")
    if not isinstance(settings.zone, str) or not ZONE.fullmatch(settings.zone):
        raise BadSettings(f"{where}: zone is up to 64 letters, digits, dots, underscores and hyphens")
    if not isinstance(settings.listen_traps, str) or not isinstance(settings.listen_syslog, str):
        raise BadSettings(f"{where}: listen_traps and listen_syslog are texts")
    try:
        places(settings.listen_traps, settings.listen_syslog)
    except BadPlace as error:
        raise BadSettings(f"{where}: {error}") from error
    return settings


def as_probe(settings: Settings, zone: str | None, traps: str | None = None, syslog: str | None = None) -> Settings:
    """Return `settings` of a probe, with those of zone and places that are not None; raise `BadSettings`."""
    said = {"zone": zone, "listen_traps": traps, "listen_syslog": syslog}
    told = {name: value for name, value in said.items() if value is not None}
    return _checked(replace(settings, probe=True, **told), "the command line")  # type: ignore[arg-type]  # texts all


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
