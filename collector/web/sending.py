"""Forms that are sent: what is right is done, what is refused comes back in the form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from fastapi import Request

from collector.api.acting import acting
from collector.security.audit import Act
from collector.services.refused import Refused
from collector.web import forms
from collector.web.forms import Form

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
