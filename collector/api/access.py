"""Who may: every route carries exactly one `Requires`, naming a permission or saying that it is public."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute

from collector.api.context import context_of
from collector.security import sessions
from collector.security.roles import Permission
from collector.security.sessions import Principal

COOKIE = "muster_session"
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class NotLoggedIn(Exception):
    """Nobody is logged in, or the token is not good (any more)."""


class Forbidden(Exception):
    """Whoever asks may not do this; `permission` is what is missing."""

    def __init__(self, permission: str) -> None:
        super().__init__(f"this needs the permission {permission}")
        self.permission = permission


class BadForm(Exception):
    """The form does not carry the text of its session: another site may have sent it."""


@dataclass(frozen=True, slots=True)
class Requires:
    """A route's condition: a permission, or None for everyone. `loopback`: this machine needs no login.

    `files`: how many files its form may bring.
    """

    permission: Permission | None
    loopback: bool = False
    files: int = 0

    async def __call__(self, request: Request) -> Principal | None:
        principal = await identify(request)
        if self.permission is None or (self.loopback and principal is None and is_loopback(request)):
            return principal
        if principal is None:
            raise NotLoggedIn
        if not principal.may(self.permission):
            raise Forbidden(self.permission)
        if request.method not in _SAFE and principal.session:
            await check_form(request, principal, self.files)
        return principal


async def identify(request: Request) -> Principal | None:
    """Return who asks. A bearer header counts alone: a bad one is not helped by a good cookie."""
    if hasattr(request.state, "principal"):
        found: Principal | None = request.state.principal
        return found
    context = context_of(request)
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        principal = await sessions.of_bearer(context.store, credentials.strip(), context.clock)
        if principal is None:
            raise NotLoggedIn
    elif key := request.cookies.get(COOKIE):
        principal = await sessions.of_cookie(context.store, key, context.settings, context.clock)
    else:
        principal = None
    request.state.principal = principal
    return principal


async def check_form(request: Request, principal: Principal, files: int = 0) -> None:
    """Raise `BadForm` unless the request carries the text of the session it comes with."""
    given = request.headers.get(CSRF_HEADER, "")
    if not given and request.headers.get("content-type", "").startswith(_FORMS):
        given = str((await request.form(max_files=files, max_fields=100)).get(CSRF_FIELD, ""))
    if not sessions.csrf_matches(principal.csrf, given):
        await request.close()  # with the files it brought
        raise BadForm


def is_loopback(request: Request) -> bool:
    """Return whether this machine asks for itself; what came through a proxy did not."""
    if request.client is None or any(name in request.headers for name in ("x-forwarded-for", "forwarded")):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def public() -> Any:
    """Return the mark of a route that needs nobody to be logged in."""
    return Depends(Requires(None))


def requires(permission: Permission, *, loopback: bool = False, files: int = 0) -> Any:
    """Return the mark of a route that asks for `permission`."""
    return Depends(Requires(permission, loopback, files))


def conditions(routers: Iterable[APIRouter]) -> dict[str, list[Requires]]:
    """Return every route (`GET /path`) with its conditions: there must be exactly one of each."""
    found: dict[str, list[Requires]] = {}
    for route in (route for router in routers for route in router.routes):
        if not isinstance(route, APIRoute):
            raise TypeError(f"{route}: only plain routes can be guarded")
        calls = [each.call for each in route.dependant.dependencies]
        found[f"{'|'.join(sorted(route.methods or ()))} {route.path}"] = [
            each for each in calls if isinstance(each, Requires)
        ]
    return found
