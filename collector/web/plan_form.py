"""The form of a plan: what was typed → the settings of a sweep, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from collector.clock import now
from collector.services.refused import Refused
from collector.services.sweeps.schedule import next_at
from collector.web import forms
from collector.web.forms import Form
from wire.sweep import SERVICES

UNTIL: Final = ("alive", "identify", "explore")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_RANGES: Final = 1000
MAX_NAME: Final = 100
MAX_RATE: Final = 20_000
MAX_TIMEOUT_MS: Final = 30_000
MAX_WINDOWS: Final = 50
"""Blackout windows of one plan."""
_NUMBERED: Final = re.compile(r"(?:from|to)([0-9]{1,3})", re.ASCII)
START: Final[Mapping[str, str]] = {"until": "identify", "rate": "500", "timeout_ms": "0", "snmp_port": "161"}
"""What a new plan starts with."""


def settings_of(form: Form) -> dict[str, Any]:
    """Return the settings `form` asks for; whatever is wrong is marked in it."""
    return {
        "ranges": form.ranges("ranges", MAX_RANGES, to_sweep=True, needed=True),
        "exclusions": form.ranges("exclusions", MAX_RANGES),
        "until": form.choice("until", UNTIL),
        "rate": form.number("rate", 1, MAX_RATE),
        "timeout_ms": form.number("timeout_ms", 0, MAX_TIMEOUT_MS),
        "snmp_port": form.number("snmp_port", 1, 65_535),
        "ports": _ports(form),
        "blackout": [window for at in _filled(form) if (window := _window(form, at))],
    }


def _ports(form: Form) -> dict[str, int]:
    """Return ports by service, from what stands between commas: ssh=2222, redfish=8443."""
    found: dict[str, int] = {}
    for each in form.listed("ports"):
        service, _, port = (part.strip() for part in each.partition("="))
        if service in SERVICES and port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65_536:
            found[service] = int(port[:6])
        else:
            form.mark("ports", "form.ports")
    return found


def windows_of(form: Form) -> list[int]:
    """Return the numbers of the windows to show: those that hold something, and one that is empty."""
    filled = _filled(form)
    return filled if len(filled) >= MAX_WINDOWS else [*filled, max(filled, default=-1) + 1]


def _filled(form: Form) -> list[int]:
    """Return the numbers of the windows in which a time was typed."""
    named = ((_NUMBERED.fullmatch(name), name) for name in form.sent)
    return sorted({int(found[1]) for found, name in named if found and form.text(name)})


def _window(form: Form, at: int) -> dict[str, Any] | None:
    first, last = f"from{at}", f"to{at}"
    if not form.text(first) and not form.text(last):
        return None
    days = [day for day in DAYS if day in form.texts(f"days{at}")]
    return {"from": form.time(first), "to": form.time(last), "days": days or list(DAYS)}


def schedule_of(form: Form) -> str:
    """Return the cron line, empty for none."""
    typed = form.optional("schedule", 100)
    if typed and not _is_cron(typed):
        form.mark("schedule", "form.schedule")
    return typed


def _is_cron(typed: str) -> bool:
    try:
        next_at(typed, now())
    except Refused:
        return False
    return True


def shown(name: str, zone: str, schedule: str, settings: Mapping[str, Any]) -> Form:
    """Return the form of a plan as it stands."""
    values: dict[str, Any] = {
        "name": name, "zone": zone, "schedule": schedule,
        "ranges": "\n".join(settings.get("ranges", ())), "exclusions": "\n".join(settings.get("exclusions", ())),
    }  # fmt: skip
    values["ports"] = ", ".join(f"{service}={port}" for service, port in (settings.get("ports") or {}).items())
    values |= {key: str(settings.get(key) or start) for key, start in START.items()}
    for at, window in enumerate(settings.get("blackout", ())[:MAX_WINDOWS]):
        days = window.get("days") or ()
        values |= {f"from{at}": window["from"], f"to{at}": window["to"], f"days{at}": () if len(days) == 7 else days}
    return forms.of_values(values)


REFUSED: Final[Mapping[str, str]] = {
    "name": "form.taken",
    "schedule": "form.schedule",
    "ranges": "form.size",
    "zone": "form.zone",
}
"""What a field can still be refused for once it is well-formed."""
