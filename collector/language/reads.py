"""What an expression reads: the paths of facts, and the windows it looks back through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from collector.language.signatures import WINDOWS
from collector.language.tree import BadExpression, FactPath, Node
from collector.language.windows import Look, Window

NOW: FactPath = ("now",)


def reads(tree: Node, names: Mapping[str, FactPath]) -> Iterator[FactPath]:
    """Yield every path `tree` may read, where `names` stand for these paths; raise `BadExpression`."""
    if tree.name == "fold":
        over, *bodies = tree.parts
        yield from reads(over, names)
        for body in bodies:
            yield from reads(body, {**names, tree.text: (*path_of(over, names), "[]")})
        return
    path = path_of(tree, names)
    if path:
        yield path
    if tree.name == "days_until" or tree.name in WINDOWS:
        yield NOW  # the answer can move while no fact does
    if isinstance(tree.value, Look):
        yield (*path_of(tree.parts[0], names), tree.value.window.field)
    for at, part in enumerate(tree):
        if path and at == 0:  # the rest of the chain; only its computed keys read anything else
            yield from (each for each in reads(part, names) if each != path_of(part, names))
        else:
            yield from reads(part, names)


def path_of(tree: Node, names: Mapping[str, FactPath]) -> FactPath:
    """Return the path a chain of fields names; () for anything that is computed."""
    if tree.name == "name":
        if tree.text not in names:
            raise BadExpression(f"unknown name {tree.text}", tree.at)
        return names[tree.text]
    if tree.name not in ("select", "has", "[]") or not (above := path_of(tree.parts[0], names)):
        return ()
    if tree.name == "[]":
        key = tree.parts[1]
        return (*above, key.value if isinstance(key.value, str) else "[]")
    return (*above, tree.text)


def windows(tree: Node) -> Iterator[Window]:
    """Yield every window `tree` looks back through."""
    if isinstance(tree.value, Look):
        yield tree.value.window
    for part in tree:
        yield from windows(part)
