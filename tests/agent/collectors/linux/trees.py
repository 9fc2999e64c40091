"""Plants a captured part of a machine's file system below a folder.

A capture is one JSON object: path → text, {"hex": bytes}, {"link": target} or {"folder": true}. `server.json`,
`network.json` and `raid_degraded.json` were taken on a virtual machine with emulated hardware (Debian 12).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CAPTURED = Path(__file__).parent / "captured"


def capture(name: str) -> dict[str, Any]:
    """Return the capture in `name`.json."""
    told: dict[str, Any] = json.loads((CAPTURED / f"{name}.json").read_text(encoding="utf-8"))
    return told


def plant(root: Path, entries: dict[str, Any]) -> Path:
    """Create `entries` below `root` and return it."""
    for name, value in entries.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, str):
            path.write_text(value, encoding="utf-8", newline="")
        elif "link" in value:
            path.symlink_to(value["link"])
        elif "hex" in value:
            path.write_bytes(bytes.fromhex(value["hex"]))
        else:
            path.mkdir(exist_ok=True)
    return root
