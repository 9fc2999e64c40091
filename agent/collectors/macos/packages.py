"""Installed software: the installer's receipts, and the applications' own property lists."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector, Denied, Unsupported
from agent.collectors.bounded import Malformed, read
from agent.collectors.macos import property_lists
from agent.collectors.macos.property_lists import text
from wire.sections import Body

RECEIPTS = "var/db/receipts"
APPLICATIONS = "Applications"

MAX_FILES = 10_000
MAX_BYTES = 1024 * 1024


def collect(root: Path) -> Body:
    """Return the rows of `packages`; a file that cannot be read or is no property list is left out."""
    receipts = (root / RECEIPTS).glob("*.plist")
    bundles = [path for depth in ("*.app", "*/*.app") for path in (root / APPLICATIONS).glob(depth)]
    rows = [row for data in _files(receipts) if (row := parse_receipt(data))]
    rows += [row for data in _files(path / "Contents/Info.plist" for path in bundles) if (row := parse_bundle(data))]
    return list({row["name"]: row for row in rows}.values())


def _files(paths: Iterable[Path]) -> Iterable[dict[str, Any]]:
    for path in sorted(paths)[:MAX_FILES]:
        try:
            yield property_lists.parse(read(path, MAX_BYTES))
        except (Denied, Unsupported, Malformed):
            continue


def parse_receipt(receipt: dict[str, Any]) -> dict[str, Any] | None:
    """Return the row of an installer's receipt, None for one that names nothing."""
    name = text(receipt.get("PackageIdentifier"))
    if not name:
        return None
    return {"name": name, "version": text(receipt.get("PackageVersion")), "manager": "pkgutil"}


def parse_bundle(info: dict[str, Any]) -> dict[str, Any] | None:
    """Return the row of an application's Info.plist, None for one that names nothing."""
    names = (text(info.get(f"CFBundle{key}")) for key in ("Name", "DisplayName", "Executable"))
    name = next((each for each in names if each), None)
    version = text(info.get("CFBundleShortVersionString")) or text(info.get("CFBundleVersion"))
    return {"name": name, "version": version, "manager": "app"} if name else None


COLLECTOR = Collector("packages", collect, timeout_s=60.0, every_s=3600, stamps=(RECEIPTS, APPLICATIONS))
