"""What people said in PagerDuty of an incident it was told of: who saw it there saw it here, and resolved is resolved.

It comes signed with a secret of the channel, and counts once: not where the incident is over, nor where it began again
after that was said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.clock import Clock
from collector.delivery import BadDestination
from collector.delivery.kinds import prefix_of
from collector.model import Incident
from collector.security.audit import COLLECTOR, recorded
from collector.security.vault import Vault
from collector.services.channels import setup
from collector.services.channels.reconciling import Resolve, resolved_in
from collector.services.inbound.inbox import Busy
from collector.services.inbound.pagerduty_webhook import RESOLVED, Said, is_signed, said_of
from collector.services.inbound.reading import BadAlert
from collector.services.incidents import acknowledging
from collector.store import channels, correspondence, desk, incidents
from collector.store.channels import ChannelRow
from collector.store.engine import Store
from collector.store.failure import StoreFailed, reading, writing
from collector.store.problems import REOPENINGS
from collector.tickets.exchange import parsed

log = structlog.get_logger(__name__)

KIND: Final = "pagerduty"
SECRET: Final = "webhook_secret"  # noqa: S105  the name of a field


class NotSigned(Exception):
    """No channel of that name takes this; which of both it is, is not told."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Hears what PagerDuty says. `resolve` is the desk's."""

    store: Store
    vault: Vault
    clock: Clock
    resolve: Resolve

    async def __call__(self, name: str, body: bytes, signature: str) -> bool:
        """Take a message for a channel; return whether it changed anything.

        Raise `NotSigned`, `BadAlert`, `Busy`.
        """
        try:
            row = await self._sender(name, body, signature)
            said, prefix = _said(body), prefix_of(row.channel)
            if said is None or not said.key.startswith(prefix):
                return False
            return await self._take(name, said.key.removeprefix(prefix), said)
        except StoreFailed:
            raise Busy from None

    async def _take(self, name: str, number: str, said: Said) -> bool:
        async with writing(self.store) as tx:
            one = await self._its(tx, name, number, said)
            moved = one is not None and await self._moved(tx, one, name, said)
        log.info("heard from pagerduty", channel=name, incident=number, said=said.what, moved=moved)
        return moved

    async def _sender(self, name: str, body: bytes, signature: str) -> ChannelRow:
        async with reading(self.store) as connection:
            row = await channels.find(connection, name)
        if row is None or row.kind != KIND or not row.channel.is_enabled:
            raise NotSigned
        try:
            secret = setup.secret_of(self.vault, row).get(SECRET, "")
        except BadDestination:
            raise NotSigned from None
        if not secret or not is_signed(body, signature, secret):
            raise NotSigned
        return row

    async def _its(self, tx: AsyncConnection, name: str, number: str, said: Said) -> Incident | None:
        """Return the incident, where that channel was told of it and it is open since before that was said."""
        one = await incidents.look(tx, number)
        if one is None or one.resolved_at is not None or not await correspondence.is_open(tx, name, _subject(number)):
            return None
        begun = [mark.at for mark in await desk.trail(tx, one.id) if mark.act in REOPENINGS]
        return one if said.at >= max([one.opened_at, *begun]) else None

    async def _moved(self, tx: AsyncConnection, one: Incident, name: str, said: Said) -> bool:
        now = self.clock()
        if said.what == RESOLVED:
            await correspondence.close(tx, name, _subject(one.number))
            return await self.resolve(tx, one.number, resolved_in(name, said.who), now)
        async with recorded(tx, COLLECTOR, now) as act:
            return await acknowledging.of_incident_elsewhere(act, one, said.who or name, f"PagerDuty · {name}")


def _said(body: bytes) -> Said | None:
    try:
        return said_of(parsed(body))
    except ValueError:
        raise BadAlert("JSON is expected") from None


def _subject(number: str) -> str:
    return f"incident|{number}"
