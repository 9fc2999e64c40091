"""What of a list an expression sees: the macros over it, by what they ask of an element.

`exists`, `exists_one`, `filter` and a `map` with a condition pass over an element of which their condition is false: it
can come, go and move, and the answer stays what it is. Who counts the list or takes an element of it sees all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from collector.language.reads import path_of
from collector.language.tree import FactPath, Node

_PASSING = frozenset({"exists", "exists_one", "filter"})


class Sight(NamedTuple):
    """What a macro calls an element, its condition, and what names stand for there (`()`: nothing that is read)."""

    variable: str
    condition: Node
    names: Mapping[str, FactPath]


def sights(tree: Node, names: Mapping[str, FactPath], over: FactPath) -> tuple[Sight, ...] | None:
    """Return what `tree` asks of the elements of the list at `over`; None where it sees the list itself.

    `names`: what the names of the language stand for.
    """
    if tree.name == "fold":
        return _of_fold(tree, names, over)
    if path_of(tree, names) == over:
        return None
    return _joined(tree.parts, names, over)


def _of_fold(tree: Node, names: Mapping[str, FactPath], over: FactPath) -> tuple[Sight, ...] | None:
    listed, *bodies = tree.parts
    inner = {**names, tree.text: ()}
    within = _joined(bodies, inner, over)
    if path_of(listed, names) != over:
        outer = sights(listed, names, over)
        return None if outer is None or within is None else (*outer, *within)
    passes = tree.value in _PASSING or (tree.value == "map" and len(bodies) > 1)
    return (Sight(tree.text, bodies[0], inner), *within) if passes and within is not None else None


def _joined(parts: Iterable[Node], names: Mapping[str, FactPath], over: FactPath) -> tuple[Sight, ...] | None:
    found: tuple[Sight, ...] = ()
    for part in parts:
        its = sights(part, names, over)
        if its is None:
            return None
        found += its
    return found
