"""Whether who watches can see at all: what is missed is a doubt about who asked as much as about what was asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from collector.reachability.state import BLIND, Reach, Standing
from collector.reachability.terms import TERMS, Terms


def blinded(watched: Iterable[Standing], explained: Collection[int], now: int, terms: Terms = TERMS) -> frozenset[int]:
    """Return the CIs one watcher misses because it is blind itself; empty while it can be believed.

    It is when more than `share` of what it watches fell silent within `window`, other than what is `explained` by
    something it does see; or when it watches several and nothing answers. What stays silent for `believed` while the
    others answer is believed.
    """
    its = list(watched)
    silent = sorted((each for each in its if each.missed_at), key=lambda each: each.missed_at)
    if len(silent) == len(its):
        together = _densest(silent, terms.window_ms)
        return frozenset(each.ci_id for each in together) if len(together) >= terms.alone else frozenset()
    recent = [each for each in silent if now - each.missed_at < terms.believed_ms]
    window = _densest([each for each in recent if each.ci_id not in explained], terms.window_ms)
    if len(window) < terms.least or len(window) <= terms.share * len(its):
        return frozenset()
    first, last = window[0].missed_at, window[-1].missed_at
    return frozenset(each.ci_id for each in recent if first <= each.missed_at <= last)


def _densest(silent: Sequence[Standing], window_ms: int) -> Sequence[Standing]:
    """Return the most that fell silent within one window, of those ordered by when they did."""
    best, first = (0, 0), 0
    for last, each in enumerate(silent):
        while each.missed_at - silent[first].missed_at > window_ms:
            first += 1
        best = max(best, (first, last + 1), key=lambda span: span[1] - span[0])
    return silent[best[0] : best[1]]


def unseen(each: Standing, was: Standing | None, now: int) -> Standing:
    """Return a CI whose watcher is blind: nobody can say."""
    since = was.since if was and was.state is Reach.UNKNOWN else now
    return replace(each, state=Reach.UNKNOWN, why=BLIND, since=since, behind=0, held=False)
