"""Which values are volatile, informational or controlled, of which class: the table `rules/attributes.yaml`, read once.

And how sure a reading must be: how often a value must be seen, and how far a number may be off.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from collector import record
from collector.classes import CLASSES
from collector.model import Govern, Step, Tolerance, Value
from collector.yamlfile import Entry, read
from wire.observation import PROTOCOLS
from wire.sections import SECTIONS

_LEVELS: Final[Mapping[str, Govern]] = {each.name.lower(): each for each in Govern}
_FIELDS: Final[Mapping[str, Collection[str]]] = {
    **{name: shape.fields for name, shape in SECTIONS.items()}, record.SECTION: record.FIELDS,
    **dict.fromkeys(("software", "vm", "ci"), ()), "relations": ("kind",),
}  # fmt: skip
"""Section → its fields; the last four are made here: of what hosts and hypervisors say, of many looks and words."""
_SOURCES: Final = "sources"
_KINDS: Final = ("agent", *sorted(PROTOCOLS - {"event"}))
"""Kinds of sources that look, and so can look twice."""
MOST_CONFIRM: Final = 2
"""How often a value can be asked to be seen: of each the first sight and the last are kept, and not those between."""


@dataclass(frozen=True, slots=True)
class RowPolicy:
    """The level of rows whose `field` says `equals`."""

    field: str
    equals: Value
    level: Govern


@dataclass(frozen=True, slots=True)
class Policy:
    """One section's levels: a default, fields that differ, and rows that do because of what a field of theirs says.

    `confirm`: how often a value must be seen, of the section and of fields that differ; None: as its source asks.
    `tolerances`: how far a field may be off.
    """

    default: Govern
    fields: Mapping[str, Govern] = field(default_factory=dict)
    rows: tuple[RowPolicy, ...] = ()
    confirm: int | None = None
    confirms: Mapping[str, int] = field(default_factory=dict)
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)

    def level(self, name: str) -> Govern:
        return self.fields.get(name, self.default)

    def of_row(self, row: Mapping[str, Value]) -> Govern:
        """Return the level of an element as a whole."""
        return next((each.level for each in self.rows if row.get(each.field) == each.equals), self.default)

    def at_least(self, wanted: Govern, row: Mapping[str, Value]) -> dict[str, Value]:
        """Return the fields of `row` that are governed at `wanted` or above."""
        if not self.fields:
            return dict(row) if self.default >= wanted else {}
        return {name: value for name, value in row.items() if self.level(name) >= wanted}

    def of_path(self, key: str) -> Mapping[str, Tolerance]:
        """Return how far a value at that key may be off, by field; of a record's field it is the value itself."""
        if not self.tolerances:
            return self.tolerances
        return {**self.tolerances, **({"": self.tolerances[key]} if key in self.tolerances else {})}

    def needs(self, names: Iterable[str], usual: int) -> int:
        """Return how often what moved in these fields must be seen, where its source asks for `usual`."""
        asked = usual if self.confirm is None else self.confirm
        return max((self.confirms.get(name, asked) for name in names), default=asked)


_UNNAMED = Policy(Govern.INFORMATIONAL)


@dataclass(frozen=True, slots=True)
class Governance:
    """All sections. A section the table does not name is informational: history, never a finding.

    `sources`: kind of source → how often it must see a value. `classes`: class → the table as it is for its CIs.
    """

    sections: Mapping[str, Policy]
    sources: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, Governance] = field(default_factory=dict)

    def policy(self, section: str) -> Policy:
        return self.sections.get(section, _UNNAMED)

    def of(self, ci_class: str) -> Governance:
        """Return the table as it is for CIs of that class."""
        return self.classes.get(ci_class, self)

    def needs(self, source: str, step: Step) -> int:
        """Return how often the source with that code must see where `step` leads before it is held against anybody."""
        return self.policy(step.path.section).needs(_moved(step), self.sources.get(source.partition("/")[0], 1))


def _moved(step: Step) -> Iterable[str]:
    """Return the fields that moved: of a record its own; none where an element came or went."""
    old, new = step.old, step.new
    if isinstance(old, dict) and isinstance(new, dict):
        return [name for name in old.keys() | new.keys() if old.get(name) != new.get(name)]
    return () if isinstance(old, dict) or isinstance(new, dict) else (step.path.key,)


# --- read


def load(file: Path) -> Governance:
    """Return the table in `file`; raise `BadFile` naming file and line."""
    return of_table(read(file))


def of_table(table: Entry) -> Governance:
    """Return the table as it was read; raise `BadFile`: a section, a field or a key that is none is an error."""
    for name in table:
        if name not in _FIELDS and name != _SOURCES:
            raise table.bad(f"{name} is no section", name)
    entries = {name: table.entry(name) for name in table if name != _SOURCES}
    sections = {name: _policy(entry, name) for name, entry in entries.items()}
    kinds = table.entry(_SOURCES)
    sources = {kind: _of_source(kinds, kind) for kind in kinds}
    return Governance(sections, sources, _by_class(entries, sections, sources))


