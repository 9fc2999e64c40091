"""One row of an inspection report, and how much of what was expected was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from collector.model import Outcome, Result, Value

KIND: Final = "kind"
"""The reason of an N/A that says no more than that a rule is not for CIs of that class: such a row is left out."""
LIMIT: Final = "param."
SEVERITY: Final = "severity"


class State(StrEnum):
    """What a check of a CI came to. `WAIVED`: a problem that somebody accepts for a while."""

    PROBLEM = "PROBLEM"
    ERROR = "ERROR"
    UNKNOWN = "UNKNOWN"
    WAIVED = "WAIVED"
    PASS = "PASS"  # noqa: S105  a verdict
    NOT_APPLICABLE = "N/A"


WORST_FIRST: Final = tuple(State)
COVERED: Final = (State.PASS, State.PROBLEM, State.WAIVED)
NEW, PERSISTING, FIXED = "new", "persisting", "fixed"
LineKey = tuple[int, str, str]
"""CI id, rule, instance."""


@dataclass(frozen=True, slots=True)
class Line:
    """What `rule` said of a CI, or of one `instance` of it, by values `observed_at` (ms) from `source`.

    `evidence`: the values, `limits`: what they were held against; `since` (ms): how long it has been so, 0 unknown;
    `incident`: the number of the one that is open for it; `standing`: against the run before.
    """

    ci_id: int
    rule: str
    instance: str
    state: State
    reason: str = ""
    severity: str = ""
    evidence: Mapping[str, Value] = field(default_factory=dict)
    limits: Mapping[str, Value] = field(default_factory=dict)
    since: int = 0
    observed_at: int = 0
    source: str = ""
    incident: str = ""
    standing: str = ""

    @property
    def key(self) -> LineKey:
        return (self.ci_id, self.rule, self.instance)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many checks of CIs were expected and seen, and how many CIs no check looked at."""

    expected: int
    covered: int
    states: Mapping[str, int]
    unchecked: int = 0

    @property
    def ratio(self) -> float | None:
        return self.covered / self.expected if self.expected else None


def lines_of(results: Iterable[Result]) -> list[Line]:
    """Return the rows of a report: of a check that passed whole one row, else one an instance that did not pass."""
    checks: dict[tuple[int, str], list[Result]] = {}
    for result in results:
        if not (result.outcome is Outcome.NOT_APPLICABLE and result.reason == KIND):
            checks.setdefault((result.ci_id, result.rule), []).append(result)
    return [line for said in checks.values() for line in _rows(said)]


def _rows(said: list[Result]) -> list[Line]:
    """Return the rows of one check of one CI."""
    telling = [each for each in said if each.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)]
    if telling:
        return [_line(each) for each in telling]
    passed = [each for each in said if each.outcome is Outcome.PASS] or said[:1]
    one = _line(passed[0])
    return [one] if len(passed) == 1 else [Line(one.ci_id, one.rule, "", one.state, limits=one.limits)]


def _line(result: Result) -> Line:
    evidence = {name: value for name, value in result.evidence.items() if not _is_beside(name)}
    limits = {name.removeprefix(LIMIT): value for name, value in result.evidence.items() if name.startswith(LIMIT)}
    severity = str(result.evidence.get(SEVERITY, "")) if result.outcome is Outcome.PROBLEM else ""
    return Line(
        result.ci_id, result.rule, result.instance, State(str(result.outcome)), result.reason, severity, evidence,
        limits,
    )  # fmt: skip


def _is_beside(name: str) -> bool:
    return name.startswith(LIMIT) or name == SEVERITY


def coverage(lines: Iterable[Line], cis: Collection[int]) -> Coverage:
    """Return how much of what was expected was seen; a check with several rows counts by the worst of them."""
    worst: dict[tuple[int, str], State] = {}
    for line in lines:
        at = (line.ci_id, line.rule)
        worst[at] = min(worst.get(at, line.state), line.state, key=WORST_FIRST.index)
    counts = Counter(worst.values())
    expected = len(worst) - counts[State.NOT_APPLICABLE]
    looked = {ci_id for (ci_id, _), state in worst.items() if state is not State.NOT_APPLICABLE}
    states = {str(state): counts[state] for state in WORST_FIRST}
    return Coverage(expected, sum(counts[state] for state in COVERED), states, len(set(cis) - looked))
