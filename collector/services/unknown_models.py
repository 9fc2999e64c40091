"""Devices no definition knows: by the number that names their model, with a sample to write a definition from."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.missing import NotFound
from collector.store.browse import unknown_models
from collector.store.browse.ref import CiRef
from collector.store.browse.unknown_models import UnknownRow

EXAMPLES = 5
_NUMBERS = re.compile(r"[0-9.]{1,200}")


@dataclass(frozen=True, slots=True)
class UnknownModel:
    """Devices with one sysObjectID and one maker, as far as told. `sample_of`: the first a sample was taken of."""

    object_id: str
    vendor: str
    description: str
    count: int
    examples: tuple[CiRef, ...]
    sample_of: CiRef | None


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording to download, `lines` in the form of a `.snmprec`."""

    file: str
    lines: str


async def models(connection: AsyncConnection) -> list[UnknownModel]:
    """Return the unknown models, those with most devices first."""
    found: dict[tuple[str, str], list[UnknownRow]] = {}
    for row in await unknown_models.unmatched(connection):
        found.setdefault((row.object_id, row.vendor), []).append(row)
    return sorted(map(_model, found.values()), key=lambda each: (-each.count, each.object_id, each.vendor))


def _model(rows: list[UnknownRow]) -> UnknownModel:
    one = next((row for row in rows if row.sampled), None)
    shown = one or rows[0]
    examples = tuple(row.ci for row in rows[:EXAMPLES])
    return UnknownModel(shown.object_id, shown.vendor, shown.description, len(rows), examples, one.ci if one else None)


async def sample(connection: AsyncConnection, uid: str) -> Sample:
    """Return the newest sample of a CI; raise `NotFound`."""
    body = await unknown_models.sample(connection, uid)
    told = json.loads(body) if body else {}
    if not told.get("snmprec"):
        raise NotFound("sample", uid)
    name = str(told.get("object_id") or "")
    return Sample(f"sample-{name if _NUMBERS.fullmatch(name) else uid}.snmprec", str(told["snmprec"]))
