"""What conditions over a CI read: its own fields, those of its record included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.facttypes import RECORD_FIELDS
from collector.model import CI, Value
from collector.store import places

_NOTHING_SAID = dict.fromkeys(RECORD_FIELDS, "")


async def of_cis(connection: AsyncConnection, found: Mapping[int, CI]) -> dict[int, dict[str, Value]]:
    """Return CI → its fields by name; of the record "" where it says nothing."""
    told = await records(connection, found)
    return {ci_id: own(ci, told.get(ci_id, {})) for ci_id, ci in found.items()}


async def records(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return CI → what its record says that rules may go by."""
    asked = list(ci_ids)
    return await places.records(connection, asked, RECORD_FIELDS) if asked else {}


def own(ci: CI, record: Mapping[str, str]) -> dict[str, Value]:
    return {
        **_NOTHING_SAID, **record, "id": ci.id, "uid": ci.uid, "name": ci.name, "class": ci.ci_class,
        "type": ci.ci_type, "state": str(ci.state), "environment": ci.environment,
    }  # fmt: skip
