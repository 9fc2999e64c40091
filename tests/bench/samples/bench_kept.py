"""Two figures: one with a promise that is kept, one without a promise."""

from __future__ import annotations

from tests.bench import Figure


def run() -> list[Figure]:
    return [Figure("rate", 12_345.6, "1/s", at_least=10_000), Figure("memory", 41.25, "MB", note="after 3 passes")]
