"""Identification of a corpus of recordings: how much of it is right, and how fast.

`MUSTER_CORPUS` names a folder with `recordings/*.snmprec` and `expected.jsonl`: one JSON object a line with `name` (the
recording's), `type`, `vendor`, `hardware`, `version`, `serial`; null is not counted. Values are compared by letters and
digits only; one may contain the other.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from discovery.identify import Identified, identify
from discovery.library import SHIPPED, Definitions, definitions_in
from discovery.recording import answer, read
from tests.bench import Figure

CLASSES: Final = {
    "network": {"network", "security"}, "wireless": {"network"}, "firewall": {"security"}, "loadbalancer": {"network"},
    "server": {"server", "pc"}, "workstation": {"pc", "server"}, "storage": {"storage"}, "power": {"environment"},
    "environment": {"environment"}, "sensor": {"environment"}, "camera": {"environment"}, "printer": {"auxiliary"},
}  # fmt: skip
PROMISED: Final = {"class": 0.97, "vendor": 0.97, "model": 0.88, "version": 0.92, "serial": 0.95}
FIELDS: Final = {"model": "hardware", "version": "version", "serial": "serial"}


def run() -> list[Figure]:
    """Return the shares that are right, how many are unknown, and recordings a second on one core."""
    folder = os.environ.get("MUSTER_CORPUS")
    if not folder:
        print("identify: MUSTER_CORPUS names no corpus; skipped")
        return []
    corpus = Path(folder)
    expected = [json.loads(line) for line in (corpus / "expected.jsonl").read_text(encoding="utf-8").splitlines()]
    known = definitions_in([SHIPPED])
    started = time.process_time()
    found = {row["name"]: _found(corpus / "recordings" / f"{row['name']}.snmprec", known) for row in expected}
    seconds = time.process_time() - started
    unknown = sum(each.class_ == "unknown" for each in found.values())
    nameless = sum(each.model is None for each in found.values())
    generic = sum(each.state != "identified" for each in found.values())
    return [
        *_shares(expected, found),
        Figure("identify: class unknown", unknown, "devices", note=f"of {len(found)}"),
        Figure("identify: model unknown", nameless, "devices", note=f"of {len(found)}"),
        Figure("identify: without a definition", generic, "devices", note=f"of {len(found)}"),
        Figure("identify: recordings a CPU-second", len(found) / seconds, "1/s", at_least=100, note="one core"),
    ]


def _found(file: Path, known: Definitions) -> Identified:
    return answer(identify(known), read(file))


def _shares(expected: list[dict[str, Any]], found: dict[str, Identified]) -> list[Figure]:
    right: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for row in expected:
        for name, is_right in _judged(row, found[row["name"]]):
            of[name] += 1
            right[name] += is_right
    return [
        Figure(
            f"identify: {name} right", right[name] / of[name], "share", at_least=PROMISED[name], note=f"of {of[name]}"
        )
        for name in PROMISED
        if of[name]
    ]


def _judged(row: dict[str, Any], found: Identified) -> list[tuple[str, bool]]:
    judged = []
    if row["type"] in CLASSES:
        judged.append(("class", found.class_ in CLASSES[row["type"]]))
    makers = [row.get(key) for key in ("vendor", "vendor_icon", "pen_org", "os_text")]
    judged.append(("vendor", any(_same(maker, found.vendor) for maker in makers)))
    for field, key in FIELDS.items():
        masked = field == "serial" and row.get("serial_masked")
        if row.get(key) and not masked:
            judged.append((field, _same(row[key], getattr(found, field))))
    return judged


def _same(one: str | None, other: str | None) -> bool:
    a, b = (re.sub(r"[^a-z0-9]+", "", (each or "").lower()) for each in (one, other))
    return bool(a and b) and (a == b or (min(len(a), len(b)) >= 3 and (a in b or b in a)))
