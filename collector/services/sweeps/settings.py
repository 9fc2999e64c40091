"""What a plan says of its sweeps: read from people's JSON, with one sentence about what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from collector.services.refused import Refused
from wire.ranges import NEVER, BadRange, Ranges, ranges
from wire.sweep import MAX_RANGES, SERVICES, UNTIL

MAX_TARGETS: Final = 1 << 20
MAX_TEXTS: Final = 1000
MAX_WINDOWS: Final = 50
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KEYS: Final = frozenset({
    "ranges", "exclusions", "until", "rate", "timeout_ms", "snmp_port", "ports", "blackout", "credential",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Window:
    """Nothing is swept from `begins` to `ends` (minutes of the day); over midnight when it ends before it begins.

    `days`: on which it begins, 0 is Monday. Begin and end alike: the whole day round.
    """

    begins: int
    ends: int
    days: frozenset[int]

    def holds(self, at: datetime) -> bool:
        minute, day = at.hour * 60 + at.minute, at.weekday()
        if self.begins < self.ends:
            return day in self.days and self.begins <= minute < self.ends
        return (day in self.days and minute >= self.begins) or ((day - 1) % 7 in self.days and minute < self.ends)


@dataclass(frozen=True, slots=True)
class Settings:
    """`until`: alive, identify or explore. `rate`: packets a second. `timeout_ms` 0: as the probe does it. `ports`: of
    services that are not on their usual ones. `credential`: uid of the only one that may be used; empty: any in scope.
    """

    ranges: tuple[str, ...]
    exclusions: tuple[str, ...] = ()
    until: str = "identify"
    rate: int = 500
    timeout_ms: int = 0
    snmp_port: int = 161
    blackout: tuple[Window, ...] = ()
    ports: Mapping[str, int] = field(default_factory=dict)
    credential: str = ""

    @property
    def targets(self) -> Ranges:
        """The addresses it comes to."""
        return ranges(self.ranges, to_sweep=True) - ranges(self.exclusions) - NEVER

    def closed(self, at: datetime) -> datetime | None:
        """Return when the blackout that holds at `at`, by the clock on the wall, ends; None when none does."""
        holding = [each for each in self.blackout if each.holds(at)]
        if not holding:
            return None
        minutes = max((each.ends - at.hour * 60 - at.minute - 1) % 1440 + 1 for each in holding)
        return at.replace(second=0, microsecond=0) + timedelta(minutes=minutes)


def checked(said: Mapping[str, Any]) -> str:
    """Return settings as they are stored (canonical JSON); raise `Refused`."""
    settings = read(said)
    if not 0 < settings.targets.size <= MAX_TARGETS:
        raise Refused(f"the ranges come to {settings.targets.size} addresses, 1 to {MAX_TARGETS} are swept", "ranges")
    return json.dumps({key: said[key] for key in sorted(KEYS) if said.get(key) is not None}, ensure_ascii=False)


def stored(text: str) -> Settings:
    """Return what `checked` has stored."""
    return read(json.loads(text))


def read(said: Mapping[str, Any]) -> Settings:
    """Return settings as values; raise `Refused`."""
    for key in said.keys() - KEYS:
        raise Refused(f"{key[:40]!r} is no setting of a sweep", key)
    until = "identify" if said.get("until") is None else said["until"]
    if not isinstance(until, str) or until not in UNTIL:
        raise Refused("a sweep goes on until alive, identify or explore", "until")
    return Settings(
        _ranges(said, "ranges", sweep=True), _ranges(said, "exclusions", sweep=False), until,
        _whole(said, "rate", (1, 20_000), 500), _whole(said, "timeout_ms", (0, 30_000), 0),
        _whole(said, "snmp_port", (1, 65_535), 161), _windows(said.get("blackout") or ()),
        _ports(said.get("ports") or {}), str(said.get("credential") or "")[:64],
    )  # fmt: skip


def failed_only(text: str, addresses: Iterable[str]) -> str:
    """Return stored settings for these addresses of them alone; raise `Refused` when they are too scattered."""
    runs = ranges(addresses).texts
    if len(runs) > MAX_RANGES:
        raise Refused("too many targets failed here and there: start the plan as a whole")
    return json.dumps({**json.loads(text), "ranges": list(runs), "exclusions": []}, ensure_ascii=False)


def _ranges(said: Mapping[str, Any], key: str, sweep: bool) -> tuple[str, ...]:
    listed = said.get(key) or []
    most = MAX_RANGES if sweep else MAX_TEXTS
    if not isinstance(listed, list) or len(listed) > most or not all(isinstance(each, str) for each in listed):
        raise Refused(f"a list of at most {most} ranges is expected, as in 192.0.2.0/24", key)
    try:
        ranges(listed, to_sweep=sweep)
    except BadRange as error:
        raise Refused(str(error), key) from None
    return tuple(each.strip() for each in listed)


def _whole(said: Mapping[str, Any], key: str, bounds: tuple[int, int], default: int) -> int:
    value = said.get(key)
    if value is None:
        return default
    if type(value) is not int or not bounds[0] <= value <= bounds[1]:
        raise Refused(f"a whole number from {bounds[0]} to {bounds[1]} is expected", key)
    return value


def _ports(said: Any) -> dict[str, int]:
    if not isinstance(said, dict) or not said.keys() <= set(SERVICES):
        raise Refused(f"ports are given for {', '.join(SERVICES)}", "ports")
    if not all(type(port) is int and 0 < port < 65_536 for port in said.values()):
        raise Refused("a port is a whole number from 1 to 65535", "ports")
    return said


def _windows(listed: Any) -> tuple[Window, ...]:
    if not isinstance(listed, list | tuple) or len(listed) > MAX_WINDOWS:
        raise Refused(f"a list of at most {MAX_WINDOWS} blackouts is expected", "blackout")
    return tuple(map(_window, listed))


def _window(said: Any) -> Window:
    if not isinstance(said, dict) or not said.keys() <= {"from", "to", "days"}:
        raise Refused("a blackout has from, to and days", "blackout")
    days = said.get("days") or list(DAYS)
    if not isinstance(days, list) or not all(day in DAYS for day in days):
        raise Refused(f"the days of a blackout are some of {', '.join(DAYS)}", "blackout")
    return Window(_minute(said.get("from")), _minute(said.get("to")), frozenset(map(DAYS.index, days)))


def _minute(text: Any) -> int:
    try:
        at = datetime.strptime(text, "%H:%M")  # noqa: DTZ007  a time of day, of any day
    except (ValueError, TypeError):
        raise Refused("a blackout begins and ends at a time of day, as in 22:00", "blackout") from None
    return at.hour * 60 + at.minute
