"""When time alone can change what rules say of each CI. In memory only: of what is not in it nobody has looked yet.

Each CI has an entry for what can grow stale (`READING`), one for all rules time can move (`RULES`), and one for each of
these rules that is due before that. None lies further ahead than `LOOK_MS`: another collector may have judged the CI
since, and an hour is how long it may take until this one notices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

READING: Final = "reading"
RULES: Final = "rules"
ALL: Final = frozenset({READING, RULES})
LOOK_MS: Final = 3_600_000
_STEP: Final = 7_919
"""Spreads CIs that were looked at together over the time until the next look."""


class Agenda:
    """CI → what is to be asked again, and when (ms). Names in lower case are entries of a CI, others are rules."""

    def __init__(self) -> None:
        self._at: dict[int, dict[str, int]] = {}
        self._unsure: set[int] = set()
        self._stale: set[int] = set()

    def due(self, ci_ids: Iterable[int], now: int) -> dict[int, Collection[str]]:
        """Return what is due of these CIs at `now` (ms). What lies too far ahead is, too: the clock was set back."""
        found: dict[int, Collection[str]] = {}
        for ci_id in ci_ids:
            its = self._at.get(ci_id)
            if its is None:
                found[ci_id] = ALL
            elif min(its.values()) <= now or max(its.values()) > now + LOOK_MS:
                found[ci_id] = {name for name, at in its.items() if not now < at <= now + LOOK_MS}
        return found

    def looked(self, ci_id: int, stale_at: int, now: int) -> None:
        """Note that this CI was looked at, and when something of it grows stale next (ms); `now`: something is."""
        if stale_at <= now:
            self._stale.add(ci_id)
        else:
            self._stale.discard(ci_id)
        self._put(ci_id, READING, now + LOOK_MS if stale_at <= now else min(stale_at, now + LOOK_MS))

    def heard(self, ci_ids: Iterable[int]) -> None:
        """Note that a source of these CIs has spoken: what was stale of them may be so no longer."""
        for ci_id in ci_ids:
            if ci_id in self._stale and ci_id in self._at:
                self._put(ci_id, READING, 0)

    def asked(self, ci_id: int, now: int) -> None:
        """Note that all rules time can move were run on this CI."""
        self._put(ci_id, RULES, now + LOOK_MS - ci_id * _STEP % (LOOK_MS // 2))

    def next_for(self, ci_id: int, rule: str, at: int | None, now: int) -> None:
        """Note when time can next change what a rule says of a CI; None: never."""
        if ci_id not in self._at:
            return  # it is looked at anyway
        if at is None or at > now + LOOK_MS:
            self._at[ci_id].pop(rule, None)
        else:
            self._put(ci_id, rule, at)

    def _put(self, ci_id: int, name: str, at: int) -> None:
        self._at.setdefault(ci_id, {})[name] = at
        self._unsure.add(ci_id)

    def kept(self) -> None:
        """Say that what was noted so far is written."""
        self._unsure.clear()

    def undo(self) -> None:
        """Say that what was noted since was not: these CIs are looked at anew."""
        for ci_id in self._unsure:
            self._at.pop(ci_id, None)
        self._unsure.clear()