def _of_source(kinds: Entry, kind: str) -> int:
    if kind not in _KINDS:
        raise kinds.bad(f"{kind}: one of {', '.join(_KINDS)} expected", kind)
    entry = kinds.entry(kind)
    entry.only(frozenset({"confirm", "reason"}))
    entry.text("reason")
    return _confirm(entry)


def _by_class(
    entries: Mapping[str, Entry], sections: Mapping[str, Policy], sources: Mapping[str, int]
) -> dict[str, Governance]:
    """Return class → the whole table, with what sections say of that class in place of what they say of all."""
    own: dict[str, dict[str, Policy]] = {}
    for name, entry in entries.items():
        for ci_class in (classes := entry.entry("classes")):
            if ci_class not in CLASSES:
                raise classes.bad(f"{ci_class} is no class", ci_class)
            own.setdefault(ci_class, {})[name] = _of_class(classes.entry(ci_class), name, sections[name])
    return {ci_class: Governance({**sections, **its}, sources) for ci_class, its in own.items()}


def _of_class(entry: Entry, section: str, usual: Policy) -> Policy:
    """Return the policy of one class: what it does not say is as usual."""
    entry.only(frozenset({"reason"}), frozenset({"default", "fields", "rows", "confirm"}))
    own = _read(entry, section, _level(entry, "default") if "default" in entry else usual.default)
    _forgets_only(entry, own, usual)
    return replace(
        own,
        fields={**usual.fields, **own.fields},
        rows=(*own.rows, *usual.rows),
        confirm=usual.confirm if own.confirm is None else own.confirm,
        confirms={**usual.confirms, **own.confirms},
        tolerances={**usual.tolerances, **own.tolerances},
    )


def _forgets_only(entry: Entry, own: Policy, usual: Policy) -> None:
    """Raise `BadFile` where a class keeps what is volatile for all: a section is read before its class is known."""
    if usual.default is Govern.VOLATILE is not own.default:
        raise entry.bad("default: volatile for all, so for every class", "default")
    for name in own.fields:
        if usual.level(name) is Govern.VOLATILE is not own.level(name):
            raise entry.entry("fields").bad(f"{name} is volatile for all, so for every class", name)


def _policy(entry: Entry, section: str) -> Policy:
    entry.only(frozenset({"default", "reason"}), frozenset({"fields", "rows", "confirm", "classes"}))
    return _read(entry, section, _level(entry, "default"))


def _read(entry: Entry, section: str, default: Govern) -> Policy:
    entry.text("reason")
    fields = entry.entry("fields")
    said = {_named(fields, name, section): fields.entry(name) for name in fields}
    return Policy(
        default,
        {name: _of_field(each) for name, each in said.items()},
        tuple(_row(each, section) for each in entry.entries("rows")),
        _confirm(entry) if "confirm" in entry else None,
        {name: _confirm(each) for name, each in said.items() if "confirm" in each},
        {name: _tolerance(each, section, name) for name, each in said.items() if "tolerance" in each},
    )


def _of_field(entry: Entry) -> Govern:
    entry.only(frozenset({"level", "reason"}), frozenset({"confirm", "tolerance"}))
    entry.text("reason")
    return _level(entry, "level")


def _row(entry: Entry, section: str) -> RowPolicy:
    entry.only(frozenset({"field", "equals", "level", "reason"}))
    entry.text("reason")
    return RowPolicy(_named(entry, entry.text("field"), section), entry["equals"], _level(entry, "level"))


def _confirm(entry: Entry) -> int:
    said = entry.get("confirm")
    if isinstance(said, bool) or not isinstance(said, int) or not 1 <= said <= MOST_CONFIRM:
        raise entry.bad(f"confirm: 1 to {MOST_CONFIRM} sights expected", "confirm")
    return said


def _tolerance(entry: Entry, section: str, name: str) -> Tolerance:
    shape = SECTIONS.get(section)
    if shape is None or shape.fields[name].kind not in {"whole", "real"}:
        raise entry.bad(f"{section} {name} is no number", "tolerance")
    said = entry.entry("tolerance")
    said.only(frozenset(), frozenset({"absolute", "relative"}))
    if not said:
        raise said.bad("tolerance: absolute, relative or both expected")
    return Tolerance(**{key: _amount(said, key) for key in said})


def _amount(entry: Entry, key: str) -> float:
    said = entry[key]
    most = 1.0 if key == "relative" else float("inf")
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 < said < most:
        raise entry.bad(f"{key}: a number above 0{' and below 1' if key == 'relative' else ''} expected", key)
    return float(said)


def _named(entry: Entry, name: str, section: str) -> str:
    if name not in _FIELDS[section]:
        raise entry.bad(f"{section} has no field {name}", name)
    return name


def _level(entry: Entry, key: str) -> Govern:
    word = entry.text(key)
    if word not in _LEVELS:
        raise entry.bad(f"{key}: one of {', '.join(_LEVELS)} expected", key)
    return _LEVELS[word]
