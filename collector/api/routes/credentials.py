"""`/api/v1/credentials`: which there are and where they may be sent; a secret goes in and never comes out."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response

from collector.api import sweep_shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import Context, context_of
from collector.api.sweep_shapes import CredentialAsked, CredentialChange
from collector.security.roles import Permission
from collector.services import credentials, sweeps
from collector.services.credentials import Changes, NewCredential
from collector.services.missing import NotFound

log = structlog.get_logger(__name__)
router = APIRouter(tags=["credentials"])
_READ = [requires(Permission.CREDENTIALS_READ)]
_WRITE = [requires(Permission.CREDENTIALS_WRITE)]


async def _one(context: Context, uid: str) -> credentials.Credential:
    async with context.store.read() as connection:
        return await credentials.one(connection, uid)


@router.get(
    "/credentials", operation_id="listCredentials", response_model=list[sweep_shapes.Credential], dependencies=_READ
)
async def list_credentials(request: Request) -> object:
    """List credentials by name, without what is secret in them."""
    async with context_of(request).store.read() as connection:
        return await credentials.listed(connection)


@router.post(
    "/credentials", operation_id="createCredential", status_code=201, response_model=sweep_shapes.Credential,
    dependencies=_WRITE,
)  # fmt: skip
async def create_credential(request: Request, asked: CredentialAsked) -> object:
    """Seal a credential."""
    context, by = context_of(request), request.state.principal.name
    async with acting(request) as act:
        new = NewCredential(asked.name, asked.kind, asked.scope.plain(), asked.secret)
        uid = await credentials.create(act, context.vault, new)
    log.info("credential made", credential=uid, kind=asked.kind, by=by)
    return await _one(context, uid)


@router.get(
    "/credentials/{uid}", operation_id="getCredential", response_model=sweep_shapes.Credential, dependencies=_READ
)
async def get_credential(request: Request, uid: str) -> object:
    """Get one credential, without what is secret in it."""
    return await _one(context_of(request), uid)


@router.patch(
    "/credentials/{uid}", operation_id="changeCredential", response_model=sweep_shapes.Credential, dependencies=_WRITE
)
async def change_credential(request: Request, uid: str, asked: CredentialChange) -> object:
    """Change name, scope or secret; a new secret ends a suspension."""
    context = context_of(request)
    changes: Changes = {"secret": asked.secret}
    if asked.name is not None:
        changes["name"] = asked.name
    if asked.scope is not None:
        changes["scope"] = asked.scope.plain()
    async with acting(request) as act:
        found = await credentials.change(act, context.vault, uid, **changes)
    if not found:
        raise NotFound("credential", uid)
    log.info("credential changed", credential=uid, secret=asked.secret is not None, by=request.state.principal.name)
    return await _one(context, uid)


@router.delete("/credentials/{uid}", operation_id="removeCredential", status_code=204, dependencies=_WRITE)
async def remove_credential(request: Request, uid: str) -> Response:
    """Remove a credential and its sealed secret."""
    async with acting(request) as act:
        found = await credentials.remove(act, uid)
    if not found:
        raise NotFound("credential", uid)
    log.info("credential removed", credential=uid, by=request.state.principal.name)
    return Response(status_code=204)


@router.post(
    "/credentials/{uid}/resume", operation_id="resumeCredential", response_model=sweep_shapes.Credential,
    dependencies=_WRITE,
)  # fmt: skip
async def resume_credential(request: Request, uid: str) -> object:
    """Let a suspended credential be used again."""
    async with acting(request) as act:
        found = await credentials.resume(act, uid)
    if not found:
        raise NotFound("credential", uid)
    log.info("credential resumed", credential=uid, by=request.state.principal.name)
    return await _one(context_of(request), uid)


@router.get(
    "/credentials/{uid}/refusals", operation_id="listRefusals", response_model=list[sweep_shapes.Refusal],
    dependencies=_READ,
)  # fmt: skip
async def list_refusals(request: Request, uid: str) -> object:
    """List the addresses that refused a credential, the latest first, a hundred at most."""
    context = context_of(request)
    await _one(context, uid)
    async with context.store.read() as connection:
        return await credentials.refused_by(connection, uid)


@router.post(
    "/credentials/{uid}/tests", operation_id="testCredential", status_code=201, response_model=sweep_shapes.Trial,
    dependencies=_WRITE,
)  # fmt: skip
async def test_credential(request: Request, uid: str, asked: sweep_shapes.TrialAsked) -> object:
    """Have the probe of a zone try a credential on one address: a sweep of it alone, of which the answer is read."""
    context = context_of(request)
    await _one(context, uid)
    async with acting(request) as act:
        made = await sweeps.try_out(act, uid, asked.address, asked.zone, context.clock())
    context.wake_probes()
    return await _trial(context, uid, made)


@router.get(
    "/credentials/{uid}/tests", operation_id="listCredentialTests", response_model=list[sweep_shapes.Trial],
    dependencies=_READ,
)  # fmt: skip
async def list_tests(request: Request, uid: str) -> object:
    """List the latest tests of a credential, newest first."""
    context = context_of(request)
    await _one(context, uid)
    async with context.store.read() as connection:
        return await sweeps.trials(connection, uid)


@router.get(
    "/credentials/{uid}/tests/{test}", operation_id="getCredentialTest", response_model=sweep_shapes.Trial,
    dependencies=_READ,
)  # fmt: skip
async def get_test(request: Request, uid: str, test: str) -> object:
    """Get what came of one test."""
    return await _trial(context_of(request), uid, test)


async def _trial(context: Context, uid: str, test: str) -> sweeps.Trial:
    async with context.store.read() as connection:
        found = await sweeps.trial(connection, test)
    if found is None or found.credential != uid:
        raise NotFound("test", test)
    return found
