"""The least a store needs before it can hold alerts and incidents: CIs."""

from __future__ import annotations

from collector.store import schema
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
