"""Forms that are sent: what is right is done, what is refused comes back in the form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from collector.api.acting import acting
from collector.change import lifecycle as changes
from collector.desk import lifecycle as incidents
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


async def was_done(
    request: Request, form: Form, do: Callable[[Act], Awaitable[object]], marks: Mapping[str, str]
) -> bool:
    """Do what has no answer, as `attempt` does; return whether it was done."""

    async def answered(act: Act) -> bool:
        await do(act)
        return True

    return await attempt(request, form, answered, marks) is True


async def stepped(
    request: Request, form: Form, do: Callable[[Act], Awaitable[object]],
    again: Callable[[tuple[Any, ...]], Awaitable[Response]], done: str,
) -> Response:  # fmt: skip
    """Do a step of a change or an incident and lead to `done`.

    What may not be done as things stand comes back by `again`, with every reason; `form` keeps what was typed.
    """
    try:
        async with acting(request) as act:
            await do(act)
    except (changes.Denied, incidents.Denied) as error:
        return await again(error.reasons)
    except Refused as error:
        form.refused = str(error)
        return await again(())
    return RedirectResponse(done, 303)
