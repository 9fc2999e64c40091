"""How one CI stands by all the ways it is asked in."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from collector.reachability.methods import Method, Methods
from collector.reachability.terms import TERMS, Terms


class Reach(enum.StrEnum):
    """How a CI can be reached: by all that used to answer, by some of it, by none; or nobody can say."""

    UP = "up"
    DEGRADED = "degraded"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


NOT_ASKED, BLIND, NEVER = "not_asked", "collector_blind", "never_answered"
"""Why nobody can say: it was not asked of late, who asks sees nothing, it has never answered."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one CI stands. `since`: in this state (ms); `why`: nobody can say, or empty. `answered_at`: by any method;
    `missed_at`: since when nothing answers, 0: something does. `behind`: the CI whose failure explains its own, 0: its
    own; `held`: that is not decided yet. `ways`: method → whether it is answered; None: in doubt.
    """

    ci_id: int
    state: Reach = Reach.UNKNOWN
    since: int = 0
    why: str = NOT_ASKED
    answered_at: int = 0
    missed_at: int = 0
    behind: int = 0
    held: bool = False
    ways: Mapping[str, bool | None] = field(default_factory=dict)

    @property
    def is_down(self) -> bool:
        return self.state is Reach.UNREACHABLE

    @property
    def is_in_doubt(self) -> bool:
        """Whether it has begun to miss looks, and it is not decided what that means."""
        return bool(self.missed_at) and self.state in (Reach.UP, Reach.DEGRADED)


def standing(ci_id: int, methods: Methods, was: Standing | None, now: int, terms: Terms = TERMS) -> Standing:
    """Return how a CI stands at `now` (ms) by these methods, whoever watches being able to see."""
    before = was or Standing(ci_id, since=now)
    fresh = {name: each for name, each in methods.items() if each.asked_at and now - each.asked_at <= terms.fresh_ms}
    used = [each for each in fresh.values() if each.answered_at]
    state, why = _state(used, fresh, before, now, terms)
    is_silent = bool(used) and all(each.misses for each in used)
    after = replace(
        before, state=state, why=why, answered_at=max((each.answered_at for each in methods.values()), default=0),
        missed_at=min(each.missed_at for each in used) if is_silent else 0,
        ways={name: each.answers(terms) for name, each in fresh.items()},
    )  # fmt: skip
    return after if state is before.state else replace(after, since=now)


def _state(
    used: Sequence[Method], fresh: Methods, before: Standing, now: int, terms: Terms
) -> tuple[Reach, str]:  # fmt: skip
    if not used:
        return Reach.UNKNOWN, NEVER if fresh else NOT_ASKED
    lost = [each for each in used if each.misses >= terms.misses]
    if any(not each.misses for each in used):
        is_missed = any(now - each.answered_at <= terms.recalled_ms for each in lost)
        return (Reach.DEGRADED if is_missed else Reach.UP), ""
    if len(lost) == len(used):
        return Reach.UNREACHABLE, ""
    return before.state, before.why  # a doubt: what was known stands
