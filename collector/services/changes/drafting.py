"""What a change would ask for that is made from a finding, or a campaign: one line for each value that moved."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.expected import Expected, How
from collector.change.record import Window
from collector.services import campaigns, findings
from collector.services.changes.asked import MAX_CIS, MAX_TITLE, Asked, AskedLine
from collector.store.browse.findings import FindingRow, ItemRow
from collector.store.changes import Origin
from collector.wording import clean

MANY: Final = 400
"""Lines of a campaign above which a line names a whole section instead: more of them nobody reads."""


async def of_finding(connection: AsyncConnection, number: int, by: str) -> tuple[Asked, Origin]:
    """Return what approves afterwards what a finding shows: what moved, as it was found; raise `NotFound`.

    The window is the time within which it must have happened; who did it knows better, and says so.
    """
    finding = await findings.one(connection, number)
    moved = [each for each in finding.items if each.is_open] or list(finding.items)
    lines = tuple(_line(finding, item) for item in moved)
    title = f"#{finding.id} {finding.ci.name}"[:MAX_TITLE]
    window = Window(finding.lo or finding.hi, finding.hi)  # never seen before: then when it was seen
    return Asked(title, "", by, (finding.ci.uid,), lines, window), Origin(finding_id=finding.id)


def _line(finding: FindingRow, item: ItemRow) -> AskedLine:
    return AskedLine(finding.ci.uid, item.section, item.key, item.field, Expected(How.EXACT, item.new))


async def of_campaign(connection: AsyncConnection, number: int, by: str) -> tuple[Asked, Origin]:
    """Return what approves afterwards what a campaign shows on all its CIs; raise `NotFound`.

    What is shared stands in it as it was found, or by sections where that would be too many lines.
    """
    campaign = await campaigns.one(connection, number)
    shared = {(each.section, each.key, each.field) for each in campaign.shared}
    lines = [
        _line(finding, item)
        for finding in campaign.findings
        for item in finding.items
        if item.is_open and (item.section, item.key, item.field) in shared
    ]
    uids = tuple(dict.fromkeys(each.ci.uid for each in campaign.findings))[:MAX_CIS]
    first = campaign.shared[0]
    title = f"#{campaign.number} {clean(first.section)} {clean(first.key)} × {len(uids)}"[:MAX_TITLE]
    window = Window(min(each.lo or each.hi for each in campaign.findings), campaign.hi)
    asked = tuple(line for line in (lines if len(lines) <= MANY else _by_section(lines)) if line.ci in set(uids))
    return Asked(title, "", by, uids, asked, window), Origin(finding_id=campaign.number)


def _by_section(lines: list[AskedLine]) -> list[AskedLine]:
    return [AskedLine(ci, section) for ci, section in dict.fromkeys((line.ci, line.section) for line in lines)]
