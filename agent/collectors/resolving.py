"""Name servers and search domains in the order in which a resolver goes through them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

ORDERED: Final = 2
"""The revision of the collectors that tell them so; those before sorted them."""


def in_order(told: Iterable[str]) -> list[str]:
    """Return each once, where it comes first: a resolver that has tried one does not try it again."""
    return list(dict.fromkeys(told))
