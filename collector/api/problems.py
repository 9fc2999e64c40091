"""Errors of the API as problem+json (RFC 9457): what happened, never how it is built inside."""

from __future__ import annotations

import http
from typing import Any

from fastapi import Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from collector.api.access import BadForm, Forbidden, NotLoggedIn
from collector.api.answer import NotTheSame, Unseen
from collector.change.lifecycle import Denied
from collector.desk.lifecycle import Denied as IncidentDenied
from collector.record import BadValue
from collector.security.accounts import BadAccount
from collector.security.anchor import BadAnchor
from collector.security.roles import BadRoles
from collector.security.tokens import BadTerms
from collector.services.changes.desk import Overtaken
from collector.services.imports import BadTable
from collector.services.inbound.inbox import Busy
from collector.services.incidents.desk import Overtaken as IncidentOvertaken
from collector.services.missing import NotFound
from collector.services.once import BadKey, NoAnswer, OtherRequest
from collector.services.records import NotTheirs
from collector.services.refused import Refused
from collector.services.targets import InDoubt
from collector.store.browse.page import BadCursor

MEDIA_TYPE = "application/problem+json"
STATUSES: dict[type[Exception], int] = {
    NotLoggedIn: 401,
    Forbidden: 403,
    BadForm: 403,
    NotFound: 404,
    BadCursor: 400,
    BadTerms: 400,
    BadAccount: 400,
    BadAnchor: 400,
    BadRoles: 400,
    Denied: 409,
    Overtaken: 409,
    IncidentDenied: 409,
    IncidentOvertaken: 409,
    Refused: 400,
    BadValue: 400,
    BadTable: 400,
    NotTheirs: 403,
    NotTheSame: 412,
    Unseen: 428,
    BadKey: 400,
    OtherRequest: 422,
    NoAnswer: 409,
    InDoubt: 503,
    Busy: 503,
}
"""Every failure a route may raise on purpose, and the answer it gets."""


def problem(status: int, detail: str = "", **more: Any) -> JSONResponse:
    """Return a problem document; `more` are members beside the standard ones."""
    body = {"type": "about:blank", "title": http.HTTPStatus(status).phrase, "status": status} | more
    if detail:
        body["detail"] = detail
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def of_error(error: Exception) -> Response:
    """Return the problem an exception stands for; one that is not foreseen says nothing of itself."""
    if isinstance(error, RequestValidationError):
        return problem(422, "the request does not keep to the description of this API", errors=_places(error))
    if isinstance(error, HTTPException):
        return problem(error.status_code, error.detail if error.status_code < 500 else "")
    if isinstance(error, Refused | BadValue) and error.field:
        return problem(400, str(error), field=error.field)
    if isinstance(error, Denied | IncidentDenied):
        said = ", ".join(reason.replace("_", " ") for reason in error.reasons)
        return problem(409, f"nobody may do this as things stand: {said}", reasons=list(error.reasons))
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
    details = {NotLoggedIn: "log in, or send a good token", BadForm: "the CSRF token is missing or of another session"}
    return problem(status, details.get(type(error), str(error) if status < 500 or status == 503 else ""))


def _places(error: RequestValidationError) -> list[dict[str, Any]]:
    """Where and what, without what was sent: it may be a secret."""
    return [{"where": [str(part) for part in each["loc"]], "what": each["msg"]} for each in error.errors()]
