"""Errors as pages: what happened, what to do; who is not logged in is sent to log in."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from collector.api.access import NotLoggedIn
from collector.api.problems import STATUSES
from collector.store.browse.page import BadCursor
from collector.web.render import page
from collector.web.viewer import viewer_of

_TOLD = (400, 403, 404, 405, 413, 500, 503)


async def of_error(request: Request, error: Exception) -> Response:
    """Return the page an exception stands for."""
    if isinstance(error, NotLoggedIn):
        return _to_login(request)
    if isinstance(error, BadCursor):
        return RedirectResponse(request.url.path, 303)  # the list moved on: start it again
    status = _status(error)
    told = status if status in _TOLD else 400 if status < 500 else 500
    return page(await viewer_of(request), "error.html", status, told=told)


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, RequestValidationError):
        return 404  # a path that names nothing, such as /settings/tokens/x
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)


def _to_login(request: Request) -> Response:
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    following = {} if request.method != "GET" or here == "/" else {"next": here}
    return RedirectResponse("/login" + (f"?{urlencode(following)}" if following else ""), 303)
