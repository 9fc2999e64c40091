"""The table of collectors: section → function, chosen for the platform this runs on.

A collector is a plain function `(root) -> body` that reads one fact family and returns a body of
the catalogue (`wire.sections`). It raises `Denied` or `Unsupported` for those answers; any other
exception costs its own section only and is reported as the reason.
Adding one: a file in the platform's folder, a line in that folder's `TABLE`, a test with captured input.

The module of a collector is loaded when it is asked for: most workers read one section, every minute, for ever.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping

from agent.collectors.base import Collector

PLATFORMS: Mapping[str, str] = {"linux": "linux", "win32": "windows", "darwin": "macos"}


class Table(Mapping[str, Collector]):
    """Section → collector, for one platform's folder."""

    def __init__(self, folder: str) -> None:
        self._package = f"agent.collectors.{folder}"
        self._modules: Mapping[str, str] = importlib.import_module(self._package).TABLE

    def __getitem__(self, section: str) -> Collector:
        found: Collector = importlib.import_module(f"{self._package}.{self._modules[section]}").COLLECTOR
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


def table(platform: str = sys.platform) -> Mapping[str, Collector]:
    """Return section name → collector for `platform` (a `sys.platform` value); raise KeyError for an unknown one."""
    return Table(PLATFORMS[platform])
