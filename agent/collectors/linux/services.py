"""Services and whether they start with the machine: from systemd, else from unit files and init scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent import command
from agent.collectors.base import Collector, Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import init_scripts, unit_files
from wire.sections import MAX_ROWS, Body

Row = dict[str, Any]

BOOTED = "run/systemd/system"
"""Exists while systemd is PID 1: sd_booted(3)."""

_LIST = ("--no-pager", "--plain", "--no-legend", "--full", "--type=service")

# A second name of a service; and what was made while the machine runs, to be gone with it.
_NOT_ROWS = frozenset({"alias", "transient"})


def collect(root: Path) -> Body:
    """Return the rows of `services`; raise `Unsupported` where nothing manages services.

    `state` is absent where no service manager runs that could tell it.
    """
    if root == Path("/") and (root / BOOTED).is_dir():
        files = command.run(["systemctl", "list-unit-files", *_LIST], timeout_s=20.0)
        units = command.run(["systemctl", "list-units", "--all", *_LIST], timeout_s=20.0)
        return merge(parse_unit_files(files), parse_units(units))
    rows = unit_files.rows(root)
    names = {row["name"].removesuffix(".service") for row in rows}
    rows += [row for row in init_scripts.rows(root) if row["name"] not in names]  # a unit goes before its script
    if not rows:
        raise Unsupported("no service manager")
    return rows


def parse_unit_files(listing: str) -> dict[str, str]:
    """Return service → enablement, in systemctl's words, of `systemctl list-unit-files`; raise `Malformed`."""
    lines = _lines(listing)
    if any(len(line) < 2 for line in lines):
        raise Malformed("systemctl list-unit-files: a line without a state")
    return {line[0]: line[1].removesuffix("-runtime") for line in lines if line[0].endswith(".service")}


def parse_units(listing: str) -> dict[str, tuple[str, str]]:
    """Return loaded service → (state, description) of `systemctl list-units`; raise `Malformed`."""
    units = {}
    for line in _lines(listing):
        name, load, active, sub, description = (*line, "")[:5] if len(line) >= 4 else ("", "", "", "", "")
        if not name:
            raise Malformed("systemctl list-units: a line of too few columns")
        if load in ("loaded", "masked"):  # "not-found": only named by another unit
            units[name] = (state(active, sub), description)
    return units


def state(active: str, sub: str) -> str:
    """Return the catalogue's word for systemd's ActiveState and SubState."""
    if active == "failed" or sub.startswith("auto-restart"):  # ended, and waiting to be tried again
        return "failed"
    return "stopped" if active in ("inactive", "deactivating") else "running"


def merge(files: dict[str, str], units: dict[str, tuple[str, str]]) -> list[Row]:
    """Return the rows: every service with a unit file, and the loaded instances of templates.

    Instances of static templates are left out: they belong to a session or a device (user@1000,
    systemd-fsck@…) and come and go with it.
    """
    rows = []
    for name in {**files, **units}:
        template = name.partition("@")[0] + "@.service" if "@" in name else ""
        enabled = files.get(name) or files.get(template, "")
        if name == template or enabled in _NOT_ROWS or (name not in files and enabled in ("", "static")):
            continue
        told = units.get(name)
        rows.append({"name": name, "enabled": enabled, "state": told[0] if told else "stopped",
                     "description": told[1] if told else None})  # fmt: skip
    return rows


def _lines(listing: str) -> list[list[str]]:
    lines = listing.splitlines()
    if len(lines) > MAX_ROWS:
        raise Malformed(f"systemctl: more than {MAX_ROWS} lines")
    # A mark before the name ("●") says the unit is in trouble; the columns say so too.
    return [line.lstrip("●○×↻* ").split(None, 4) for line in lines if line.strip()]


COLLECTOR = Collector(
    "services", collect, timeout_s=45.0, every_s=300,
    stamps=("etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system", "etc/init.d"),
)  # fmt: skip
