"""Reports people ask for, made of one consistent view of the database.

| file | one report |
|---|---|
| `status` | half-yearly CI status report: versions, what moved and on whose word, what stands open |
| `statistics` | how many CIs by class, type, state, age, vendor, place and owner |
| `maintenance` | what was done to one device and what befell it |
| `monthly` | incidents and how they were handled in a month, availability, maintenance, rules and waivers |
| `data_health` | how complete, fresh and verified the record is, and what to do about it |

`handling` judges and counts incidents, `months` are months of the working calendar;
`compared` holds a report against the one before;
`asked` says what may be asked of them, `versions` which values are versions, `paging` how pages become parts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.report.value import Report
from collector.services.missing import NotFound
from collector.services.reports import data_health, maintenance, monthly, statistics, status
from collector.services.reports.asked import Asked

Make = Callable[[AsyncConnection, Asked], Awaitable[Report]]

REPORTS: Final[Mapping[str, Make]] = {
    "monthly": monthly.make,
    "status": status.make,
    "statistics": statistics.make,
    "health": data_health.make,
    "maintenance": maintenance.make,
}


async def make(connection: AsyncConnection, name: str, asked: Asked) -> Report:
    """Return a report; its tables read from `connection`, which must stay open as long. Raise `NotFound`."""
    if name not in REPORTS:
        raise NotFound("report", name)
    return await REPORTS[name](connection, asked)
