"""Channels: which there are, how each fares, and their forms; what is secret in them is never shown."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services.channels import setup, trying
from collector.services.channels.setup import BUILTIN, Standing
from collector.web import channel_form, forms, removal
from collector.web.channel_form import KIND_NAMES, fields_of, secrets_of
from collector.web.forms import Form
from collector.web.removal import Removal
from collector.web.render import page
from collector.web.sending import sent, was_done
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.CHANNELS_READ)]
_WRITE = [requires(Permission.CHANNELS_WRITE)]
DONE = ("saved", "removed", "tested", "again")


@router.get("/channels", dependencies=_READ)
async def channels_page(request: Request) -> Response:
    return await _list(request)


async def _list(request: Request, tried: str = "", why: str = "") -> Response:
    """Return the list; above it `why` the test of the channel `tried` failed."""
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await setup.listed(connection)
    done = request.query_params.get("done", "")
    return page(
        viewer, "channels.html", channels=found, kinds=KIND_NAMES, done=done if done in DONE else "", tried=tried,
        why=why, builtin=BUILTIN,
    )  # fmt: skip


@router.get("/channels/new", dependencies=_WRITE)
async def new_page(request: Request) -> Response:
    kind = request.query_params.get("kind", "")
    kind = kind if kind in KIND_NAMES else KIND_NAMES[0]
    return await _form(request, kind, forms.of_values(channel_form.first(kind)))


async def _form(request: Request, kind: str, form: Form, standing: Standing | None = None) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
    if not form.is_right:
        channel_form.mark_lost(form, kind)
    return page(
        viewer, "channel.html", 200 if form.is_right else 400, form=form, kind=kind, kinds=KIND_NAMES,
        fields=fields_of(kind), secrets=secrets_of(kind), standing=standing, words=channel_form.WORDS,
    )  # fmt: skip


@router.post("/channels", dependencies=_WRITE)
async def save(request: Request) -> Response:
    """Set a channel up, or write it anew."""
    form = await sent(request)
    kind = form.choice("kind", KIND_NAMES)
    if kind not in KIND_NAMES:
        return RedirectResponse("/channels", 303)
    standing = await _known(request, form.text("known"))
    name = standing.channel.name if standing else form.needed("name", 40)
    channel, secret = channel_form.read(form, kind, name), channel_form.secret_of(form, kind)
    vault = context_of(request).vault
    if not await was_done(request, form, lambda act: setup.save(act, vault, channel, secret), {}):
        return await _form(request, kind, form, standing)
    log.info("channel saved", channel=name, kind=kind, by=request.state.principal.name)
    context_of(request).wake_courier()
    return RedirectResponse("/channels?done=saved", 303)


async def _known(request: Request, name: str) -> Standing | None:
    if not name:
        return None
    async with context_of(request).store.read() as connection:
        return await setup.one(connection, name)


async def _one(request: Request, name: str) -> Standing:
    async with context_of(request).store.read() as connection:
        return await setup.one(connection, name)


@router.get("/channels/{name}", dependencies=_READ)
async def channel_page(request: Request, name: str) -> Response:
    standing = await _one(request, name)
    return await _form(request, standing.channel.kind, forms.of_values(channel_form.shown(standing.channel)), standing)


@router.post("/channels/{name}/test", dependencies=_WRITE)
async def try_channel(request: Request, name: str) -> Response:
    """Send a message that only tries whether the channel works, and say what came of it."""
    context = context_of(request)
    answer = await trying.tried(lambda: acting(request), context.vault, context.clock, name)
    if answer.is_well:
        return RedirectResponse("/channels?done=tested", 303)
    return await _list(request, name, answer.why)


@router.post("/channels/{name}/again", dependencies=_WRITE)
async def again(request: Request, name: str) -> Response:
    """Have what was given up for a channel tried again."""
    async with acting(request) as act:
        await setup.again(act, name)
    context_of(request).wake_courier()
    return RedirectResponse("/channels?done=again", 303)


def _removal(name: str) -> Removal:
    above = {"nav.settings": "/settings", "channels.title": "/channels"}
    return Removal(name, "channel", f"/channels/{name}", above, "/channels?done=removed")


@router.get("/channels/{name}/remove", dependencies=_WRITE)
async def remove_page(request: Request, name: str) -> Response:
    return await removal.ask(request, _removal((await _one(request, name)).channel.name))


@router.post("/channels/{name}/remove", dependencies=_WRITE)
async def remove(request: Request, name: str) -> Response:
    what = _removal((await _one(request, name)).channel.name)
    answer = await removal.when_named(request, what, lambda act: setup.remove(act, name))
    context_of(request).wake_courier()
    return answer
