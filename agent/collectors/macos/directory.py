"""Asks the local directory node through dscl, and reads the property list it answers with."""

from __future__ import annotations

from typing import Any

from agent import command
from agent.collectors.macos import property_lists

_PREFIX = "dsAttrTypeStandard:"


def ask(path: str, *attributes: str) -> bytes:
    """Return dscl's answer for all records below `path`; raise `CommandFailed`."""
    return command.run(["dscl", "-plist", ".", "-readall", path, "RecordName", *attributes], timeout_s=20.0).encode()


def records(answer: bytes) -> list[dict[str, list[str]]]:
    """Return the records with their attributes' values, names without the standard prefix; raise `Malformed`."""
    return [{name.removeprefix(_PREFIX): _texts(value) for name, value in found.items()} for found in
            property_lists.parse_list(answer)]  # fmt: skip


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def number(values: list[str]) -> int | None:
    """Return the first value as a number, None for none; `nobody` has -2."""
    first = values[0] if values else ""
    return int(first) if first.removeprefix("-").isdecimal() and len(first) <= 11 else None
