"""How CIs are related: the list, as of any moment in both times, and the same as CSV."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import relations
from collector.services.lookback.moments import moment_of
from collector.store.browse.relations import RelationQuery, RelationRow
from collector.web import units
from collector.web.catalogue import Texts
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.viewer import Viewer

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_READ)])

SPEC = Spec(
    "/relations",
    (Column("ci"), Column("relation"), Column("to"), Column("source"), Column("since")),
    {"relation": relations.KINDS},
    moments=True,
)


def _query(request: Request, asked: Listing) -> RelationQuery:
    moment = moment_of(asked.at, asked.known_at, context_of(request).clock())
    return RelationQuery(kinds=asked.chosen["relation"], moment=moment, q=asked.q)


def _cells(row: RelationRow, texts: Texts) -> dict[str, object]:
    return {
        "ci": row.a.name, "relation": texts.label("relation", row.kind), "to": row.b.name, "source": row.source,
        "since": units.exact(row.since), "id": row.a.uid, "to_id": row.b.uid,
    }  # fmt: skip


LIST = ListPage(SPEC, _query, relations.listed, _cells, also=("id", "to_id"))


async def _beside(_: AsyncConnection, viewer: Viewer, listing: Listing) -> dict[str, Any]:
    return {"moment": moment_of(listing.at, listing.known_at, viewer.now)}


@router.get("/relations")
async def relations_page(request: Request) -> Response:
    return await LIST.page(request, "relation_list.html", _beside)


@router.get("/relations.csv")
async def relations_csv(request: Request) -> Response:
    return LIST.csv(request)
