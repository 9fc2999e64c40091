"""Memory and swap are told in bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import memory
from agent.collectors.linux.meminfo import parse_meminfo
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import capture, plant


def test_memory_and_swap_are_told_in_bytes(tmp_path: Path) -> None:
    body = kept("memory", memory.collect(plant(tmp_path, capture("server"))))
    assert body == {"total_bytes": 917140 * 1024, "swap_bytes": 0}


def test_counts_without_unit_are_no_sizes() -> None:
    assert parse_meminfo("MemTotal:  16 kB\nHugePages_Total:       4\nHugepagesize:  2048 kB\n") == {
        "MemTotal": 16 * 1024, "Hugepagesize": 2048 * 1024,
    }  # fmt: skip


def test_a_number_that_is_none_is_malformed() -> None:
    with pytest.raises(Malformed):
        parse_meminfo("MemTotal:  -16 kB\n")


def test_without_proc_there_is_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        memory.collect(tmp_path)
