"""Whose an incident of a finding is: that of who administers the class; of several, of who has the least to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident import DISAPPEARANCE, UNAPPROVED_CHANGE
from collector.model import CI, Cause
from collector.security.roles import administrators
from collector.store import accounts, admissions

OF_RECORDS: Final = frozenset({UNAPPROVED_CHANGE, DISAPPEARANCE})
"""Kinds of causes that ask for a word of who administers the record, not for a repair."""


async def owners(tx: AsyncConnection, causes: Mapping[str, Cause], found: Mapping[int, CI]) -> dict[str, str]:
    """Return key → account for those of the `causes` (by the keys of their incidents) that are somebody's by class."""
    classes = {
        key: found[each.ci_id].ci_class
        for key, each in causes.items()
        if each.kind in OF_RECORDS and each.ci_id is not None and each.ci_id in found
    }
    if not classes:
        return {}
    people, busy = await _people(tx), await admissions.burdens(tx)
    owned: dict[str, str] = {}
    for key, ci_class in sorted(classes.items()):
        if able := administrators(people, ci_class):
            owned[key] = _idlest(able, busy)
            busy[owned[key]] = busy.get(owned[key], 0) + 1
    return owned


async def administrator(connection: AsyncConnection, ci_class: str) -> str:
    """Return who administers a class and has the least to do, "" where nobody does."""
    able = administrators(await _people(connection), ci_class)
    return _idlest(able, await admissions.burdens(connection)) if able else ""


def _idlest(names: Iterable[str], busy: Mapping[str, int]) -> str:
    return min(names, key=lambda name: (busy.get(name, 0), name))


async def _people(connection: AsyncConnection) -> dict[str, Collection[str]]:
    return {each.name: each.roles for each in await accounts.everyone(connection) if each.state == accounts.ACTIVE}
