"""What people say of a channel: checked, kept, and its secret sealed for its address."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.channel import EVENTS, Channel, Wants
from collector.clock import Clock
from collector.delivery import BadDestination, Closing, Destination, kinds
from collector.delivery.caller import checked_url
from collector.delivery.kinds import KINDS as KINDS
from collector.delivery.kinds import Setting as Setting
from collector.delivery.message import LANGUAGES
from collector.desk.table import BUILT_IN, Table
from collector.security.audit import Act
from collector.security.vault import NotOpened, Vault
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.severity import SEVERITIES
from collector.store import channels, correspondence, outbox
from collector.store.channels import ChannelRow, Health

BUILTIN: Final = "webhook"
"""The name of the channel the collector's own settings make."""
MAX_CHANNELS: Final = 50
MAX_WORDS: Final = 100
MAX_SECRET: Final = 4_000
SOURCES: Final = ("user", "monitoring", "maintenance")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Standing:
    """A channel, how it fares, and how many messages wait for it, were given up, and incidents are open there."""

    channel: Channel
    health: Health
    waiting: int = 0
    dead: int = 0
    open: int = 0

    def state(self, now: int) -> str:
        """Return how it is in one word: off, broken, failing, well, or unused."""
        if not self.channel.is_enabled:
            return "off"
        if self.health.broken_at:
            return "broken"
        if self.dead or self.health.failures or self.health.failed_at > self.health.last_ok:
            return "failing"
        return "well" if self.health.last_ok else "unused"


async def listed(connection: AsyncConnection) -> list[Standing]:
    """Return all channels by name, without what is secret."""
    fares, rows = await channels.health(connection), await outbox.counts(connection)
    there = await correspondence.count(connection)
    return [
        Standing(
            each.channel, fares.get(name, Health(name)), rows.get(name, {}).get("waiting", 0),
            rows.get(name, {}).get("dead", 0), there.get(name, 0),
        )
        for each in await channels.everyone(connection) for name in [each.channel.name]
    ]  # fmt: skip


async def one(connection: AsyncConnection, name: str) -> Standing:
    """Return one channel; raise `NotFound`."""
    for each in await listed(connection):
        if each.channel.name == name:
            return each
    raise NotFound("channel", name[:64])


async def save(act: Act, vault: Vault, channel: Channel, secret: Mapping[str, str] | None) -> None:
    """Set a channel up, or write it anew; raise `Refused`. Without a secret the one it has stays, for its address."""
    if channel.name == BUILTIN:
        raise Refused(f"the channel {BUILTIN} is the one the collector's own settings make", "name")
    before = await channels.find(act.tx, channel.name)
    if before is None and len(await channels.everyone(act.tx)) >= MAX_CHANNELS:
        raise Refused(f"at most {MAX_CHANNELS} channels are kept", "name")
    checked = _checked(channel, before)
    scope = str(checked.settings[KINDS[checked.kind].scope])
    kept = _given(checked.kind, secret) if secret else _standing(vault, before, checked, scope)
    await _tried(checked, kept)
    await write(act.tx, vault, checked, kept, act.at)
    if not checked.is_enabled:
        await outbox.drop(act.tx, checked.name)
    replaced = {"secret": "another one"} if secret and before else {}
    act.tell("channel.save", f"channel/{channel.name}", asdict(before.channel) if before else {},
             asdict(checked) | replaced)  # fmt: skip


async def write(tx: AsyncConnection, vault: Vault, channel: Channel, secret: Mapping[str, str], now: int) -> None:
    """Write a channel whose settings were checked, with its secret sealed for its address."""
    scope = str(channel.settings[KINDS[channel.kind].scope])
    row = ChannelRow(channel, scope, b"", "")
    sealed, key_id = vault.seal(row.uid, row.kind, scope, secret)
    await channels.save(tx, replace(row, sealed=sealed, key_id=key_id), now)


async def remove(act: Act, name: str) -> None:
    """Forget a channel and its secret; what waits for it is not sent any more. Raise `NotFound`, `Refused`."""
    if name == BUILTIN:
        raise Refused(f"the channel {BUILTIN} goes with the setting that makes it", "name")
    before = await find(act.tx, name)
    await forget(act.tx, name)
    act.tell("channel.remove", f"channel/{name}", asdict(before.channel))


async def forget(tx: AsyncConnection, name: str) -> None:
    await channels.remove(tx, name)
    await outbox.drop(tx, name)


