"""Services as systemd's unit files describe them, for a system where systemd does not run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from agent.collectors.bounded import Malformed, read_if_allowed

# systemd.unit(5): the earlier folder's file hides the later ones'.
FOLDERS = ("etc/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")

_PULLS = ("wants", "requires", "upholds")
_INSTALLS = frozenset({"WantedBy", "RequiredBy", "UpheldBy", "Alias"})

MAX_UNITS = 10_000
MAX_UNIT_BYTES = 256 * 1024


def rows(root: Path) -> list[dict[str, Any]]:
    """Return one row a service with a unit file, without `state`; templates and aliases are no services."""
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.service"))[:MAX_UNITS]:
            found.setdefault(path.name, path)
    wanted = _wanted(root)
    return [row for name, path in found.items() if "@." not in name and (row := _row(name, path, wanted))]


def _row(name: str, path: Path, wanted: set[str]) -> dict[str, Any] | None:
    target = os.readlink(path) if path.is_symlink() else name
    if target == "/dev/null":
        return {"name": name, "enabled": "masked"}
    if target.rsplit("/", 1)[-1] != name:
        return None  # an alias
    try:
        description, enabled = parse_unit(read_if_allowed(path, MAX_UNIT_BYTES) or b"")
    except Malformed:  # one odd file does not cost the section
        return None
    enabled = "enabled" if name in wanted else "linked" if path.is_symlink() else enabled
    return {"name": name, "enabled": enabled, "description": description}


def _wanted(root: Path) -> set[str]:
    """Return the units that are enabled: by a link in another unit's .wants folder, or by an alias."""
    own = root / FOLDERS[0]
    links = {link.name for kind in _PULLS for folder in own.glob(f"*.{kind}") for link in folder.iterdir()}
    aliases = (path for path in own.glob("*.service") if path.is_symlink())
    return links | {target for path in aliases if (target := Path(os.readlink(path)).name) != path.name}


def parse_unit(text: bytes) -> tuple[str | None, str]:
    """Return (Description, enablement as long as no link enables it) of a unit file.

    Without an [Install] section a unit is static; one that only names others there (Also=) is indirect.
    """
    description, section, installs = None, "", set()
    for line in map(str.strip, text.decode("utf-8", "replace").splitlines()):
        word, _, value = line.partition("=")
        if line.startswith("["):
            section = line
        elif section == "[Install]":
            installs.add(word.strip())
        elif section == "[Unit]" and word == "Description":
            description = value.strip()[:1024]
    if installs & _INSTALLS:
        return description, "disabled"
    return description, "indirect" if "Also" in installs else "static"
