"""The channels in use, as the courier knows them: each made once, and anew when somebody changed it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import structlog

from collector.clock import Clock
from collector.delivery import BadDestination
from collector.delivery.carrier import Line
from collector.delivery.kinds import KINDS
from collector.desk.table import BUILT_IN, Table
from collector.security.vault import Vault
from collector.services.channels import setup
from collector.store import channels
from collector.store.channels import ChannelRow
from collector.store.engine import Store
from collector.store.failure import reading

log = structlog.get_logger(__name__)


class Directory:
    """Answers which channels there are; a line that was handed out is closed by who asked."""

    def __init__(self, store: Store, vault: Vault, clock: Clock, desk: Table = BUILT_IN) -> None:
        self._store, self._vault, self._clock, self._desk = store, vault, clock, desk
        self._lines: dict[str, Line] = {}
        self._bad: set[str] = set()

    async def __call__(self) -> Sequence[Line]:
        """Return the channels in use; one that cannot be used is not among them. Raise `StoreFailed`."""
        async with reading(self._store) as connection:
            rows = {row.channel.name: row for row in await channels.everyone(connection) if row.channel.is_enabled}
        self._lines = {name: line for name, row in rows.items() if (line := self._line(row)) is not None}
        return tuple(self._lines.values())

    def _line(self, row: ChannelRow) -> Line | None:
        version = _version(row)
        known = self._lines.get(row.channel.name)
        if known is not None and known.version == version:
            return known
        try:
            made = setup.opened(self._vault, row, self._clock, self._desk)
        except BadDestination as error:
            if version not in self._bad:
                log.warning("a channel cannot be used", channel=row.channel.name, why=str(error))
                self._bad.add(version)
            return None
        return Line(row.channel.name, made, KINDS[row.kind].pace(row.channel), version)


def _version(row: ChannelRow) -> str:
    """Return what is another text after every change, of the secret too; a new key of the vault is none."""
    return hashlib.sha256(f"{row.channel!r} {row.changed_at}".encode()).hexdigest()
