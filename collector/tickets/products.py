"""The products by name, and one look at a system."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from collector.tickets import BadAnswer, BadRecord, glpi, itop, jira, servicenow
from collector.tickets.exchange import WHOLE_S, Exchange
from collector.tickets.record import Pulled
from collector.tickets.system import Secret, System
from collector.tickets.tables import Table, under

Read = Callable[[Exchange, System, Table, Secret], Awaitable[Pulled]]

READERS: Final[Mapping[str, Read]] = {
    "itop": itop.read, "glpi": glpi.read, "servicenow": servicenow.read, "jira": jira.read,
}  # fmt: skip


async def look(system: System, tables: Mapping[str, Table], secret: Secret, exchange: Exchange) -> Pulled:
    """Return the changes of a system: all that were asked for, or `BadAnswer`."""
    table = under(tables[system.kind], system)
    try:
        async with asyncio.timeout(WHOLE_S):
            return await READERS[system.kind](exchange, system, table, secret)
    except TimeoutError:
        raise BadAnswer(f"it took more than {WHOLE_S:g} s; ask for fewer changes") from None
    except BadRecord as error:
        raise BadAnswer(f"a record without what tells it from others ({error.field}: {error})") from None
