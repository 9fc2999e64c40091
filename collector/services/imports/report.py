"""What comes of a list, line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from collector.services.imports.devices import BadRow

SHOWN: Final = 1000
"""Lines a report names of each outcome; it counts them all."""
MADE_, CHANGED, SAME, ENDED, REFUSED = "made", "changed", "same", "ended", "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """What comes of one line. `outcome`: made, changed, same, ended, refused; `why` and `field`: of a refusal.

    `name`, `ci`: the device; of a relation the CI it begins at, which is `relation` `to` (its uid), called `to_name`.
    """

    number: int
    outcome: str
    name: str = ""
    ci: str = ""
    fields: tuple[str, ...] = ()
    why: str = ""
    field: str = ""
    detail: str = ""
    relation: str = ""
    to: str = ""
    to_name: str = ""


@dataclass(slots=True)
class Report:
    """What comes of a list. `applied`: it was taken; a list with any line refused never is."""

    format: str
    encoding: str
    columns: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)
    applied: bool = False

    def add(self, line: Line) -> None:
        self.counts[line.outcome] += 1
        if self.counts[line.outcome] <= SHOWN:
            self.lines.append(line)

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


def refused(number: int, said: Mapping[str, str], error: BadRow) -> Line:
    """Return the line of a row that cannot be taken, under something by which people find it."""
    names = ("name", "label", "serial", "id", "from", "to")
    title = next((said[name][:60] for name in names if said.get(name)), "")
    return Line(number, REFUSED, title, why=error.code, field=error.field, detail=error.detail)
