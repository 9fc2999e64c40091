"""A figure that misses what was promised."""

from __future__ import annotations

from tests.bench import Figure


def run() -> list[Figure]:
    return [Figure("share", 0.31, "", at_least=0.4, at_most=1.0)]
