"""Credentials: which there are and where they may be sent; what is secret in them is never shown."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import credentials
from collector.services.credentials import Changes, Credential, NewCredential
from collector.web import credential_form, forms, removal
from collector.web.credential_form import FIELDS, KINDS, MAX_NAME, REFUSED, flags_of
from collector.web.forms import Form
from collector.web.removal import Removal
from collector.web.render import page
from collector.web.sending import attempt, sent
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.CREDENTIALS_READ)]
_WRITE = [requires(Permission.CREDENTIALS_WRITE)]
DONE = ("saved", "removed", "resumed")


@router.get("/credentials", dependencies=_READ)
async def credentials_page(request: Request) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await credentials.listed(connection)
    done = request.query_params.get("done", "")
    return page(viewer, "credentials.html", credentials=found, kinds=KINDS, done=done if done in DONE else "")


@router.get("/credentials/new", dependencies=_WRITE)
async def new_page(request: Request) -> Response:
    kind = request.query_params.get("kind", "")
    return await _form(request, kind if kind in KINDS else KINDS[0], forms.of_values({}))


async def _form(request: Request, kind: str, form: Form, credential: Credential | None = None) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        refused = await credentials.refused_by(connection, credential.uid) if credential else []
    status = 200 if form.is_right else 400
    if not form.is_right:
        credential_form.mark_lost(form, kind)
    return page(
        viewer, "credential.html", status, form=form, kind=kind, kinds=KINDS, fields=FIELDS[kind], flags=flags_of(kind),
        credential=credential, refused=refused,
    )  # fmt: skip


@router.post("/credentials", dependencies=_WRITE)
async def create(request: Request) -> Response:
    """Seal a new credential."""
    form = await sent(request)
    kind = form.choice("kind", KINDS)
    if kind not in KINDS:
        return RedirectResponse("/credentials", 303)
    vault, new = context_of(request).vault, _read(form, kind)
    uid = await attempt(request, form, lambda act: credentials.create(act, vault, new), REFUSED)
    if uid is None:
        return await _form(request, kind, form)
    log.info("credential made", credential=uid, kind=kind, by=request.state.principal.name)
    return RedirectResponse("/credentials?done=saved", 303)


def _read(form: Form, kind: str) -> NewCredential:
    secret = credential_form.secret_of(form, kind) or {}
    return NewCredential(form.needed("name", MAX_NAME), kind, credential_form.scope_of(form), secret)


async def _one(request: Request, uid: str) -> Credential:
    async with context_of(request).store.read() as connection:
        return await credentials.one(connection, uid)


@router.get("/credentials/{uid}", dependencies=_READ)
async def credential_page(request: Request, uid: str) -> Response:
    found = await _one(request, uid)
    form = forms.of_values(credential_form.shown(found.name, found.scope))
    return await _form(request, found.kind, form, found)


@router.post("/credentials/{uid}", dependencies=_WRITE)
async def change(request: Request, uid: str) -> Response:
    """Change name and scope; also the secret, when one was typed."""
    vault, form, found = context_of(request).vault, await sent(request), await _one(request, uid)
    to: Changes = {
        "name": form.needed("name", MAX_NAME), "scope": credential_form.scope_of(form),
        "secret": credential_form.secret_of(form, found.kind, keep=True),
    }  # fmt: skip
    if not await attempt(request, form, lambda act: credentials.change(act, vault, uid, **to), REFUSED):
        return await _form(request, found.kind, form, found)
    log.info("credential changed", credential=uid, secret=to["secret"] is not None, by=request.state.principal.name)
    return RedirectResponse("/credentials?done=saved", 303)


@router.post("/credentials/{uid}/resume", dependencies=_WRITE)
async def resume(request: Request, uid: str) -> Response:
    """Let a suspended credential be used again."""
    await _one(request, uid)
    async with acting(request) as act:
        await credentials.resume(act, uid)
    log.info("credential resumed", credential=uid, by=request.state.principal.name)
    return RedirectResponse("/credentials?done=resumed", 303)


def _removal(found: Credential) -> Removal:
    above = {"nav.sweeps": "/sweeps", "credentials.title": "/credentials"}
    return Removal(found.name, "credential", f"/credentials/{found.uid}", above, "/credentials?done=removed")


@router.get("/credentials/{uid}/remove", dependencies=_WRITE)
async def remove_page(request: Request, uid: str) -> Response:
    return await removal.ask(request, _removal(await _one(request, uid)))


@router.post("/credentials/{uid}/remove", dependencies=_WRITE)
async def remove(request: Request, uid: str) -> Response:
    what = _removal(await _one(request, uid))
    return await removal.when_named(request, what, lambda act: credentials.remove(act, uid))
