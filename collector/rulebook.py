"""Rule packs as files → rules ready to run, with their cases. The format is told in rules/README.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from collector import rulepack
from collector.compiled import CompiledRule
from collector.model import Rule
from collector.record import SECTION
from collector.rulecase import Case, read_case
from collector.yamlfile import BadFile, Entry, read

MAX_PACKS = 500
Knows = Callable[[str], bool]
DEPENDS: Final = ("reachability", "parents", "collector_health")


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules by id, in the order of the packs, and the cases that prove each of them."""

    rules: Mapping[str, CompiledRule]
    cases: Mapping[str, tuple[Case, ...]]
    _readers: dict[str, list[tuple[int, CompiledRule]]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for place, rule in enumerate(self.rules.values()):
            for name in (*rule.sections, *([SECTION] if rule.reads_record else [])):
                self._readers.setdefault(name, []).append((place, rule))

    def reading(self, sections: Iterable[str]) -> list[CompiledRule]:
        """Return the rules that read any of these sections, a CI's record among them, in the order of the packs."""
        found = dict(each for name in sections for each in self._readers.get(name, ()))
        return [found[place] for place in sorted(found)]


def shipped() -> Path:
    """Return the folder of the packs that come with the program: beside it, or inside the wheel."""
    here = Path(__file__).resolve().parent
    inside = here / "data" / "rules" / "packs"
    return inside if inside.is_dir() else here.parent / "rules" / "packs"


def load(folder: Path, knows: Knows | None = None) -> Rulebook:
    """Return the rules of every `*.yaml` in `folder`; raise `BadFile` with file and line.

    `knows`: whether the desk has a category for what a rule calls the sort of its alarms; all do where nobody says.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files or len(files) > MAX_PACKS:
        raise BadFile(f"{folder}: {len(files)} rule packs, 1 to {MAX_PACKS} expected")
    return of_packs((read(file) for file in files), knows)


def of_packs(packs: Iterable[Entry], knows: Knows | None = None) -> Rulebook:
    """Return the rules of packs that have been read; raise `BadFile` with file and line."""
    rules: dict[str, CompiledRule] = {}
    cases: dict[str, tuple[Case, ...]] = {}
    entries: dict[str, Entry] = {}
    for pack in packs:
        for entry, rule in rulepack.rules(pack):
            if rule.id in rules:
                raise entry.bad(f"the rule {rule.id} stands twice", "id")
            if knows is not None and not knows(rule.rule.category):
                raise entry.bad(f"{rule.id}: category: the desk sorts nothing under {rule.rule.category}", "incident")
            rules[rule.id], entries[rule.id] = rule, entry
            cases[rule.id] = tuple(read_case(each) for each in entry.entries("cases"))
    for rule_id, rule in rules.items():
        _check_depends(entries[rule_id], rule.rule, rules)
    return Rulebook(rules, cases)


def _check_depends(entry: Entry, rule: Rule, rules: Mapping[str, CompiledRule]) -> None:
    for each in rule.depends:
        if each == rule.id or (each not in DEPENDS and each not in rules):
            raise entry.bad(f"depends: {each} is no other rule and none of {', '.join(DEPENDS)}", "depends")
