"""Anchors the audit log by itself: once a day its head is signed, kept, and told by the channels that ask for it.

What a channel has received is out of reach of whoever owns the database: it is held against the log at any later time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.channel import ANCHOR, Channel
from collector.clock import Clock
from collector.model import Delivery
from collector.report.value import Figure, Kind
from collector.report.words import Words, title
from collector.security import anchor
from collector.security.audit import COLLECTOR, acting
from collector.security.ca import Authority
from collector.services.reports.delivering import figured, wants
from collector.store import audit, audit_anchors, channels, outbox
from collector.store.audit import HEAD, Mark
from collector.store.engine import Store
from collector.store.failure import StoreFailed, reading
from collector.wording import time_text
from collector.workcalendar import Calendar

log = structlog.get_logger(__name__)

EVERY_S: Final = 60.0
NAME: Final = "audit_anchor"


@dataclass(frozen=True, slots=True)
class Anchoring:
    """`run()` until cancelled; `step()` is one look. `calendar` says which day it is; `words`: zh and en → theirs."""

    store: Store
    authority: Authority
    calendar: Calendar
    words: Mapping[str, Words]
    clock: Clock

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except StoreFailed as error:  # the day has no anchor yet
                log.warning("the anchor of the audit log waits for the database", error=str(error))
            await asyncio.sleep(EVERY_S)

    async def step(self) -> str:
        """Anchor the day unless it is; return the day that was anchored, "" for none. Raise `StoreFailed`."""
        day = self.calendar.day_of(self.clock()).isoformat()
        async with reading(self.store) as connection:
            if await audit_anchors.is_there(connection, day):
                return ""
        done = False
        async with acting(self.store, COLLECTOR, self.clock) as act:
            head = await audit.mark(act.tx, HEAD)
            if done := await audit_anchors.add(act.tx, anchor.daily(self.authority, day, head)):
                await self._tell(act.tx, day, head, act.at)
                act.tell("audit.anchor", f"audit/{day}", after={"seq": head.seq, "hash": head.hash.hex()})
        return day if done else ""

    async def _tell(self, tx: AsyncConnection, day: str, head: Mark, now: int) -> None:
        listening = [each for each in await channels.enabled(tx) if wants(each, ANCHOR)]
        await outbox.write(tx, _deliveries(day, listening, self._message(day, head, now)), now)

    def _message(self, day: str, head: Mark, now: int) -> dict[str, Any]:
        """Return what channels are told: for people its figures, for programs the anchor as it is given back."""
        signed = anchor.signed(self.authority, head)
        figures = (
            Figure("audit_seq", head.seq), Figure("audit_hash", head.hash.hex(), Kind.TEXT),
            Figure("audit_at", head.at, Kind.TIME), Figure("signature", signed["signature"], Kind.TEXT),
        )  # fmt: skip
        return {
            "version": 1, "event": ANCHOR, "at": time_text(now), "said": "", "anchor": signed,
            "report": {"name": NAME, "day": day, "path": "/audit", "figures": figured(figures, self.words)},
            "incident": {
                "number": f"ANCHOR-{day}", "severity": "notice", "state": "closed",
                "title": {language: f"{day} {title(its, NAME)}" for language, its in self.words.items()},
            },
        }  # fmt: skip


def _deliveries(day: str, to: Sequence[Channel], payload: Mapping[str, Any]) -> list[Delivery]:
    return [Delivery(f"audit|{day}|{ANCHOR}", each.name, payload) for each in to]
