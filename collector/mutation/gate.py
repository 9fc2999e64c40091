"""Mutants × the tests of their rule → how many are noticed, and which are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from collector.compiled import CompiledRule
from collector.mutation.rule import Mutant, mutants

Tested = Callable[[CompiledRule], bool]
"""Whether all tests of a rule hold for it."""


@dataclass(slots=True)
class Tally:
    """What became of some mutants. `excluded`: reason → how many of them are no mutants at all."""

    killed: int = 0
    survived: list[Mutant] = field(default_factory=list)
    excluded: Counter[str] = field(default_factory=Counter)

    @property
    def counted(self) -> int:
        return self.killed + len(self.survived)

    @property
    def rate(self) -> float:
        """How many of those that count were noticed, 0 to 1; 1 when there are none."""
        return self.killed / self.counted if self.counted else 1.0


def bred(rules: Iterable[CompiledRule]) -> list[Mutant]:
    """Return all mutants of these rules."""
    return [each for rule in rules for each in mutants(rule)]


def tried(some: Iterable[Mutant], tests: Mapping[str, Tested]) -> Tally:
    """Return how many of the mutants fail a test of their rule; `tests` by the rule's id."""
    tally = Tally()
    for mutant in some:
        if mutant.compiled is None:
            tally.excluded[mutant.because] += 1
        elif tests[mutant.rule](mutant.compiled):
            tally.survived.append(mutant)
        else:
            tally.killed += 1
    return tally
