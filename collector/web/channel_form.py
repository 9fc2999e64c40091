"""The form of a channel: its kind decides the fields. What is secret is never filled in again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from collector.channel import EVENTS, Channel, Wants
from collector.security.audit import Act as Act
from collector.services.channels.setup import KINDS, SOURCES, Setting
from collector.severity import SEVERITIES
from collector.web.forms import Form

KIND_NAMES: Final = tuple(KINDS)
WORDS: Final[Mapping[str, tuple[str, ...]]] = {"events": EVENTS, "sources": SOURCES, "severity": SEVERITIES}
"""What of an incident can be asked for → the words to choose from."""
MAX_LIST: Final = 2_000
SECRET: Final = "secret_"  # noqa: S105  the beginning of a name, no secret
"""Begins the fields of a secret: a robot's secret has a field `secret`."""


def fields_of(kind: str) -> tuple[Setting, ...]:
    """Return the settings a form shows; what tells our tickets apart is made by us."""
    return tuple(each for each in KINDS[kind].settings if each.name != "mark")


def secrets_of(kind: str) -> tuple[str, ...]:
    return KINDS[kind].secrets


def read(form: Form, kind: str, name: str) -> Channel:
    """Return the channel as typed; the service says what is wrong with its settings."""
    settings: dict[str, Any] = {each.name: form.text(each.name) for each in fields_of(kind) if form.text(each.name)}
    wants = Wants(
        form.choice("severity", SEVERITIES), _listed(form, "categories"), form.texts("sources"),
        _listed(form, "sites"), form.texts("events"),
    )  # fmt: skip
    language, link = form.choice("language", ("zh", "en")), form.optional("link", 500)
    return Channel(name, kind, settings, wants, language, link, bool(form.text("is_enabled")))


def secret_of(form: Form, kind: str) -> dict[str, str] | None:
    """Return the secret as typed; None when nothing was typed: it stays as it is."""
    typed = {name: form.optional(SECRET + name, 4_000) for name in secrets_of(kind)}
    return {name: value for name, value in typed.items() if value} or None


def mark_lost(form: Form, kind: str) -> None:
    """Say of secrets that were typed into a form that is shown again: they are not in it any more."""
    for name in secrets_of(kind):
        if form.text(SECRET + name):
            form.mark(SECRET + name, "form.again")


def first(kind: str) -> dict[str, str]:
    """Return what the form of a new channel shows."""
    shown = {each.name: str(each.default) for each in fields_of(kind) if each.default not in (None, "")}
    return shown | {"severity": "warning", "language": "zh", "is_enabled": "yes"}


def shown(channel: Channel) -> dict[str, Any]:
    """Return what a form shows of a channel that stands."""
    return {
        **{name: str(value) for name, value in channel.settings.items()},
        "severity": channel.wants.severity, "sources": channel.wants.sources, "events": channel.wants.events,
        "categories": ", ".join(channel.wants.categories), "sites": ", ".join(channel.wants.sites),
        "language": channel.language, "link": channel.link, "is_enabled": "yes" if channel.is_enabled else "",
    }  # fmt: skip


def _listed(form: Form, name: str) -> tuple[str, ...]:
    form.optional(name, MAX_LIST)
    return form.listed(name)
