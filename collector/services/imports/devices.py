"""A row of a list → the device it speaks of, or why it speaks of none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from collector import record
from collector.identifiers import serial_value, shown_name
from collector.model import Value
from collector.record import FIELDS, SECTION, BadValue, Listed
from collector.services.imports.columns import Columns, fold
from collector.services.imports.table import WIDE

SEEN: Final = ("vendor", "model", "serial")
"""What a list may say of the device itself, though it is better observed."""
MAX_SEEN: Final = 200
FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")


class BadRow(ValueError):
    """A row that cannot be taken; `code` is a word for why, `field` the column it is about, or empty."""

    def __init__(self, code: str, field: str = "", detail: str = "") -> None:
        super().__init__(code)
        self.code, self.field, self.detail = code, field, detail


@dataclass(frozen=True, slots=True)
class Row:
    """A device as a list tells it; `uid` and `label`: the CI it names itself, empty: none."""

    device: Listed
    uid: str
    label: str


def read(said: Mapping[str, str], columns: Columns) -> Row:
    """Return what a row (field → text) says; raise `BadRow`."""
    if WIDE in said:
        raise BadRow("wide", detail=said[WIDE])
    values = {name: plain(text) for name, text in said.items()}
    ci_class, ci_type = _kind(values, columns)
    try:
        recorded = record.checked(
            {name: _meant(name, text, columns) for name, text in values.items() if name in FIELDS}
        )
    except BadValue as error:
        raise BadRow(error.code, error.field) from None
    seen = {name: _seen(name, values[name]) for name in SEEN if values.get(name)}
    name = recorded.get("name") or shown_name(values.get("hostname", "")) or recorded.get("label") or ""
    name = name or " ".join(filter(None, (seen.get("model"), seen.get("serial"))))
    if not name and not values.get("id"):
        raise BadRow("nothing")
    told: dict[str, Mapping[str, Value]] = {SECTION: recorded} if recorded else {}
    if seen:
        told["hardware" if _is_computer(ci_class, ci_type) else "device"] = seen
    names = _names(values, seen, recorded.get("label") or "")
    return Row(Listed(ci_class, ci_type, name, names, told), values.get("id", ""), recorded.get("label") or "")


def plain(text: str) -> str:
    """Return a cell as it was meant: our own export puts an apostrophe before what a spreadsheet would run."""
    said = text.strip()
    return said[1:] if said[:1] == "'" and said[1:].startswith(FORMULA) else said


def _meant(name: str, text: str, columns: Columns) -> str:
    """Return the code of a word that stands for one, other words as they are."""
    return columns.environments.get(fold(text), text) if name == "environment" else text


def _kind(values: Mapping[str, str], columns: Columns) -> tuple[str, str]:
    """Return class and type, empty where the list names none."""
    if not values.get("type"):
        return "", ""
    named = columns.type_of(values.get("class", ""), values["type"])
    if named is None:
        raise BadRow("kind", "type")
    return named


def _seen(name: str, text: str) -> str:
    if len(text) > MAX_SEEN or not text.isprintable():
        raise BadRow("long" if len(text) > MAX_SEEN else "line", name)
    return text


def _is_computer(ci_class: str, ci_type: str) -> bool:
    return ci_class in ("server", "pc") and ci_type != "minicomputer"


def _names(values: Mapping[str, str], seen: Mapping[str, str], label: str) -> tuple[tuple[str, str], ...]:
    """Return what may name the device: kind of identifier, and the value as it was written."""
    serial = seen.get("serial", "")
    found = {
        "serial": serial_value(seen.get("vendor", ""), serial) if serial else "",
        "mac": values.get("mac", ""),
        "hostname": values.get("hostname", ""),
        "address": values.get("address", ""),
        "label": label,
    }
    return tuple((kind, value) for kind, value in found.items() if value)
