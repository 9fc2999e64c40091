"""The channel the collector's own settings name: `MUSTER_WEBHOOK_URL`, signed by `MUSTER_WEBHOOK_SECRET`."""

from __future__ import annotations

from dataclasses import asdict

from collector.channel import Channel
from collector.config import Settings
from collector.delivery import BadDestination, kinds
from collector.security.audit import Act
from collector.security.vault import Vault
from collector.services.channels import setup
from collector.store import channels


async def declare(act: Act, vault: Vault, settings: Settings) -> None:
    """Bring the channel in line with the settings; raise `BadDestination`. What stays as it is tells nothing."""
    before = await channels.find(act.tx, setup.BUILTIN)
    if not settings.webhook_url:
        if before is not None:
            await setup.forget(act.tx, setup.BUILTIN)
            act.tell("channel.remove", f"channel/{setup.BUILTIN}", asdict(before.channel))
        return
    channel = Channel(setup.BUILTIN, "webhook", kinds.checked("webhook", {"url": settings.webhook_url}))
    secret = {"secret": settings.webhook_secret} if settings.webhook_secret else {}
    if before is not None and before.channel == channel and _secret(vault, before) == secret:
        return
    await setup.write(act.tx, vault, channel, secret, act.at)
    act.tell("channel.save", f"channel/{setup.BUILTIN}", asdict(before.channel) if before else {}, asdict(channel))


def _secret(vault: Vault, row: channels.ChannelRow) -> object:
    try:
        return dict(setup.secret_of(vault, row))
    except BadDestination:
        return None
