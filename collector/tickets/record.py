"""A change as read from another system: their words, not yet ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from collector.tickets import BadRecord
from collector.tickets.markup import tidy

Person = tuple[str, ...]
"""What identifies one person there, such as a login and an account id; none of it a name people give themselves."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A CI as it is called there: name, asset number or label, serial number; empty: not said."""

    name: str
    asset: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody decided there. `at`: when, as that system says, in its own words."""

    who: Person
    granted: bool
    at: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Foreign:
    """One change there. `type` and `state` are their words, `start` and `end` ms, `lines` a text of expected values."""

    reference: str
    title: str
    reason: str
    type: str
    state: str
    initiator: Person
    implementer: Person
    start: int | None = None
    end: int | None = None
    text: str = ""
    lines: str = ""
    things: tuple[Thing, ...] = ()
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """A record that cannot be read, and why."""

    reference: str
    why: str
    field: str = ""


@dataclass(slots=True)
class Pulled:
    """What one look at a system brought."""

    records: list[Foreign] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def take(self, reference: str, make: Callable[[], Foreign]) -> None:
        """Keep the record that `make` returns, or why it cannot be read, under what it is called there."""
        try:
            self.records.append(make())
        except BadRecord as error:
            self.unread.append(Unread(tidy(reference)[:100], str(error), error.field))
