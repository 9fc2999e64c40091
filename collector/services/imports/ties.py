"""A row of a list → a relation between two CIs, by what people call the two; and which of those called so it means."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from collector.model import CI, GONE
from collector.security.roles import administers
from collector.services.imports.columns import Columns
from collector.services.imports.devices import MAX_SEEN, BadRow, plain

FIELDS: Final = ("from", "relation", "to")
CANDIDATES: Final = 3
"""CIs an ambiguous line names."""


@dataclass(frozen=True, slots=True)
class Tie:
    """A relation as a list tells it: `a` is `kind` `b`; both as people call them."""

    a: str
    kind: str
    b: str


def is_one(said: Mapping[str, str]) -> bool:
    """Return whether a row (field → text) is a relation, whole or not."""
    return not said.keys().isdisjoint(FIELDS)


def read(said: Mapping[str, str], columns: Columns) -> Tie:
    """Return what a row says; raise `BadRow`."""
    if more := sorted(said.keys() - set(FIELDS)):
        raise BadRow("both", more[0])
    a, word, b = (_text(said, name) for name in FIELDS)
    kind = columns.relation_of(word)
    if kind is None:
        raise BadRow("relation", "relation", ", ".join(sorted(set(columns.relations.values()))))
    return Tie(a, kind, b)


def _text(said: Mapping[str, str], name: str) -> str:
    text = plain(said.get(name, ""))
    if not text:
        raise BadRow("missing", name)
    if len(text) > MAX_SEEN or not text.isprintable():
        raise BadRow("long" if len(text) > MAX_SEEN else "line", name)
    return text


def ends(tie: Tie, known: Mapping[str, Sequence[CI]], roles: Collection[str]) -> tuple[CI, CI]:
    """Return the two CIs of a relation, of which the first is of a class these roles administer; raise `BadRow`."""
    a, b = _one(known.get(tie.a, ()), "from"), _one(known.get(tie.b, ()), "to")
    if a.id == b.id:
        raise BadRow("itself", "to")
    if not administers(roles, a.ci_class):
        raise BadRow("class", "from", a.ci_class)
    return a, b


def _one(found: Sequence[CI], field: str) -> CI:
    """Return the one of them that is in use; never the first of several."""
    living = [each for each in found if each.state not in GONE]
    if len(living) == 1:
        return living[0]
    if living:
        named = ", ".join(f"{each.name} = {each.uid}" for each in living[:CANDIDATES])
        more = f" … +{len(living) - CANDIDATES}" if len(living) > CANDIDATES else ""
        raise BadRow("ambiguous", field, named + more)
    raise BadRow("closed" if found else "unknown", field)
