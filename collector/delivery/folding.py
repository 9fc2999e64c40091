"""What waits to be told of one incident, folded: each message holds the whole incident, so the newest state is told.

What ended, or began again, before anybody could be told is told by the last of these messages alone. It stands for
all before it whether they arrived or not: an end closes what was opened, and what was never opened it opens nowhere
(a ticket is made and resolved at once; PagerDuty and Alertmanager take the end of something unknown for nothing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from collector.channel import BEGINS, ENDS
from collector.store.outbox import Waiting

MAX_SAID: Final = 4_000
MAX_EVENTS: Final = 200
"""Of more the latest are named."""
_TURNS: Final = BEGINS | ENDS


def together(events: Sequence[str]) -> int:
    """Return how many of the first events, at least one, are told at once: by the message of the last of these.

    From a turn (a beginning, an end) up to the last turn it is one message; a state that moved goes with what follows.
    """
    turns = [at for at, event in enumerate(events) if event in _TURNS]
    first, last = (turns[0], turns[-1]) if turns else (0, 0)
    at = 0
    while at + 1 < len(events) and (events[at] == "updated" or first <= at < last):
        at += 1
    return at + 1


def folded(rows: Sequence[Waiting]) -> Waiting:
    """Return the last of the rows of one incident so that it tells all of them: its state, and what was said.

    `events` in its message names them, the oldest first.
    """
    last = rows[-1].delivery
    said = dict.fromkeys(str(row.delivery.payload.get("said") or "") for row in rows)
    events = [event for row in rows for event in row.delivery.payload.get("events") or [row.delivery.event]]
    payload = dict(last.payload) | {"events": events[-MAX_EVENTS:]}
    if text := "\n".join(filter(None, said)):
        payload["said"] = text[-MAX_SAID:]
    return replace(rows[-1], delivery=replace(last, payload=payload))
