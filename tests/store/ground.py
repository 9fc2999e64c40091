"""The least a store needs before it can hold alerts and incidents: CIs, and channels that are told."""

from __future__ import annotations

from collector.channel import Channel
from collector.store import channels, heads, schema
from collector.store.channels import ChannelRow
from collector.store.engine import Store, insert


async def with_cis(store: Store, count: int) -> None:
    """Add CIs 1 to `count`."""
    rows = [
        {"uid": f"ci-{at}", "ci_class": "server", "ci_type": "pc_server", "name": f"srv{at}", "state": "active",
         "created_at": 0}
        for at in range(1, count + 1)
    ]  # fmt: skip
    async with store.write() as connection:
        await connection.execute(insert(connection, schema.ci), rows)
        await heads.keep(connection, range(1, count + 1), 0, 0)


async def with_channels(store: Store, *names: str) -> None:
    """Add channels that are told of everything; what they are told waits in the outbox."""
    async with store.write() as connection:
        for name in names:
            channel = Channel(name, "webhook", {"url": "http://127.0.0.1:9/"})
            await channels.save(connection, ChannelRow(channel, "", b"", ""), 0)
