"""The table of a small machine: the sample collectors that behave, and one that may not ask."""

from __future__ import annotations

from collections.abc import Mapping

from agent.collectors.base import Collector
from tests.agent import sample_collectors

SECTIONS = ("cpu", "groups", "containers", "users", "health")


def table() -> Mapping[str, Collector]:
    everything = sample_collectors.table()
    return {name: everything[name] for name in SECTIONS}
