"""Values out of what another system sends: hostile until read, so each has a bound; `BadAlert` says which is wrong."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from collector.services.refused import Refused

MAX_ALERTS: Final = 20_000
"""In one message."""
MAX_WORD: Final = 300
MAX_TEXT: Final = 4_000
MAX_LABELS: Final = 64
_SEVERITIES: Final[Mapping[str, str]] = {
    "critical": "critical", "fatal": "critical", "emergency": "critical", "disaster": "critical", "page": "critical",
    "p1": "critical", "error": "error", "high": "error", "major": "error", "p2": "error", "average": "error",
    "warning": "warning", "warn": "warning", "minor": "warning", "p3": "warning",
    "info": "notice", "information": "notice", "notice": "notice", "low": "notice", "none": "notice", "p4": "notice",
}  # fmt: skip
_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "serial": ("serial", "serial_number"), "uuid": ("uuid", "system_uuid"), "fqdn": ("fqdn",),
    "ip": ("ip", "ip_address", "address"), "zone": ("zone",),
    "name": ("hostname", "host", "nodename", "node", "ci", "device"),
}  # fmt: skip
"""What a thing is called → labels it usually stands in, the first that is there."""
_KIND_OF: Final = {label: kind for kind, its in _LABELS.items() for label in its}
_IN_ORDER: Final = tuple(_KIND_OF)
_NO_TIME: Final = ("", "0001-01-01T00:00:00Z")


class BadAlert(Refused):
    """What was sent cannot be read; the message is a sentence and repeats nothing of it."""


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    """Return a record; raise `BadAlert`."""
    if not isinstance(value, Mapping):
        raise BadAlert(f"{what}: a record is expected", what)
    return value


def several(value: Any, what: str) -> list[Mapping[str, Any]]:
    """Return a list of records; raise `BadAlert`."""
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise BadAlert(f"{what}: a list of records is expected", what)
    if len(value) > MAX_ALERTS:
        raise BadAlert(f"{what}: at most {MAX_ALERTS} are taken at once", what)
    return value


def word(value: Any) -> str:
    """Return one bounded line; "" for what is none."""
    if isinstance(value, str) and len(value) <= MAX_WORD and value.isprintable():  # nearly all: no space but " " is
        return " ".join(value.split()) if "  " in value or value.strip(" ") != value else value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    said = " ".join(_whole(str(value)).split())[:MAX_WORD]
    return said if said.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in said)


def text(value: Any) -> str:
    """Return several bounded lines; "" for what are none."""
    if not isinstance(value, str):
        return word(value)
    lines = _whole(value[: 2 * MAX_TEXT]).splitlines()
    return "\n".join("".join(each if each.isprintable() else " " for each in line) for line in lines)[:MAX_TEXT]


def labels(value: Any) -> dict[str, str]:
    """Return labels or annotations: at most so many, each a line."""
    if not isinstance(value, Mapping):
        return {}
    found: dict[str, str] = {}
    for name in sorted(value, key=str):
        if len(found) == MAX_LABELS:
            break
        if key := word(name):
            found[key] = word(value[name])
    return found


def moment(value: Any, what: str) -> int | None:
    """Return an RFC 3339 time, or seconds since 1970, as ms; None where there is none; raise `BadAlert`."""
    if value is None or value in _NO_TIME:
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _bounded(int(value * 1000))
        said = str(value)
        if said.isascii() and said.isdigit() and len(said) < 12:
            return _bounded(int(said) * 1000)
        found = datetime.fromisoformat(said)
        if found.tzinfo is None:
            raise BadAlert(f"{what}: a time with its offset is expected", what)
        return _bounded(int(found.timestamp() * 1000))
    except (ValueError, OverflowError, OSError):
        raise BadAlert(f"{what}: a time is expected", what) from None


def severity(value: Any) -> str:
    """Return our word for a severity of theirs; a warning for what nobody knows."""
    return _SEVERITIES.get(word(value).lower(), "warning")


def names_of(said: Mapping[str, str]) -> dict[str, str]:
    """Return what the labels of an alert call the thing it is about."""
    found = {_KIND_OF[each]: value for each in reversed(_IN_ORDER) if (value := said.get(each))}
    if instance := host_of(said.get("instance", "")):
        found.setdefault("ip" if is_address(instance) else "name", instance)
    if is_address(found.get("name", "")):
        found.setdefault("ip", found["name"])
        del found["name"]
    return found


def host_of(instance: str) -> str:
    """Return the host of `host:port`, `[address]:port` or a bare host."""
    if instance.startswith("["):
        return instance[1:].partition("]")[0]
    host, colon, port = instance.rpartition(":")
    return host if colon and port.isdigit() and ":" not in host else instance


def is_address(said: str) -> bool:
    if ":" not in said and not said[:1].isdigit():  # most are names, and to refuse one is dear
        return False
    try:
        ipaddress.ip_address(said)
    except ValueError:
        return False
    return True


def fingerprint(value: Any) -> str:
    """Return a name of a value that is the same for the same value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=True).encode()).hexdigest()[:32]


def _bounded(ms: int) -> int:
    if not 0 <= ms < 253_402_300_799_999:
        raise ValueError
    return ms


def _whole(said: str) -> str:
    whole = said if said.isascii() else said.encode("utf-8", "replace").decode()
    return whole.replace("\x00", "\ufffd")
