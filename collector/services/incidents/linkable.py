"""What an incident can have to do with, and whether there is what a link names."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.refused import Refused
from collector.store import changes, cis, findings, incidents, knowledge

LINKS: Final = ("ci", "change", "finding", "request", "knowledge", "incident")


async def check(tx: AsyncConnection, kind: str, reference: str, number: str) -> None:
    """Raise `Refused` unless incident `number` can be linked to what this names; requests are named freely."""
    if kind not in LINKS:
        raise Refused(f"kind: one of {', '.join(LINKS)} is expected", "kind")
    is_there = _CHECKS.get(kind)
    if (kind, reference) == ("incident", number) or (is_there is not None and not await is_there(tx, reference)):
        raise Refused(f"there is no {kind} {reference}", "reference")


async def _ci(tx: AsyncConnection, uid: str) -> bool:
    return bool(await cis.by_uids(tx, [uid]))


async def _change(tx: AsyncConnection, number: str) -> bool:
    return await changes.find(tx, number) is not None


async def _finding(tx: AsyncConnection, number: str) -> bool:
    named = int(number[:18]) if number.isascii() and number.isdecimal() else 0
    return named > 0 and bool(await findings.of_findings(tx, [named]))


async def _article(tx: AsyncConnection, number: str) -> bool:
    """Return whether everybody who reads articles can read it."""
    kept = await knowledge.find(tx, number)
    return kept is not None and kept.article.is_read


async def _incident(tx: AsyncConnection, number: str) -> bool:
    return await incidents.look(tx, number) is not None


_CHECKS: Final = {"ci": _ci, "change": _change, "finding": _finding, "knowledge": _article, "incident": _incident}
