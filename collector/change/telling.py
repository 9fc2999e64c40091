"""Which traces speak of which sections of a CI, as data: `rules/traces.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from collector.yamlfile import Entry, read
from wire.listening import EVENT_KINDS
from wire.sections import SECTIONS


@dataclass(frozen=True, slots=True)
class Telling:
    """`events`: kind of event → the sections in which it says that somebody was at work."""

    events: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def kinds(self, sections: frozenset[str]) -> tuple[str, ...]:
        """Return the kinds of events that speak of any of these sections."""
        return tuple(kind for kind, its in self.events.items() if not its.isdisjoint(sections))

    @property
    def sections(self) -> frozenset[str]:
        """Every section some event speaks of."""
        return frozenset().union(*self.events.values())


SILENT: Final = Telling()
"""Nothing tells of anything."""


def load(file: Path) -> Telling:
    """Return the table in `file`; raise `BadFile` with file and line."""
    table = read(file)
    table.only(frozenset({"events"}))
    events = table.entry("events")
    events.only(frozenset(), frozenset(EVENT_KINDS))
    return Telling({kind: _sections(events.entry(kind)) for kind in events})


def _sections(entry: Entry) -> frozenset[str]:
    entry.only(frozenset({"sections", "reason"}))
    entry.text("reason")
    named = entry.items_of("sections")
    if not named or not set(named) <= SECTIONS.keys():
        raise entry.bad("sections of the catalogue are expected", "sections")
    return frozenset(named)
