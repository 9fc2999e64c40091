"""What alerts should have been, judged by whoever sees the whole past at once: no state is carried, nothing is shared.

A past is a list of looks. Whether an alert fires at a look is worked out from all looks before it by what the words of
rules/README.md mean; slow, and written without a glance at how the stages do it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

WELL, WORSE, HALF, BLIND, BUG, GONE = "well", "worse", "half", "blind", "bug", "gone"
"""What a look says: pass, problem, pass while `recover` does not hold, unknown, error, not applicable."""


@dataclass(frozen=True)
class Terms:
    """Of a rule: times in ms, flap as (window, high, low)."""

    hold: int
    samples: int
    keep: int
    max_age: int
    on_unknown: str
    flap: tuple[int, int, int] | None


@dataclass(frozen=True)
class Look:
    """One look at `at` (ms) at what was seen at `seen`."""

    at: int
    seen: int
    said: str


@dataclass(frozen=True)
class Told:
    state: str
    episode: int
    flapping: bool


def judged(terms: Terms, looks: Sequence[Look]) -> list[Told]:
    """Return what the alert was after each look."""
    return _Past(terms, looks).all()


class _Past:
    def __init__(self, terms: Terms, looks: Sequence[Look]) -> None:
        self.terms, self.looks = terms, list(looks)
        self.fires = lru_cache(None)(self._fires)

    def all(self) -> list[Told]:
        swings = self._flapping()
        return [Told(self._state(i), self._episodes(i), swings[i]) for i in range(len(self.looks))]

    def said(self, i: int) -> str:
        """Return what look i counts as: where a rule says so, not to know is to be well, or worse."""
        said = self.looks[i].said
        return {"ok": WELL, "fire": WORSE, "keep": BLIND}[self.terms.on_unknown] if said == BLIND else said

    def known(self, i: int) -> bool:
        return self.said(i) not in (BLIND, BUG)

    def seen(self, i: int) -> int:
        return self.looks[i].seen

    # --- firing

    def _fires(self, i: int) -> bool:
        if i < 0 or self.said(i) == GONE:
            return False
        if not self.fires(i - 1):
            return self._begins(i)
        return self.said(i) != WELL or self._calm(i) < self.terms.keep

    def _run(self, i: int) -> list[int]:
        """Return the looks up to i that say worse without a break: no other word, no gap, not firing before."""
        run = [i]
        while run[0] > 0:
            before = run[0] - 1
            if self.said(before) != WORSE or self.fires(before):
                break
            run.insert(0, before)
        return self._after_gaps(run)

    def _after_gaps(self, run: list[int]) -> list[int]:
        """Return what follows the last gap in which nothing was seen for longer than a fact lasts."""
        start, last = 0, self.seen(run[0])
        for place, i in enumerate(run):
            if self.terms.max_age and self.seen(i) - last > self.terms.max_age:
                start, last = place, self.seen(i)
            last = max(last, self.seen(i))
        return run[start:]

    def _begins(self, i: int) -> bool:
        if self.said(i) != WORSE:
            return False
        run = self._run(i)
        return self.looks[i].at - self.looks[run[0]].at >= self.terms.hold and self._samples(run) >= self.terms.samples

    def _samples(self, run: list[int]) -> int:
        """Return how often it was seen anew; where not to know is to be worse, each such look counts."""
        newest, count = 0, 0
        for i in run:
            count += self.seen(i) > newest or (self.looks[i].said == BLIND and i > run[0])
            newest = max(newest, self.seen(i))
        return count

    def _calm(self, i: int) -> int:
        """Return for how long it has been known to be well, up to look i."""
        first = i
        while first > 0 and self.said(first - 1) not in (WORSE, HALF) and self.fires(first - 1):
            first -= 1
        while self.said(first) != WELL:  # what nobody knew before the first good word
            first += 1
        return sum(self.looks[j + 1].at - self.looks[j].at for j in range(first, i) if self.said(j) == WELL)

    def _episodes(self, i: int) -> int:
        born = max((j for j in range(i + 1) if self.said(j) == GONE), default=-1) + 1
        return sum(self.fires(j) and not self.fires(j - 1) for j in range(born, i + 1))

    def _state(self, i: int) -> str:
        if self.said(i) == GONE:
            return "gone"
        if self.fires(i):
            last = next(j for j in range(i, -1, -1) if self.known(j))
            return "recovering" if self.said(last) == WELL else "firing"
        last = next((j for j in range(i, -1, -1) if self.known(j)), None)
        return "pending" if last is not None and self.said(last) == WORSE else "ok"

    # --- to and fro

    def _flapping(self) -> list[bool]:
        if self.terms.flap is None:
            return [False] * len(self.looks)
        window, high, low = self.terms.flap
        found: list[bool] = []
        states: list[bool] = []
        newest = 0
        for i in range(len(self.looks)):
            was = found[-1] if found else False
            if self.said(i) == GONE:
                states, newest, was = [], 0, False
            elif self.known(i):
                moved = self.fires(i) != self.fires(i - 1)
                if moved or not states or self.seen(i) > newest:
                    states.append(self.fires(i))
                    newest = max(newest, self.seen(i))
                share = self._share(states[-window:], window)
                was = share >= low if was else share > high
            elif not states:
                states = [False]  # of which nothing is known yet, it is ok
            found.append(was)
        return found

    def _share(self, states: list[bool], window: int) -> float:
        """Return the weighted share of changes in percent, the first of a full window counting 0.8, the last 1.15."""
        full = [states[0]] * (window - len(states)) + states
        pairs = window - 1
        weights = [0.8 + (1.15 - 0.8) * at / (pairs - 1) for at in range(pairs)]
        return 100 * sum(weights[at] for at in range(pairs) if full[at] != full[at + 1]) / pairs


# --- what holds it back


@dataclass(frozen=True)
class Hold:
    """A reason that stands in [start, end) (ms); it is known of from `known` on."""

    reason: str
    start: int
    end: int
    known: int


def told(fires: bool, flapping: bool, was: bool, holds: Sequence[Hold], at: int) -> bool:
    """Return whether an incident should be there at `at`, given whether one `was`."""
    standing = {each.reason for each in holds if each.known <= at and each.start <= at < each.end}
    if was:
        return (fires or flapping) and not standing & {"waiver", "lifecycle"}
    return fires and not standing and not flapping
