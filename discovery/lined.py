"""YAML that people write, bounded and without aliases, whose every entry can be named by file and line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

MAX_BYTES: Final = 1024 * 1024
MAX_NESTING: Final = 16
_Safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadDefinition(ValueError):
    """A file of definitions that cannot be used; the message is `file:line: why`."""


@dataclass(frozen=True, slots=True)
class Lined:
    """What a file holds (`content`: mappings, lists, scalars), and the nodes that know the lines."""

    file: Path
    content: Any
    node: yaml.Node

    def bad(self, why: str, path: Iterable[str | int] = ()) -> BadDefinition:
        """Return the error that names the line of what stands at `path`."""
        return BadDefinition(f"{self.file}:{_line(self.node, list(path))}: {why}")


def read(file: Path) -> Lined:
    """Return what `file` holds; raise `BadDefinition`."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadDefinition(f"{file}:1: larger than {MAX_BYTES} bytes")
        text = file.read_text(encoding="utf-8")
        _check_events(text, file)
        loader = _Safe(text)
        node = loader.get_single_node()
        content = loader.construct_document(node) if node is not None else None
    except (OSError, UnicodeDecodeError) as error:
        raise BadDefinition(f"{file}:1: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadDefinition(f"{file}:{line}: {error.problem}") from error
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise error if isinstance(error, BadDefinition) else BadDefinition(f"{file}:1: {error}") from error
    if node is None:
        raise BadDefinition(f"{file}:1: empty")
    _refuse_doubles(node, file)
    return Lined(file, content, node)


def _check_events(text: str, file: Path) -> None:
    """Walk the events once, so that nothing deep or repeated is ever built."""
    depth = 0
    for event in yaml.parse(text, Loader=_Safe):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise BadDefinition(f"{file}:{line}: aliases are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_NESTING:
            raise BadDefinition(f"{file}:{line}: nested deeper than {MAX_NESTING}")


def _refuse_doubles(node: yaml.Node, file: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise BadDefinition(f"{file}:{key.start_mark.line + 1}: {key.value} stands twice")
            seen.add(key.value)
            _refuse_doubles(value, file)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_doubles(value, file)


def _line(node: yaml.Node, path: list[str | int]) -> int:
    """Return the line of what stands at `path`, of the nearest that is there when it is missing."""
    line = int(node.start_mark.line) + 1
    if not path:
        return line
    step, rest = path[0], path[1:]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return _line(value, rest) if rest else int(key.start_mark.line) + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return _line(node.value[step], rest)
    return line
