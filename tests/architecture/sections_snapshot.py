"""A frozen copy of the section catalogue, so that fields are only ever added; run it to freeze additions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from wire.sections import SECTIONS

FILE = Path(__file__).parent / "sections.json"
COMMAND = "python -m tests.architecture.sections_snapshot"

SAME_ON_THE_WIRE = {("texts", "sequence")}
"""Kinds of which one may become the other: a list of texts whose order has come to count. Its collector then has a new
revision, so that the order it is told in now is no change of the world."""

Catalogue = dict[str, dict[str, Any]]
"""Section name → its key fields, and its fields with their kinds."""


def today() -> Catalogue:
    return {
        name: {"key": list(shape.key), "fields": {field.name: field.kind for field in shape.fields.values()}}
        for name, shape in SECTIONS.items()
    }


def frozen() -> Catalogue:
    kept: Catalogue = json.loads(FILE.read_text(encoding="utf-8"))
    return kept


def broken(old: Catalogue, new: Catalogue) -> list[str]:
    """Return what an agent or a collector of `old` would trip over in `new`: each thing gone or meaning another."""
    found = [f"section {name} is gone" for name in old if name not in new]
    for name in old.keys() & new.keys():
        if old[name]["key"] != new[name]["key"]:
            found.append(f"{name}: key was {old[name]['key']}, is {new[name]['key']}")
        for field, kind in old[name]["fields"].items():
            now = new[name]["fields"].get(field)
            if now != kind and (kind, now) not in SAME_ON_THE_WIRE:
                found.append(f"{name}.{field}: was {kind}, is {now or 'gone'}")
    return sorted(found)


def added(old: Catalogue, new: Catalogue) -> list[str]:
    """Return the sections and fields of `new` that `old` has not."""
    found = [f"section {name}" for name in new if name not in old]
    for name in old.keys() & new.keys():
        found += [f"{name}.{field}" for field in new[name]["fields"] if field not in old[name]["fields"]]
    return sorted(found)


def main() -> int:
    """Write the catalogue down; refuse, with exit code 1, if something was removed or changed."""
    if FILE.exists() and (wrong := broken(frozen(), today())):
        print("only additions can be frozen:", *wrong, sep="\n  ", file=sys.stderr)
        return 1
    lines = (f"  {json.dumps(name)}: {json.dumps(shape)}" for name, shape in today().items())
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
