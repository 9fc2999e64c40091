"""A receiver as a process: `python -m discovery.receiver`, started by an agent that is a probe.

The first line on standard input is what to listen for (`discovery.receiver.listening`); secrets come this way and no
other. Any further line, or the end of the input, ends it. It says `ready` once it listens, rows of events by address
as they are due, its counts every few seconds, and `ended` last; or `failed` with a line that says why.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Final

from discovery.lined import BadDefinition
from discovery.receiver.folding import Folds, Row
from discovery.receiver.hearing import Hearing
from discovery.receiver.listening import MAX_TASK_BYTES, BadTask, read
from discovery.receiver.sockets import CannotListen, Sockets, opened
from discovery.receiver.translating import shipped
from discovery.voice import Voice, frame, run
from wire.listening import MAX_EVENTS, PROTOCOL
from wire.observation import Status
from wire.sections import canonical

FLUSH_S: Final = 1.0
BEAT_S: Final = 5.0


async def serve(orders: asyncio.StreamReader, voice: Voice) -> int:
    """Listen until told to end; return the exit code."""
    try:
        listening = read(await orders.readline())
        hearing = Hearing(listening, shipped(), Folds())
        async with opened(listening, hearing) as sockets:
            await voice.say(frame({"ready": True}))
            await _listen(orders, voice, hearing, sockets)
    except (BadTask, BadDefinition, CannotListen, ValueError) as error:  # ValueError: a line that has no end
        await voice.say(frame({"failed": str(error)}))
        return 2
    return 0


async def _listen(orders: asyncio.StreamReader, voice: Voice, hearing: Hearing, sockets: Sockets) -> None:
    ending = asyncio.create_task(orders.readline())
    beat_at = 0.0
    try:
        while not ending.done():
            await voice.say(*frames(hearing.folds.due(_now()), _now()))
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + BEAT_S
                await voice.say(frame({"counts": _counts(hearing, sockets)}))
            await asyncio.wait([ending], timeout=FLUSH_S)
    finally:
        ending.cancel()
    await voice.say(*frames(hearing.folds.due(_now(), at_once=True), _now()))
    await voice.say(frame({"ended": "", "counts": _counts(hearing, sockets)}))


def _counts(hearing: Hearing, sockets: Sockets) -> dict[str, int]:
    told = {**hearing.counts, "lost": sockets.lost()}
    return {name: number for name, number in sorted(told.items()) if number}


def frames(told: Mapping[str, list[Row]], now: int) -> Iterator[bytes]:
    """Yield rows of events as frames, those of one address at a time."""
    for address, rows in told.items():
        for at in range(0, len(rows), MAX_EVENTS):
            body = canonical(rows[at : at + MAX_EVENTS])
            section = {
                "name": "events", "status": int(Status.OK), "complete": False, "reason": "", "bytes": len(body)
            }  # fmt: skip
            head = {"address": address, "protocol": PROTOCOL, "part": "", "at_ms": now, "sections": [section]}
            yield frame(head, body)


def _now() -> int:
    return round(time.time() * 1000)


if __name__ == "__main__":
    sys.exit(run(serve, MAX_TASK_BYTES))
