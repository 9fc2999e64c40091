"""How far a sweep is, counted from its ledger: what a probe says again, or another probe after it, counts once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

STAGES: Final = ("sweep", "fingerprint", "authenticate", "identify", "explore")
"""How far a target can come, in this order."""
NOBODY: Final = frozenset({"no_answer", "excluded", "blackout", "cancelled"})
"""Causes that say nothing about a device: at stage `sweep`, nothing is known to be there."""

End = tuple[str, str]
"""Stage and cause a target ended with."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`counts`: targets that came to each stage, those `alive`, `identified`, `failed`, and all that are `planned`.

    `heard_at`: when its probe last said something (epoch ms). `tries`: probes that fell silent over it.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    heard_at: int = 0
    tries: int = 0

    def text(self) -> str:
        return json.dumps({"counts": dict(self.counts), "heard_at": self.heard_at, "tries": self.tries})

    def moved(self, before: Iterable[End], after: Iterable[End]) -> dict[str, int]:
        """Return the counts once targets that ended as `before` says have ended as `after` says."""
        counts = Counter(self.counts)
        counts.update(mark for end in after for mark in marks(*end))
        counts.subtract(mark for end in before for mark in marks(*end))
        return {name: counts[name] for name in sorted(counts)}


def standing(text: str) -> Standing:
    """Return what `Standing.text` gave."""
    said = json.loads(text)
    return Standing(said.get("counts", {}), said.get("heard_at", 0), said.get("tries", 0))


def marks(stage: str, cause: str) -> Iterator[str]:
    """Yield what a target that ended so is counted as."""
    yield from STAGES[: STAGES.index(stage) + 1]
    if is_alive(stage, cause):
        yield "alive"
    if is_identified(stage, cause):
        yield "identified"
    if has_failed(cause):
        yield "failed"


def is_alive(stage: str, cause: str) -> bool:
    return stage != "sweep" or cause not in NOBODY


def is_identified(stage: str, cause: str) -> bool:
    return stage == "explore" or (stage == "identify" and not cause)


def has_failed(cause: str) -> bool:
    """Return whether it is worth another try: an address where nobody is has not failed."""
    return cause not in ("", "no_answer", "excluded")
