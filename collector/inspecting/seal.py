"""The signed report as one text: JSON with sorted keys and no spaces, and its SHA-256.

Whoever has the digest can tell whether a report is still the one that was signed. Photos stand in it by their own
SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from collector.inspecting.answer import Filled
from collector.inspecting.line import Line
from collector.stocktake import Thing


def canonical(
    head: Mapping[str, Any], things: Iterable[Thing], lines: Iterable[Line], items: Sequence[Filled]
) -> bytes:
    """Return the report as one text, the same for the same report."""
    said = {
        "head": head, "cis": [asdict(each) for each in sorted(things, key=lambda each: each.ci_id)],
        "lines": [asdict(each) for each in sorted(lines, key=lambda each: each.key)],
        "items": [_item(each) for each in items],
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def packed(body: bytes) -> bytes:
    return zlib.compress(body, 6)


def opened(body: bytes) -> bytes:
    """Return what `packed` was given."""
    return zlib.decompress(body)


def _item(each: Filled) -> dict[str, Any]:
    answer = {} if each.answer is None else asdict(each.answer)
    answer.pop("key", None)
    return {
        "item": asdict(each.item), "answer": answer or None, "state": each.state,
        "photos": sorted(photo.sha256 for photo in each.photos),
    }  # fmt: skip
