"""An estate of 550 things over 30 days: how many unapproved changes are found, and how many findings are false.

The real pipeline over a real SQLite store, the real change desk, registration, cases and answers; simulated are the
things, the people and the clock (`tests/bench/estate`). `--devices=500 --agents=50 --days=30 --seed=1` say how large.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from collector.store.engine import open_store, sqlite_url
from collector.store.migrate import migrate
from tests.bench import Figure
from tests.bench.estate import stories
from tests.bench.estate.play import Play
from tests.bench.estate.score import Score, score, table
from tests.bench.estate.script import START, Script, Size, stage, write


def run(*words: str) -> list[Figure]:
    """Return recall, precision and the rate of false findings; the whole table goes to standard error."""
    size = _size(words)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        found, play, script = asyncio.run(performed(Path(folder), size))
    seconds = time.perf_counter() - started
    print(table(found, script, play), file=sys.stderr)
    note = f"{size.devices} devices, {size.agents} agents, {size.days} days, seed {size.seed}"
    breaches = sum(each.breaches for each in found.kinds.values())
    return [
        Figure("estate: recall", found.recall, "share", at_least=1.0, note=f"of {breaches} breaches; {note}"),
        Figure("estate: precision", found.precision, "share", at_least=0.98, note=f"of {found.right} and the false"),
        Figure("estate: false findings", found.dismissed, "per 1,000 CIs a week", at_most=0.5),
        Figure(
            "estate: re-installed on the quiet under another enrolment",
            sum(found.beyond),
            "told",
            note=f"of {len(found.beyond)} values; a source switch is never drift",
        ),
        Figure("estate: deeds held as they ought to be", _as_it_ought(found), "share"),
        Figure("estate: wall time", seconds, "s"),
    ]


async def performed(folder: Path, size: Size) -> tuple[Score, Play, Script]:
    """Return the score of one performance, in a database of its own in `folder`."""
    script = write(size)
    stories.tell(script)
    store = open_store(sqlite_url(folder / "muster.db"))
    try:
        await migrate(store)
        play = Play(store, START, random.Random(size.seed))
        await stage(script, play)
        await play.run(script.end + 12 * 3_600_000)
        return await score(play, script), play, script
    finally:
        await store.close()


def _as_it_ought(found: Score) -> float:
    return sum(each.as_it_ought for each in found.kinds.values()) / sum(each.deeds for each in found.kinds.values())


def _size(words: tuple[str, ...]) -> Size:
    parser = argparse.ArgumentParser(prog="muster bench estate")
    for name, default in (("devices", 500), ("agents", 50), ("days", 30), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    return Size(**vars(parser.parse_args(words)))
