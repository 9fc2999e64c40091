"""All rules × all their tests → what does not hold, and how many of their mutants that would notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from collector.compiled import CompiledRule
from collector.rulebook import Rulebook, load, shipped
from collector.rulecase import Case
from collector.ruletests import playing, timelines
from collector.ruletests.cases import failure
from collector.ruletests.timelines import Timeline
from collector.yamlfile import BadFile

MUST: Final = frozenset({"fires", "silent", "unknown"})
"""The cases every rule must have."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One case or timeline of a rule that does not hold, and why."""

    rule: str
    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.name}: {self.why}"


@dataclass(frozen=True, slots=True)
class Suite:
    """Rules, their cases, and timelines by rule."""

    book: Rulebook
    timelines: Mapping[str, Sequence[Timeline]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many cases and timelines there are."""
        return sum(map(len, self.book.cases.values())) + sum(map(len, self.timelines.values()))

    def failures(self) -> Iterator[Failure]:
        """Yield what does not hold, and which of the cases it must have a rule lacks."""
        for rule_id, cases in self.book.cases.items():
            for missing in sorted(MUST - {case.expect for case in cases}):
                yield Failure(rule_id, missing, "there is no such case")
            yield from self._failures(self.book.rules[rule_id], cases)

    def _failures(self, rule: CompiledRule, cases: Sequence[Case]) -> Iterator[Failure]:
        for case in cases:
            if why := failure(rule, case):
                yield Failure(rule.id, f"{case.expect}: {case.name}", why)
        for timeline in self.timelines.get(rule.id, ()):
            if whys := list(playing.faults(rule, timeline)):
                yield Failure(rule.id, timeline.name, "; ".join(whys))

    def holds(self, rule_id: str, rule: CompiledRule) -> bool:
        """Return whether all tests of `rule_id` hold for `rule`, which may be a mutant of it."""
        if any(failure(rule, case) for case in self.book.cases[rule_id]):
            return False
        return not any(True for each in self.timelines.get(rule_id, ()) for _ in playing.faults(rule, each))

    def tests(self) -> dict[str, partial[bool]]:
        """Return rule → whether its tests hold for a rule, as the gate asks."""
        return {rule_id: partial(self.holds, rule_id) for rule_id in self.book.rules}


def read(packs: Path | None = None) -> Suite:
    """Return the rules of a folder of packs and the timelines beside it; None: those shipped; raise `BadFile`."""
    folder = packs or shipped()
    book = load(folder)
    by_rule: dict[str, list[Timeline]] = {}
    for timeline in timelines.load(folder.parent / "timelines"):
        if timeline.rule not in book.rules:
            raise BadFile(f"{folder.parent / 'timelines'}: {timeline.name}: no such rule: {timeline.rule}")
        by_rule.setdefault(timeline.rule, []).append(timeline)
    return Suite(book, by_rule)
