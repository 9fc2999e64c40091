"""Forms that are sent: what is right is done, what is refused comes back in the form; and the page before a removal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request, Response

from collector.api.acting import acting
from collector.api.context import context_of
from collector.security.audit import Act
from collector.services.refused import Refused
from collector.web import forms
from collector.web.forms import Form
from collector.web.render import page
from collector.web.viewer import viewer_of

Done = TypeVar("Done")


async def sent(request: Request) -> Form:
    """Return the form a request brings."""
    return forms.of_form((await request.form()).multi_items())


async def attempt(
    request: Request, form: Form, do: Callable[[Act], Awaitable[Done]], marks: Mapping[str, str]
) -> Done | None:
    """Return what `do` returns, None where the form is not right or the service refuses it; it then says why.

    `marks`: field the service may refuse → text of the catalogue to put beside it.
    """
    if not form.is_right:
        return None
    try:
        async with acting(request) as act:
            return await do(act)
    except Refused as error:
        if error.field in marks:
            form.mark(error.field, marks[error.field])
        else:
            form.refused = str(error)
    return None


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be removed, once its `name` was typed. `words`: what the catalogue's texts about it begin with."""

    name: str
    words: str
    back: str
    action: str


async def removal(request: Request, what: Removal, error: str = "") -> Response:
    """Return the page that asks for the name of what is to be removed."""
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
    return page(
        viewer, "removal.html", 400 if error else 200, name=what.name, words=what.words, back=what.back,
        action=what.action, error=error,
    )  # fmt: skip


async def is_named(request: Request, what: Removal) -> bool:
    """Return whether the name that was typed is the one of what is to be removed."""
    return str((await request.form()).get("name", "")).strip() == what.name
