"""Where findings are only logged: the table `rules/modes.yaml`, read once. Until a day, and with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from collector.classes import CLASSES
from collector.model import CI
from collector.yamlfile import BadFile, Entry, read

MOST = 200
"""Entries of the table."""
_SCOPE = frozenset({"class", "environment", "place"})


@dataclass(frozen=True, slots=True)
class LogOnly:
    """No incident is opened for findings of these CIs before `until` (ms). What is empty is not asked of a CI."""

    until: int
    reason: str
    ci_class: str = ""
    environment: str = ""
    place: str = ""

    def concerns(self, ci: CI, place: str) -> bool:
        """Return whether it is about `ci`, whose record says it stands at `place`."""
        return (
            self.ci_class in ("", ci.ci_class)
            and self.environment in ("", ci.environment)
            and place.startswith(self.place)
        )


@dataclass(frozen=True, slots=True)
class Modes:
    """All entries of the table."""

    log_only: tuple[LogOnly, ...] = ()

    def active(self, now: int) -> tuple[LogOnly, ...]:
        """Return what holds at `now` (ms)."""
        return tuple(each for each in self.log_only if now < each.until)

    def of(self, ci: CI, place: str, now: int) -> LogOnly | None:
        """Return what keeps findings of `ci` from opening incidents at `now` (ms); of several the one that lasts."""
        found = [each for each in self.active(now) if each.concerns(ci, place)]
        return max(found, key=lambda each: each.until, default=None)


ENFORCED = Modes()
"""Nothing is only logged."""


def load(file: Path) -> Modes:
    """Return the table in `file`; raise `BadFile`."""
    table = read(file)
    table.only(frozenset({"log_only"}))
    found = tuple(_log_only(entry) for entry in table.entries("log_only"))
    if len(found) > MOST:
        raise table.bad(f"at most {MOST} entries are expected", "log_only")
    return Modes(found)


def _log_only(entry: Entry) -> LogOnly:
    entry.only(frozenset({"until", "reason"}), _SCOPE)
    if not _SCOPE & entry.keys():
        raise entry.bad("class, environment or place is expected: nothing is only logged everywhere")
    scope = {name: entry.text(name) for name in _SCOPE & entry.keys()}
    if scope.get("class", CLASSES[0]) not in CLASSES:
        raise entry.bad(f"no such class: {scope['class']}", "class")
    return LogOnly(
        _end_of(entry), entry.text("reason"), scope.get("class", ""), scope.get("environment", ""),
        scope.get("place", ""),
    )  # fmt: skip


def _end_of(entry: Entry) -> int:
    """Return when the day `until` is over here (ms)."""
    try:
        day = date.fromisoformat(entry.text("until"))
        after = datetime.combine(day + timedelta(days=1), time())
        return int(after.astimezone().timestamp() * 1000)
    except BadFile:
        raise
    except (ValueError, OverflowError):
        raise entry.bad("a day is expected, as in 2027-01-31", "until") from None
