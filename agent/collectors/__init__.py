"""The table of collectors: section → function, chosen for the platform this runs on.

A collector is a plain function `(root) -> body` that reads one fact family and returns a body of
the catalogue (`wire.sections`). It raises `Denied` or `Unsupported` for those answers; any other
exception costs its own section only and is reported as the reason.
Adding one: a file in the platform's folder, a line in that folder's `TABLE`, a test with captured input.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping

from agent.collectors.base import Collector

PLATFORMS: Mapping[str, str] = {"linux": "linux", "win32": "windows", "darwin": "macos"}


def table(platform: str = sys.platform) -> Mapping[str, Collector]:
    """Return section name → collector for `platform` (a `sys.platform` value); raise KeyError for an unknown one."""
    module = importlib.import_module(f"agent.collectors.{PLATFORMS[platform]}")
    collectors: tuple[Collector, ...] = module.TABLE
    return {collector.section: collector for collector in collectors}
