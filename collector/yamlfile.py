"""Reads YAML that people write: bounded, without aliases or double keys, and every entry knows its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 512 * 1024
MAX_NESTING = 20


class BadFile(ValueError):
    """A file that cannot be used; the message is `file:line: why`."""


class Entry(dict[str, Any]):
    """A mapping of the file. Values are scalars, lists and further entries."""

    def __init__(self, file: Path, line: int) -> None:
        super().__init__()
        self.file = file
        self.line = line
        self.lines: dict[str, int] = {}

    def bad(self, why: str, key: str = "") -> BadFile:
        """Return the error that names the line of `key`, or of the entry itself."""
        return BadFile(f"{self.file}:{self.lines.get(key, self.line)}: {why}")

    def only(self, required: frozenset[str], optional: frozenset[str] = frozenset()) -> None:
        """Raise `BadFile` when a key is unknown or a required one is not there."""
        for key in self:
            if key not in required | optional:
                raise self.bad(f"unknown key {key}", key)
        for key in sorted(required - self.keys()):
            raise self.bad(f"{key} is missing")

    def text(self, key: str, default: str | None = None) -> str:
        """Return the text at `key`; raise `BadFile` for anything else, or for nothing without a `default`."""
        value = self.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self.bad(f"{key}: text expected", key)
        return value

    def entry(self, key: str) -> Entry:
        """Return the mapping at `key`, an empty one when there is none."""
        value = self.get(key, Entry(self.file, self.line))
        if not isinstance(value, Entry):
            raise self.bad(f"{key}: a mapping expected", key)
        return value

    def entries(self, key: str) -> Iterator[Entry]:
        """Yield the mappings listed at `key`."""
        for value in self.items_of(key):
            if not isinstance(value, Entry):
                raise self.bad(f"{key}: mappings expected", key)
            yield value

    def items_of(self, key: str) -> list[Any]:
        """Return the list at `key`, an empty one when there is none."""
        value = self.get(key, [])
        if not isinstance(value, list):
            raise self.bad(f"{key}: a list expected", key)
        return value


_FASTEST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where the package has it: ten times as fast, and every start reads all rules."""


class _Loader(_FASTEST):  # type: ignore[misc]  # one of two classes with the same face
    """YAML 1.2's plain scalars: no times, no yes and no."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def read(file: Path) -> Entry:
    """Return the mapping that `file` holds; raise `BadFile`."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadFile(f"{file}: larger than {MAX_BYTES} bytes")
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{file}: {error}") from error
    return parse(text, file)


def parse(text: str, file: Path) -> Entry:
    """Return the mapping that `text`, called `file`, holds; raise `BadFile`."""
    try:
        _check_bounds(text, file)
        loader = _Loader(text)
        node = loader.get_single_node()
        value = _value(loader, node, file) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadFile(f"{file}:{line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise BadFile(f"{file}: {error}") from error
    if not isinstance(value, Entry):
        raise BadFile(f"{file}:1: a mapping expected")
    return value


def _check_bounds(text: str, file: Path) -> None:
    """Walk the events once, so that nothing deep or repeated is ever built."""
    if len(text) > MAX_BYTES:
        raise BadFile(f"{file}: larger than {MAX_BYTES} bytes")
    depth = 0
    for event in yaml.parse(text, Loader=_FASTEST):
        if isinstance(event, yaml.AliasEvent):
            raise BadFile(f"{file}:{_line(event)}: aliases are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_NESTING:
            raise BadFile(f"{file}:{_line(event)}: nested deeper than {MAX_NESTING}")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _value(loader: _Loader, node: yaml.Node, file: Path) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _entry(loader, node, file)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, each, file) for each in node.value]
    try:
        return loader.construct_object(node)
    except ValueError as error:
        raise BadFile(f"{file}:{node.start_mark.line + 1}: {error}") from error


def _entry(loader: _Loader, node: yaml.MappingNode, file: Path) -> Entry:
    entry = Entry(file, node.start_mark.line + 1)
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = _value(loader, key_node, file) if isinstance(key_node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            raise BadFile(f"{file}:{line}: a key is text")
        if key in entry:
            raise BadFile(f"{file}:{line}: {key} stands twice")
        entry[key] = _value(loader, value_node, file)
        entry.lines[key] = line
    return entry
