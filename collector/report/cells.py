"""A typed value as text: what a person reads in a file or on paper, and what a program reads in JSON or XML."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from collector.inert import visible
from collector.report.value import Cell, Kind
from collector.report.words import Words

LAST_MS = 253_402_300_799_999 - 2 * 86_400_000


def shown(kind: Kind, family: str, value: Cell, words: Words) -> str:
    """Return what a person reads; nothing for what is absent. Text is made visible, so that it does nothing."""
    if value is None:
        return ""
    if kind is Kind.TIME:
        return local(value)
    if kind is Kind.RATIO:
        return f"{value * 100:.1f} %"
    if kind is Kind.NUMBER:
        return f"{value:,}"
    return visible(_said(kind, family, value, words))


def _said(kind: Kind, family: str, value: Cell, words: Words) -> str:
    if kind is Kind.WORD:
        return words.label(family, value) if family else words.label(*str(value).split(".", 1))
    if kind is Kind.WORDS:
        return _joined((words.label(family, each) for each in value), words)
    if kind is Kind.OWN and isinstance(value, dict):
        return words.own(value)
    if kind is Kind.TEXTS:
        return _joined(value, words)
    return plain(value)


def _joined(texts: Iterable[object], words: Words) -> str:
    return words.plain("list.comma").join(map(str, texts))


def plain(value: Cell) -> str:
    """Return any JSON value on one line: a text as it is, an element as `name=value; …`."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "; ".join(f"{name}={plain(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value))
    return json.dumps(value)


def coded(kind: Kind, value: Cell) -> Cell:
    """Return what a program reads: words as their codes, times as RFC 3339 in UTC, lists as lists."""
    if kind is Kind.TIME and value is not None:
        return instant(value)
    return list(value) if isinstance(value, tuple) else value


def instant(at: int) -> str:
    """Return a time (ms) as RFC 3339 in UTC."""
    return _aware(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local(at: int) -> str:
    """Return a time (ms) to the second in the collector's own zone, the zone told."""
    text = _aware(at).astimezone().isoformat(sep=" ", timespec="seconds")
    return f"{text[:19]} {text[19:]}"


def zone(at: int) -> str:
    """Return the collector's own zone at a time (ms) as an offset: UTC+08:00."""
    return f"UTC{local(at)[-6:]}"


def _aware(at: int) -> datetime:
    return datetime.fromtimestamp(max(0, min(at, LAST_MS)) / 1000, UTC)
