"""Which rules have run in full on which CI since start: only those may pass over what is out of their sight."""

from __future__ import annotations

from collections.abc import Iterable


class Judged:
    """A number a CI with a bit a rule: 100,000 CIs take some 10 MB, where pairs would take a hundred times as much."""

    def __init__(self) -> None:
        self._bits: dict[int, int] = {}
        self._rules: dict[str, int] = {}

    def __len__(self) -> int:
        """Return of how many CIs something is known."""
        return len(self._bits)

    def add(self, ci_id: int, rules: Iterable[str]) -> None:
        """Remember that these rules have run on the CI."""
        bits = self._bits.get(ci_id, 0)
        for rule in rules:
            bits |= self._rules.setdefault(rule, 1 << len(self._rules))
        self._bits[ci_id] = bits

    def has(self, ci_id: int, rule: str) -> bool:
        """Return whether that rule has run on the CI."""
        return bool(self._bits.get(ci_id, 0) & self._rules.get(rule, 0))

    def clear(self) -> None:
        """Forget everything: every rule runs in full again."""
        self._bits.clear()
        self._rules.clear()
