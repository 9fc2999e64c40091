"""What a notification or a line means: `translation.yaml`, read once; a mistake in it is named by file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import re2

from discovery.asking import Value
from discovery.lined import Lined
from discovery.lined import read as read_file
from discovery.receiver.heard import Heard
from discovery.receiver.masking import masked
from discovery.receiver.syslog import Line
from discovery.snmp.notification import Notification, Variables
from discovery.text import shown, text
from wire.listening import EVENT_KINDS, SEVERITIES

SHIPPED: Final = Path(__file__).parent / "translation.yaml"
MAX_MESSAGE: Final = 400
MAX_FIELD: Final = 120
TRAP: Final = "trap"
SYSLOG: Final = "syslog"
OF_LINE: Final = ("critical", "critical", "critical", "error", "warning", "notice", "info", "info")
"""Severity of syslog (RFC 5424 §6.2.1) → ours."""
LEAST: Final = 4
"""A line nobody knows is worth telling when it is a warning, or worse."""
COMMUNITY: Final = "1.3.6.1.6.3.18.1.4.0"
"""snmpTrapCommunity.0, which proxies add (RFC 3584 §3.1): a secret, never shown."""
_DIGITS: Final = re.compile(r"[0-9]+")
_NOTIFICATION: Final = frozenset({"oid", "name", "kind", "severity", "object", "index", "actor", "origin", "when"})
_LINE: Final = frozenset({"kind", "severity", "pattern"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """Kind and severity; severity empty: as the line says."""

    kind: str
    severity: str


@dataclass(frozen=True, slots=True)
class Named:
    """A notification that is known: the columns its fields come from, and values that make it mean another thing."""

    name: str
    meaning: Meaning
    object: tuple[str, ...]
    index: str
    actor: tuple[str, ...]
    origin: tuple[str, ...]
    column: str
    cases: Mapping[str, Meaning]


@dataclass(frozen=True, slots=True)
class Translation:
    """`named` by the name of a notification; `patterns` in order, `together` finds those that match at one look."""

    named: Mapping[str, Named]
    patterns: tuple[tuple[Meaning, Any], ...]
    together: Any

    def of_notification(self, told: Notification, authentic: bool) -> Heard:
        """Return what a notification means; one that nobody knows is told with its variables."""
        known = self.named.get(told.oid) or self.named.get(_without_zero(told.oid)) or _UNKNOWN
        variables = told.variables
        meaning = known.cases.get(_first(variables, (known.column,)) if known.column else "", known.meaning)
        message = _message(known.name or told.oid, variables)
        return Heard(
            meaning.kind, meaning.severity or "notice", _object(variables, known), _first(variables, known.actor),
            _first(variables, known.origin), message, TRAP, told.oid, authentic,
            "" if known.name else _DIGITS.sub("#", message),
        )  # fmt: skip

    def of_line(self, line: Line) -> Heard | None:
        """Return what a line means, None for one that nobody knows and that is not worth telling."""
        found = self.together.Match(line.text)
        if not found:
            return _unknown(line) if line.severity <= LEAST else None
        meaning, pattern = self.patterns[min(found)]
        groups = pattern.search(line.text).groupdict()
        of, who, whence = (shown(groups.get(name) or "")[:MAX_FIELD] for name in ("object", "actor", "origin"))
        message = masked(groups.get("message") or line.text)[:MAX_MESSAGE]
        fold = _DIGITS.sub("#", message) if meaning.kind == "command" else ""
        severity = meaning.severity or OF_LINE[line.severity]
        return Heard(meaning.kind, severity, of, who, whence, message, SYSLOG, fold=fold)


def _unknown(line: Line) -> Heard:
    message = masked(line.text)[:MAX_MESSAGE]
    return Heard("other", OF_LINE[line.severity], message=message, source=SYSLOG, fold=_DIGITS.sub("#", message))


# --- what a notification tells


def _without_zero(oid: str) -> str:
    """Return a name without the zero that stands before its last number when it comes from v1 (RFC 3584 §3.1)."""
    head, _, last = oid.rpartition(".")
    return f"{head.removesuffix('.0')}.{last}"


def _first(variables: Variables, columns: Iterable[str]) -> str:
    """Return the first of these columns that is told, as text; empty when none is."""
    for column in columns:
        for name, value in variables.items():
            if name == column or name.startswith(f"{column}."):
                return _shown(value)
    return ""


def _object(variables: Variables, known: Named) -> str:
    number = _first(variables, (known.index,)) if known.index else ""
    return _first(variables, known.object) or (f"ifIndex {number}" if number else "")


def _message(name: str, variables: Variables) -> str:
    told = (f"{oid} = {_shown(value)}" for oid, value in variables.items() if oid != COMMUNITY)
    return masked(shown("; ".join([name, *told])))[:MAX_MESSAGE]


def _shown(value: Value) -> str:
    return shown(text(value))[:MAX_FIELD]


# --- the file


@cache
def shipped() -> Translation:
    """Return the translation that comes with the program; raise `BadDefinition`."""
    return load(SHIPPED)


def load(file: Path) -> Translation:
    """Return the translation in `file`; raise `BadDefinition`."""
    source = read_file(file)
    if not isinstance(source.content, dict) or source.content.keys() != {"notifications", "syslog"}:
        raise source.bad("notifications and syslog are expected")
    named = [_named(source, at, each) for at, each in enumerate(source.content["notifications"])]
    patterns = [_pattern(source, at, each) for at, each in enumerate(source.content["syslog"])]
    together = re2.Set.SearchSet(_options())
    for _, pattern in patterns:
        together.Add(pattern.pattern)
    together.Compile()
    return Translation(dict(named), tuple(patterns), together)


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


def _named(source: Lined, at: int, said: Any) -> tuple[str, Named]:
    place = ("notifications", at)
    _check_keys(source, place, said, _NOTIFICATION, {"oid", "name", "kind"})
    when = said.get("when", {})
    cases = {str(value): _meaning(source, (*place, "when"), each) for value, each in when.get("is", {}).items()}
    columns = {name: tuple(map(str, said.get(name, ()))) for name in ("object", "actor", "origin")}
    meaning = _meaning(source, place, said)
    return str(said["oid"]), Named(
        str(said["name"]), meaning, **columns, index=str(said.get("index", "")), column=str(when.get("column", "")),
        cases=cases,
    )  # fmt: skip


def _pattern(source: Lined, at: int, said: Any) -> tuple[Meaning, Any]:
    place = ("syslog", at)
    _check_keys(source, place, said, _LINE, {"kind", "pattern"})
    try:
        return _meaning(source, place, said), re2.compile(str(said["pattern"]), _options())
    except re2.error as error:
        raise source.bad(f"{said['pattern']}: {error}", (*place, "pattern")) from error


def _meaning(source: Lined, place: tuple[str | int, ...], said: Mapping[str, Any]) -> Meaning:
    kind, severity = said.get("kind"), said.get("severity", "")
    if kind not in EVENT_KINDS or severity not in ("", *SEVERITIES):
        raise source.bad(f"no such kind or severity: {kind}, {severity}", (*place, "kind"))
    return Meaning(str(kind), str(severity))


def _check_keys(
    source: Lined, place: tuple[str | int, ...], said: Any, known: frozenset[str], needed: set[str]
) -> None:
    if not isinstance(said, dict) or not needed <= said.keys() <= known:
        raise source.bad(f"some of {', '.join(sorted(known))} are expected, {', '.join(sorted(needed))} always", place)


_UNKNOWN: Final = Named("", Meaning("other", "notice"), (), "", (), (), "", {})
