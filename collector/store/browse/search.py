"""Finds CIs by what people have at hand (a name, a serial, a MAC, an address), and a finding by its number."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, FromClause, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER
from collector.store.browse.page import AnySelect
from collector.store.schema import ci, fact, finding, identifier, path, val

MAX_QUERY = 200
_MAC = re.compile(r"[0-9a-f]{12}")
_ADDRESS = re.compile(r"[0-9a-f:.]{3,45}")


def cis_matching(q: str, ci: FromClause = ci) -> ColumnElement[bool]:
    """Return the condition under which a CI matches `q`: name, label, identifier or address."""
    text = q.strip()[:MAX_QUERY]
    conditions: list[ColumnElement[bool]] = [
        ci.c.name.icontains(text, autoescape=True),
        ci.c.label.icontains(text, autoescape=True),
        ci.c.id.in_(select(identifier.c.ci_id).where(_named(text))),
    ]
    if _ADDRESS.fullmatch(text.lower()):
        conditions.append(ci.c.id.in_(_addressed(text.lower())))
    return or_(*conditions)


def nearness(q: str, ci: FromClause = ci) -> ColumnElement[int]:
    """Return how near the name or the label of a CI is to `q`: 0 it is called so, 1 it begins so, 2 neither."""
    text = q.strip()[:MAX_QUERY]
    called = (ci.c.name, ci.c.label)
    return case(
        (or_(*(func.lower(each) == text.lower() for each in called)), 0),
        (or_(*(each.istartswith(text, autoescape=True) for each in called)), 1),
        else_=2,
    )


def _named(text: str) -> ColumnElement[bool]:
    lowered = text.lower()
    digits = re.sub(r"[:.\-]", "", lowered)
    if _MAC.fullmatch(digits):
        mac = ":".join(digits[at : at + 2] for at in range(0, 12, 2))
        return func.lower(identifier.c.value).in_((lowered, mac))
    return identifier.c.value.icontains(text, autoescape=True)


def _addressed(address: str) -> AnySelect:
    """CIs with an interface that carries an address which begins so (the whole one ends at its prefix length)."""
    return (
        select(fact.c.ci_id)
        .join(path, path.c.id == fact.c.path_id)
        .join(val, val.c.id == fact.c.val_id)
        .where(path.c.section == "interfaces", fact.c.vt == FOREVER, fact.c.tt == FOREVER)
        .where(val.c.text.contains(f'"{address}', autoescape=True))
    )


async def finding_numbered(connection: AsyncConnection, q: str) -> int | None:
    """Return the id of the finding people mean by `q` (`17`, `#17`, `F-17`), when there is one."""
    number = re.fullmatch(r"(?:#|f-)?(\d{1,12})", q.strip().lower())
    if not number:
        return None
    found = await connection.execute(select(finding.c.id).where(finding.c.id == int(number[1])))
    return found.scalar_one_or_none()
