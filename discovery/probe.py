"""A sweep as a process: `python -m discovery.probe`, started by an agent that is a probe.

The first line on standard input is the task (`discovery.assignment`); secrets come this way and no other. Then the
line `cancel`, or the end of the input, ends it. What it finds goes to standard output (`discovery.telling`): `ready`
first, outcomes as they come, a word every few seconds, `ended` last; or `failed` with a line that says why.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import Final

from discovery.assignment import Assignment, read
from discovery.leases import MAX_TASK_BYTES
from discovery.library import Definitions, Library, definitions_in
from discovery.lined import BadDefinition
from discovery.sweep import Sweep
from discovery.telling import Place, State, frames
from discovery.voice import Voice, frame, run

BEAT_S: Final = 5.0
BEHIND: Final = 5
"""How much nicer an exploration is to a watch on the same processor."""
NOT_SWEPT: Final = frozenset({"cancelled", "lease_ended"})
"""Causes after which a target still waits to be swept."""


async def serve(orders: asyncio.StreamReader, voice: Voice) -> int:
    """Run the one sweep that is ordered; return the exit code."""
    try:
        assigned = read(await orders.readline())
        is_told_apart = assigned.profile.until != "alive"  # who only asks for signs of life needs no definition
        definitions = Library().current() if is_told_apart else definitions_in([])
    except (ValueError, BadDefinition) as error:  # BadTask, or a line that has no end
        await voice.say(frame({"failed": str(error)}))
        return 2
    if not assigned.is_watch:
        os.nice(BEHIND)
    await voice.say(frame({"ready": True}))
    await _swept(assigned, definitions, orders, voice)
    return 0


async def _swept(assigned: Assignment, definitions: Definitions, orders: asyncio.StreamReader, voice: Voice) -> None:
    if shelf := assigned.access.knowledge.shelf:
        shelf.tidy()
    begun = Sweep(assigned.setting(definitions))
    place = Place(assigned.plan)
    beside = [asyncio.create_task(_heed(orders, begun)), asyncio.create_task(_beat(begun, place, voice))]
    try:
        async for outcome in begun:
            if outcome.row.cause not in NOT_SWEPT:
                place.passed(outcome.row.address)
            await voice.say(*frames(outcome, round(time.time() * 1000), State(place.cursor, begun.progress)))
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
    await voice.say(frame({"ended": begun.ended or "", **State(place.cursor, begun.progress).shown()}))


async def _heed(orders: asyncio.StreamReader, begun: Sweep) -> None:
    """Cancel the sweep when told to, or when nobody is there to tell."""
    while (line := await orders.readline()) and line.strip() != b"cancel":
        pass
    begun.cancel()


async def _beat(begun: Sweep, place: Place, voice: Voice) -> None:
    while True:
        await asyncio.sleep(BEAT_S)
        await voice.say(frame(State(place.cursor, begun.progress).shown()))


if __name__ == "__main__":
    sys.exit(run(serve, MAX_TASK_BYTES))
