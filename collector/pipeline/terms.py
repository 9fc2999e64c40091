"""By what things are held against changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from collector.change.covering import Margins
from collector.change.telling import SILENT, Telling
from collector.governance import Governance

USUAL = Margins()


@dataclass(frozen=True, slots=True)
class Terms:
    """By what things are judged: what is controlled and how often it must be seen, and the margins of a source.

    `telling`: which traces speak of what.
    """

    governance: Governance
    margins: Callable[[str], Margins] = lambda _: USUAL
    telling: Telling = SILENT
