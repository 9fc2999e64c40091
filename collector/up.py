"""`up`: the collector and this machine's own agent, in the foreground, and the five lines a person needs."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from collector import address, app, companion, demo
from collector.app import Collector
from collector.cli import client
from collector.clock import now
from collector.config import Settings
from collector.security import accounts, roles, sessions, tokens
from collector.security.audit import Actor, acting
from collector.security.sessions import Principal
from collector.services import agents
from collector.store import probes

OWNER = Actor("up", "this machine")
"""Whoever can start the collector on this machine."""
LOCAL_TOKEN_DAYS = 366
RESTART_S = 5.0

log = structlog.get_logger(__name__)


async def up(settings: Settings, devices: int = 0) -> None:
    """Run until cancelled, with so many simulated devices; raise `CannotStart`."""
    async with app.running(settings, devices) as collector:
        await leave_local_access(collector)
        async with _local_agent(collector) as agent:
            print(await _five_lines(collector), flush=True)
            async with _simulated(collector, devices):
                await agent


@asynccontextmanager
async def _simulated(collector: Collector, devices: int) -> AsyncIterator[None]:
    """Let so many simulated devices be there, and say so."""
    if not devices:
        yield
        return
    async with demo.beside(collector, devices) as estate:
        print(f"simulated:          {devices:,} devices at {estate.range}: none of them is real", flush=True)
        yield


async def leave_local_access(collector: Collector) -> None:
    """Put address and API tokens of this collector where the commands on this machine look for them."""
    url = address.url("http", collector.settings.host, collector.http_port)
    token = await _local_token(collector, client.TOKEN, accounts.FIRST, roles.FIRST_ROLES)
    auditor = await _local_token(collector, client.AUDITOR_TOKEN, accounts.AUDITOR, ("auditor",))
    client.write_local(collector.settings.data, url, token, auditor)


async def _local_token(collector: Collector, name: str, account: str, its: tuple[str, ...]) -> str:
    """Return the token left there before, or another one of that account, made with those roles if need be."""
    left = client.read_local_token(collector.settings.data, name)
    if left is not None and await sessions.of_bearer(collector.store, left) is not None:
        return left
    async with acting(collector.store, OWNER, now) as act:
        found = await accounts.ensure(act, account, its)
        owner = Principal(found.id, found.name, found.roles, roles.permissions(found.roles))
        return await sessions.make_token(act, owner, "local commands", LOCAL_TOKEN_DAYS)


# --- what a person reads


async def _five_lines(collector: Collector) -> str:
    settings, listeners = collector.settings, collector.listeners
    page = address.url("http", settings.host, collector.http_port)
    async with acting(collector.store, OWNER, now) as act:
        link = await accounts.login_link(act, await accounts.ensure_first(act))
        token = await tokens.mint(act, collector.authority, tokens.Terms(note="printed by up"))
    enrol = address.url("https", settings.host, listeners.enrol_port)
    join = f"muster-agent enroll {enrol} --token {token.text()}"
    if address.is_local(address.reachable(settings.host)):
        join += "   (from elsewhere: start with --host ADDRESS)"
    return "\n".join(
        [
            f"Muster is up:       {page}",
            f"log in once:        {page}{link}   (valid 30 minutes)",
            f"enrol a machine:    {join}",
            f"data:               {settings.data.absolute()}   (log: collector.log)",
            "stop:               Ctrl-C",
        ]
    )


# --- this machine's own agent


@asynccontextmanager
async def _local_agent(collector: Collector) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(_keep_running(collector, collector.settings.data / "agent"))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _keep_running(collector: Collector, state: Path) -> None:
    while not _is_enrolled_here(collector, state):
        if not await _enrol(collector, state):
            await asyncio.sleep(RESTART_S)
    await _appoint(collector, state)
    while True:
        code = await _run_agent(state)
        log.warning("the local agent ended and is started again", code=code)
        await asyncio.sleep(RESTART_S)


def _is_enrolled_here(collector: Collector, state: Path) -> bool:
    """Return whether the agent knows the addresses we have this time; who enrols again stays the agent it was."""
    listeners = collector.listeners
    try:
        kept = json.loads((state / "enrolment.json").read_text(encoding="utf-8"))
        known = kept["host"], kept["enrol_port"], kept["data_port"]
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return bool(known == (address.reachable(collector.settings.host), listeners.enrol_port, listeners.data_port))


async def _enrol(collector: Collector, state: Path) -> bool:
    async with acting(collector.store, OWNER, now) as act:
        token = await tokens.mint(act, collector.authority, tokens.Terms(life_s=300, note="this machine"))
    url = address.url("https", collector.settings.host, collector.listeners.enrol_port)
    words = ("enroll", url, "--token-file", "-", "--state", str(state))
    process = await companion.start("agent", *words, log=state / "agent.log", takes=True)
    await process.communicate(token.text().encode() + b"\n")
    if process.returncode != 0:
        log.warning("the local agent could not enrol", code=process.returncode)
    return process.returncode == 0


async def _appoint(collector: Collector, state: Path) -> None:
    """Make this machine's own agent the probe of the default zone, unless a person has decided about it."""
    uid = str(json.loads((state / "enrolment.json").read_text(encoding="utf-8"))["agent_id"])
    async with acting(collector.store, OWNER, now) as act:
        if await probes.appointed(act.tx, uid) is None:
            await agents.appoint(act, uid, [""])


async def _run_agent(state: Path) -> int:
    process = await companion.start("agent", "run", "--probe", "--state", str(state), log=state / "agent.log")
    try:
        return await process.wait()
    finally:
        await companion.stop(process)
