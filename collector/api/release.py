"""Which version of Muster this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("muster-cmdb")
except PackageNotFoundError:  # run from a tree that was never installed
    VERSION = "0"
