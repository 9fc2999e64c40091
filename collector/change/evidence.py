"""Evidence: what else is known of an item than that one observation showed the old value and the next one the new.

It narrows the bracket and names the actor, it never widens and never makes drift of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from collector.model import Path, Step, Value


@dataclass(frozen=True, slots=True)
class Trace:
    """What a log says was done to a CI: a device's `configured from`, a package transaction, a login, a task.

    `path` as in a line of a change: with a key, without (a section), or None for something on the CI. `slack_ms`: how
    far its clock may be off. `actor` is a name as the log gives it, empty where it gives none. `authentic` when it is
    proven who said it: a line of syslog anyone may have sent.
    """

    ci_id: int
    at: int
    kind: str
    actor: str = ""
    path: Path | None = None
    slack_ms: int = 0
    authentic: bool = False

    def speaks_of(self, path: Path) -> int:
        """Return how exactly it speaks of `path`: 3 by its key, 2 by its section, 1 by its CI, 0 of something else."""
        if self.path is None:
            return 1
        if self.path.section != path.section:
            return 0
        return {path.key: 3, "": 2}.get(self.path.key, 0)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one late observation of the lane showed at the path, between the two a step was made of."""

    at: int
    value: Value


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A step with its narrower bracket, and who did it: empty when no trace says so or several people may have.

    `claimed` when bracket and actor rest on traces anyone may have left; such a bracket is never certain.
    """

    step: Step
    actor: str = ""
    claimed: bool = False


def narrowed(step: Step, sights: Iterable[Sight], traces: Iterable[Trace]) -> Narrowed:
    """Return `step` as late sights and the traces on its CI narrow it; the order in which they came plays no part."""
    closer = _by_sights(step, sights)
    known = list(traces)
    proven = _most_exact(closer, (each for each in known if each.authentic))
    if proven:
        return _by_traces(closer, proven, claimed=False)
    claimed = _most_exact(closer, known)
    return _by_traces(closer, claimed, claimed=True) if claimed else Narrowed(closer)


def _by_sights(step: Step, sights: Iterable[Sight]) -> Step:
    """The last sight of the old value and, after it, the first of the new; a third value in between says neither."""
    within = [each for each in sights if step.lo < each.at < step.hi]
    lo = max((each.at for each in within if each.value == step.old), default=step.lo)
    hi = min((each.at for each in within if each.value == step.new and each.at > lo), default=step.hi)
    return replace(step, lo=lo, hi=hi)


def _by_traces(step: Step, telling: Sequence[Trace], *, claimed: bool) -> Narrowed:
    """Several traces leave the time from the first to the last."""
    lo = max(step.lo, min(each.at - each.slack_ms for each in telling))
    hi = min(step.hi, max(each.at + each.slack_ms for each in telling))
    actors = {each.actor for each in telling}
    return Narrowed(replace(step, lo=lo, hi=hi), actors.pop() if len(actors) == 1 else "", claimed)


def _most_exact(step: Step, traces: Iterable[Trace]) -> Sequence[Trace]:
    """Return those of the traces within the bracket that speak most exactly of the path."""
    within = [(each.speaks_of(step.path), each) for each in traces if step.lo <= each.at <= step.hi]
    best = max((exactness for exactness, _ in within), default=0)
    return [each for exactness, each in within if exactness == best and exactness]
