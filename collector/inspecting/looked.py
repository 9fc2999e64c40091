"""What one look at the scope of a plan came to: the CIs, and a row for every check of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collector.inspecting.line import Line
from collector.stocktake import Thing


@dataclass(frozen=True, slots=True)
class Looked:
    """`things`: what is in scope by CI id; `rules`: how many rules were asked."""

    things: Mapping[int, Thing]
    lines: tuple[Line, ...]
    rules: int = 0
