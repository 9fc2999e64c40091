"""Whom and what a form may name: accounts that may work on changes, and CIs by what people call them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.roles import Permission, permissions
from collector.store import accounts
from collector.store import called as by_name
from collector.store.browse import cis
from collector.store.browse.cis import CiQuery
from collector.store.browse.page import Window
from collector.store.browse.ref import CiRef


async def people(connection: AsyncConnection) -> tuple[str, ...]:
    """Return the names of the accounts that may work on changes."""
    everyone = await accounts.everyone(connection)
    return tuple(
        each.name
        for each in everyone
        if each.state == accounts.ACTIVE and Permission.CHANGES_WRITE in permissions(each.roles)
    )  # fmt: skip


async def called(connection: AsyncConnection, words: Collection[str]) -> Mapping[str, tuple[CiRef, ...]]:
    """Return what somebody called CIs (id, label or name) → which these are; a word nobody has is not there."""
    return await by_name.referred(connection, words)


async def names(connection: AsyncConnection, uids: Collection[str]) -> dict[str, str]:
    """Return uid → the name of the CI where no other has it, else the uid."""
    refs = {each.uid: each.name for found in (await called(connection, uids)).values() for each in found}
    alike = await called(connection, list(refs.values()))
    return {uid: name if len(alike.get(name, ())) == 1 else uid for uid, name in refs.items()}


async def matching(connection: AsyncConnection, q: str, limit: int = 20) -> tuple[CiRef, ...]:
    """Return CIs that match a search."""
    page = await cis.list_cis(connection, CiQuery(q=q), Window(limit))
    return tuple(CiRef(row.uid, row.name, row.ci_class, row.ci_type, row.state) for row in page.items)
