"""Runs one benchmark in a process of its own, so that none inherits another's memory and threads.

It is a module beside `__main__`, not in it: a process that is spawned cannot import what only `__main__` defines.
"""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.bench import Figure

PREFIX = "bench_"


def measure(package: str, name: str, options: Sequence[str] = ()) -> list[Figure]:
    """Run benchmark `name` of `package` in this process, with `options` of its own, and return its figures."""
    figures: list[Figure] = importlib.import_module(f"{package}.{PREFIX}{name}").run(*options)
    return figures


def measure_apart(package: str, name: str, options: Sequence[str] = ()) -> list[Figure]:
    """The same in a process of its own; raise what it raised, or `BrokenProcessPool` when it died."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as apart:
        return apart.submit(measure, package, name, options).result()
