"""Campaigns: open findings that share what moved on many CIs within a day, told as one and answered as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.batching import CAMPAIGN_CIS, Batch, campaigns, delta
from collector.change.item import Item
from collector.model import Path, Value, Verdict
from collector.services.missing import NotFound
from collector.store.browse import campaigns as browsed
from collector.store.browse import findings
from collector.store.browse.findings import FindingRow, ItemRow
from wire.sections import canonical

MOST: Final = 2_000
"""Open findings that are looked at, the newest; those of campaigns only."""


@dataclass(frozen=True, slots=True)
class Shared:
    """One thing that moved alike, from `old` to `new` (None: absent), on so many CIs; `olds`: from how many values."""

    section: str
    key: str
    field: str
    old: Value
    new: Value
    cis: int
    olds: int = 1


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """Findings that share what moved. `number` is that of the first of them; what is shared widest comes first."""

    findings: tuple[FindingRow, ...]
    shared: tuple[Shared, ...]

    @property
    def number(self) -> int:
        return self.findings[0].id

    @property
    def cis(self) -> int:
        return len({each.ci_id for each in self.findings})

    @property
    def lo(self) -> int:
        return min(each.lo for each in self.findings)

    @property
    def hi(self) -> int:
        return max(each.hi for each in self.findings)

    @property
    def due_at(self) -> int | None:
        """When the first clock of one of them ends (ms)."""
        return min((each.due_at for each in self.findings if each.due_at is not None), default=None)

    @property
    def verdicts(self) -> tuple[str, ...]:
        return tuple(sorted({each.verdict for each in self.findings}))


async def listed(connection: AsyncConnection) -> tuple[CampaignRow, ...]:
    """Return the campaigns among the open findings, the widest first."""
    numbers = await browsed.sharing(connection, CAMPAIGN_CIS, MOST)
    rows = [each for each in await findings.some_findings(connection, numbers) if _open_items(each)]
    found = [_batch(each) for each in rows]
    its = {id(batch): row for batch, row in zip(found, rows, strict=True)}  # values are no keys: what they are is
    made = [_campaign([its[id(batch)] for batch in each.batches], each.batches) for each in campaigns(found)]
    return tuple(sorted(made, key=lambda each: (-each.cis, each.number)))


async def one(connection: AsyncConnection, number: int) -> CampaignRow:
    """Return the campaign to which the finding with that number belongs; raise `NotFound`."""
    for each in await listed(connection):
        if number in {finding.id for finding in each.findings}:
            return each
    raise NotFound("campaign", str(number))


def _campaign(rows: Iterable[FindingRow], batches: Iterable[Batch]) -> CampaignRow:
    seen: dict[object, list[Item]] = {}
    for batch in batches:
        for item in batch.items:
            seen.setdefault(delta(item), []).append(item)
    wide = [each for each in map(_shared, seen.values()) if each.cis >= CAMPAIGN_CIS]
    ordered = sorted(wide, key=lambda each: (-each.cis, each.section, each.key, each.field))
    return CampaignRow(tuple(sorted(rows, key=lambda each: each.id)), tuple(ordered))


def _shared(items: Sequence[Item]) -> Shared:
    """Return what items of one delta come to."""
    one, cis = items[0], len({each.ci_id for each in items})
    olds = len({canonical({"old": each.old}) for each in items})
    return Shared(one.path.section, one.path.key, one.field, one.old, one.new, cis, olds)


def _open_items(finding: FindingRow) -> list[ItemRow]:
    return [each for each in finding.items if each.is_open and each.verdict != Verdict.IN_PROGRESS]


def _batch(finding: FindingRow) -> Batch:
    return Batch(finding.ci_id, tuple(_item(finding, each) for each in _open_items(finding)))


def _item(finding: FindingRow, row: ItemRow) -> Item:
    return Item(
        finding.ci_id, finding.source, Path(row.section, row.key), row.authorised, row.old, row.new, row.lo, row.hi,
        row.field, row.actor, row.claimed,
    )  # fmt: skip
