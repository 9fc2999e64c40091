"""A message that only tries whether a channel works: it opens no ticket and rings nobody out of bed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

from collector.clock import Clock
from collector.delivery import BadDestination, Closing, DeliveryFailed, Destination, kinds
from collector.delivery.ticket import Tickets
from collector.model import Delivery
from collector.security.audit import Act
from collector.security.vault import Vault
from collector.services.channels import setup
from collector.store import channels
from collector.store.channels import ChannelRow
from collector.wording import time_text

NUMBER: Final = "TEST-000000"
_SILENT: Final = frozenset({"alertmanager", "pagerduty"})
"""Kinds that wake people: they are told that something ended that never began."""
Acting = Callable[[], AbstractAsyncContextManager[Act]]
"""Begins what somebody does, to be told when it ends."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: `why` is empty when it worked."""

    why: str

    @property
    def is_well(self) -> bool:
        return not self.why


async def tried(acting: Acting, vault: Vault, clock: Clock, name: str) -> Answer:
    """Try a channel and return what came of it; what is asked and what came are two acts. Raise `NotFound`."""
    async with acting() as act:
        row = await _ask(act, name)
    answer = await _attempt(vault, row, clock)
    async with acting() as act:
        await _note(act, name, answer)
    return answer


async def _ask(act: Act, name: str) -> ChannelRow:
    """Return the channel somebody wants to try, and tell that somebody does; raise `NotFound`."""
    row = await setup.find(act.tx, name)
    act.tell("channel.test", f"channel/{name}", after={"asked": act.at})
    return row


async def _attempt(vault: Vault, row: ChannelRow, clock: Clock) -> Answer:
    """Send the message, outside of any transaction."""
    try:
        destination = kinds.make(row.channel, setup.secret_of(vault, row), clock)
    except BadDestination as error:
        return Answer(str(error))
    try:
        await _send(destination, row, clock())
    except DeliveryFailed as error:
        return Answer(str(error))
    finally:
        if isinstance(destination, Closing):
            await destination.aclose()
    return Answer("")


async def _note(act: Act, name: str, answer: Answer) -> None:
    """Write what came of it: a channel that works again need not wait for its rest to end."""
    if answer.is_well:
        await channels.note(act.tx, name, last_ok=act.at, failures=0, open_until=0, broken_at=0)
    else:
        await channels.note(act.tx, name, last_error=answer.why, failed_at=act.at)
    act.tell("channel.tested", f"channel/{name}", after={"answer": answer.why or "well"})


async def _send(destination: Destination, row: ChannelRow, now: int) -> None:
    if isinstance(destination, Tickets):
        await destination.standing(NUMBER, "")
        return
    event = "closed" if row.kind in _SILENT else "tried"
    await destination(Delivery(f"incident|{NUMBER}|{event}@{now}", row.channel.name, _payload(event, now)))


def _payload(event: str, now: int) -> dict[str, Any]:
    title = {"zh": "Muster 测试消息：收到即表示渠道可用", "en": "Muster test message: this channel works"}
    incident = {
        "number": NUMBER, "state": "closed", "severity": "notice", "priority": "", "kind": "test",
        "source": "monitoring", "category": "", "site": "", "line": 1, "assignee": "", "causes": 1, "title": title,
        "detail": {}, "opened_at": time_text(now), "resolved_at": time_text(now),
    }  # fmt: skip
    return {"version": 1, "event": event, "at": time_text(now), "said": "", "incident": incident}
