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
    pairs = ((word(name), word(said)) for name, said in sorted(value.items(), key=lambda each: str(each[0])))
    return dict([(name, said) for name, said in pairs if name][:MAX_LABELS])


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
    found = {kind: next((said[each] for each in its if said.get(each)), "") for kind, its in _LABELS.items()}
    instance = host_of(said.get("instance", ""))
    if instance:
        kind = "ip" if is_address(instance) else "name"
        found[kind] = found[kind] or instance
    if is_address(found["name"]):
        found["ip"], found["name"] = found["ip"] or found["name"], ""
    return {kind: value for kind, value in found.items() if value}


def host_of(instance: str) -> str:
    """Return the host of `host:port`, `[address]:port` or a bare host."""
    if instance.startswith("["):
        return instance[1:].partition("]")[0]
    host, colon, port = instance.rpartition(":")
    return host if colon and port.isdigit() and ":" not in host else instance


def is_address(said: str) -> bool:
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
