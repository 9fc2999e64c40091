"""What the products call things: the table `rules/tickets.yaml`, read once a pull, under what a system says itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from collector.change.record import ChangeType
from collector.tickets.system import Stand, System
from collector.yamlfile import Entry, read

Word = TypeVar("Word", ChangeType, Stand)

PRODUCTS: Final = ("itop", "glpi", "servicenow", "jira")
FIELDS: Final = frozenset({
    "reference", "title", "reason", "text", "type", "state", "initiator", "implementer", "start", "end", "things",
    "lines",
})  # fmt: skip
"""What of a record can be said to stand elsewhere."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Fields in which a record names who decides, when that was, what was said; `refused`: states that mean no."""

    who: str
    at: str
    said: str
    refused: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """How one product speaks. `fields`: of ours → theirs; `types` and `states`: folded word → ours."""

    fields: Mapping[str, tuple[str, ...]]
    types: Mapping[str, ChangeType]
    states: Mapping[str, Stand]
    query: str = ""
    decisions: tuple[Decision, ...] = ()

    def type_of(self, word: str) -> ChangeType | None:
        return self.types.get(fold(word))

    def stand_of(self, word: str) -> Stand | None:
        return self.states.get(fold(word))


def load(file: Path) -> Mapping[str, Table]:
    """Return product → its table; raise `BadFile`."""
    whole = read(file)
    whole.only(frozenset(PRODUCTS))
    return {product: _table(whole.entry(product)) for product in PRODUCTS}


def under(table: Table, system: System) -> Table:
    """Return the table with what the settings of a system say in its place; raise `ValueError` for a word not ours."""
    types = {fold(word): ChangeType(each) for word, each in system.types.items()}
    states = {fold(word): Stand(each) for word, each in system.states.items()}
    return replace(
        table,
        fields={**table.fields, **system.fields},
        types={**table.types, **types},
        states={**table.states, **states},
        query=(system.query or table.query).replace("{days}", str(system.days)),
    )


def fold(text: str) -> str:
    """Return a word as it is compared: no case, no width, no blanks and no punctuation but a sign before digits."""
    said = unicodedata.normalize("NFKC", text).casefold()
    minus = "-" if said.strip().startswith("-") else ""
    return minus + "".join(each for each in said if each.isalnum())


def _table(entry: Entry) -> Table:
    entry.only(frozenset({"fields", "types", "states"}), frozenset({"query", "approvals"}))
    return Table(
        {name: _names(entry, name, said) for name, said in entry.entry("fields").items()},
        {fold(word): _one_of(entry, ChangeType, said) for word, said in entry.entry("types").items()},
        {fold(word): _one_of(entry, Stand, said) for word, said in entry.entry("states").items()},
        entry.text("query", "-"),
        tuple(_decision(each) for each in entry.entries("approvals")),
    )


def _names(entry: Entry, name: str, said: Any) -> tuple[str, ...]:
    if name not in FIELDS or not isinstance(said, list) or not all(isinstance(each, str) for each in said):
        raise entry.bad(f"{name}: one of {', '.join(sorted(FIELDS))} with a list of their fields is expected", "fields")
    return tuple(said)


def _one_of(entry: Entry, words: type[Word], said: Any) -> Word:
    try:
        return words(said)
    except ValueError:
        raise entry.bad(f"{said}: one of {', '.join(words)} is expected") from None


def _decision(entry: Entry) -> Decision:
    entry.only(frozenset({"who", "at", "said", "refused"}))
    refused = frozenset(fold(str(each)) for each in entry.items_of("refused"))
    return Decision(entry.text("who"), entry.text("at"), entry.text("said"), refused)
