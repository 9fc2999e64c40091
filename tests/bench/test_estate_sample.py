"""A small estate over six days, as the benchmark plays a large one over thirty."""

from __future__ import annotations

from pathlib import Path

from tests.bench.bench_estate import performed
from tests.bench.estate.score import table
from tests.bench.estate.script import Size


async def test_of_what_was_done_on_the_quiet_all_is_found_and_nothing_else_in_a_small_estate(tmp_path: Path) -> None:
    found, play, script = await performed(tmp_path, Size(devices=20, agents=5, days=6, seed=1))
    told = table(found, script, play)
    assert sum(each.breaches for each in found.kinds.values()) >= 15, told
    assert (found.recall, found.precision, found.otherwise) == (1.0, 1.0, []), told
