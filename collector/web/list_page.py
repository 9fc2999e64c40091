"""A list as its page and as its files: one question, the same rows in each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.context import context_of
from collector.store.browse.page import Page, Window
from collector.web import csvfile, render
from collector.web.catalogue import Texts
from collector.web.listing import Listing, Spec, everything, read
from collector.web.viewer import Viewer, texts_of, viewer_of

Q = TypeVar("Q")
T = TypeVar("T")
R = TypeVar("R")

More = Callable[[AsyncConnection, Viewer, Listing], Awaitable[Mapping[str, Any]]]
"""What a page shows beside its list: name in the template → value."""


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Q, T]):
    """A list people look at and take away.

    `query`: what was asked, as the services ask it; `find`: a part of its rows; `cells`: a row as a spreadsheet has it,
    column → value. `also`: cells the file has behind the columns people chose.
    """

    spec: Spec
    query: Callable[[Request, Listing], Q]
    find: Callable[[AsyncConnection, Q, Window], Awaitable[Page[T]]]
    cells: Callable[[T, Texts], Mapping[str, object]]
    also: tuple[str, ...] = ()

    async def page(self, request: Request, template: str, more: More | None = None, **values: Any) -> Response:
        """Return the page; where the address is longer than need be, lead to the short one."""
        asked = read(self.spec, request)
        if shorter := asked.shorter(request):
            return RedirectResponse(shorter, 303)
        async with context_of(request).store.read() as connection:
            viewer = await viewer_of(request, connection)
            listing = asked.of(await self.find(connection, self.query(request, asked), asked.window))
            beside = await more(connection, viewer, listing) if more else {}
        return render.page(viewer, template, listing=listing, **beside, **values)

    def csv(self, request: Request) -> StreamingResponse:
        """Return the columns that are shown, of all rows."""
        asked, texts = read(self.spec, request), texts_of(request, request.state.principal)
        names = [*asked.names, *self.also]

        def row(each: T) -> list[object]:
            cells = self.cells(each, texts)
            return [cells[name] for name in names]

        return csvfile.answer(self.spec.path.strip("/"), [*asked.head(texts), *self.also], self.rows(request, row))

    def rows(self, request: Request, row: Callable[[T], R]) -> AsyncIterator[Sequence[R]]:
        """Yield all rows that were asked for, each made by `row`."""
        query = self.query(request, read(self.spec, request))
        return everything(
            context_of(request).store, lambda connection, window: self.find(connection, query, window), row
        )