async def again(act: Act, name: str) -> int:
    """Have what was given up for a channel tried again; return how much that was. Raise `NotFound`."""
    await find(act.tx, name)
    count = await outbox.revive(act.tx, name, act.at)
    await channels.note(act.tx, name, failures=0, open_until=0)
    act.tell("channel.again", f"channel/{name}", after={"messages": count})
    return count


async def find(connection: AsyncConnection, name: str) -> ChannelRow:
    """Return a channel as it is kept; raise `NotFound`."""
    row = await channels.find(connection, name)
    if row is None:
        raise NotFound("channel", name[:64])
    return row


def opened(vault: Vault, row: ChannelRow, clock: Clock, desk: Table = BUILT_IN) -> Destination:
    """Return where a channel leads, and says the words of `desk`; raise `BadDestination`."""
    return kinds.make(row.channel, secret_of(vault, row), clock, desk)


def secret_of(vault: Vault, row: ChannelRow) -> Mapping[str, str]:
    """Return what logs in; raise `BadDestination`."""
    try:
        return vault.unseal(row)
    except NotOpened:
        raise BadDestination("what is kept to log in no longer opens: give it again", "secret") from None


def _checked(channel: Channel, before: ChannelRow | None) -> Channel:
    """Return the channel with all its settings; raise `Refused`."""
    if not _NAME.fullmatch(channel.name):
        raise Refused("a name of at most 40 lower-case letters, digits, dots and dashes is expected", "name")
    if channel.language not in LANGUAGES:
        raise Refused(f"a language is one of {', '.join(LANGUAGES)}", "language")
    _check_wants(channel.wants)
    try:
        link = checked_url(channel.link, "link") if channel.link else ""
    except BadDestination as error:
        raise Refused(str(error), "link") from None
    try:
        settings = kinds.checked(channel.kind, channel.settings)
    except BadDestination as error:
        raise Refused(str(error), error.field) from None
    if settings.get("mark") == "":
        settings["mark"] = _mark(before)
    return replace(channel, settings=settings, link=link)


def _mark(before: ChannelRow | None) -> str:
    """Return what tells our tickets from another collector's: the same for as long as the channel is there."""
    return str(before.channel.settings.get("mark") or "") if before else secrets.token_hex(4)


def _check_wants(wants: Wants) -> None:
    if wants.severity not in SEVERITIES:
        raise Refused(f"a severity is one of {', '.join(SEVERITIES)}", "severity")
    for name, known in (("events", EVENTS), ("sources", SOURCES)):
        if unknown := sorted({*getattr(wants, name)} - {*known}):
            raise Refused(f"of {name} there are {', '.join(known)}, not {unknown[0][:64]}", name)
    for name in ("categories", "sites"):
        said = getattr(wants, name)
        if len(said) > MAX_WORDS or not all(each.isprintable() and 0 < len(each) <= 100 for each in said):
            raise Refused(f"up to {MAX_WORDS} names are expected", name)


async def _tried(channel: Channel, secret: Mapping[str, str]) -> None:
    """Make the destination once, so that what cannot be made is said now; raise `Refused`."""
    try:
        made = kinds.make(channel, secret, lambda: 0)
    except BadDestination as error:
        raise Refused(str(error), error.field) from None
    if isinstance(made, Closing):
        await made.aclose()


def _standing(vault: Vault, before: ChannelRow | None, channel: Channel, scope: str) -> Mapping[str, str]:
    """Return the secret a channel has; one that was given for another address is not sent to this one."""
    if before is None:
        return {}
    if (before.kind, before.scope) != (channel.kind, scope):
        raise Refused("a channel of another kind, or at another address, needs what logs in anew", "secret")
    try:
        return secret_of(vault, before)
    except BadDestination as error:
        raise Refused(str(error), error.field) from None


def _given(kind: str, secret: Mapping[str, str]) -> dict[str, str]:
    names = KINDS[kind].secrets if kind in KINDS else ()
    said = {name: value for name, value in secret.items() if value}
    if unknown := sorted(said.keys() - {*names}):
        raise Refused(f"{kind} logs in with {', '.join(names) or 'nothing'}, not with {unknown[0][:64]}", "secret")
    if not all(len(each) <= MAX_SECRET and each.isprintable() and each.isascii() for each in said.values()):
        raise Refused(f"printable texts of at most {MAX_SECRET} characters are expected", "secret")
    return said
