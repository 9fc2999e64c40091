"""A benchmark whose process dies."""

from __future__ import annotations

import os

from tests.bench import Figure


def run() -> list[Figure]:
    os._exit(9)
