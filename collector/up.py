"""`up`: the collector and this machine's own agent, in the foreground, and the five lines a person needs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from collector import address, app
from collector.app import Collector
from collector.cli import client
from collector.config import Settings
from collector.security import accounts, roles, sessions, tokens
from collector.security.sessions import Principal
from collector.starting import CannotStart

LOCAL_TOKEN_DAYS = 366
RESTART_S = 5.0
STOP_S = 5.0

log = structlog.get_logger(__name__)


async def up(settings: Settings) -> None:
    """Run until cancelled; raise `CannotStart`."""
    async with app.running(settings) as collector:
        await leave_local_access(collector)
        async with _local_agent(collector) as agent:
            print(await _five_lines(collector), flush=True)
            await agent


async def leave_local_access(collector: Collector) -> None:
    """Put address and API token of this collector where the commands on this machine look for them."""
    url = address.url("http", collector.settings.host, collector.http_port)
    token = client.read_local_token(collector.settings.data)
    if token is None or await sessions.of_bearer(collector.store, token) is None:
        token = await _make_local_token(collector)
    client.write_local(collector.settings.data, url, token)


async def _make_local_token(collector: Collector) -> str:
    async with collector.store.write() as tx:
        first = await accounts.ensure_first(tx)
        owner = Principal(first.id, first.name, first.roles, roles.permissions(first.roles))
        return await sessions.make_token(tx, owner, "local commands", LOCAL_TOKEN_DAYS)


# --- what a person reads


async def _five_lines(collector: Collector) -> str:
    settings, listeners = collector.settings, collector.listeners
    page = address.url("http", settings.host, collector.http_port)
    async with collector.store.write() as tx:
        link = await accounts.login_link(tx, await accounts.ensure_first(tx))
        token = await tokens.mint(tx, collector.authority, "up", tokens.Terms(note="printed by up"))
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
    async with collector.store.write() as tx:
        token = await tokens.mint(tx, collector.authority, "up", tokens.Terms(life_s=300, note="this machine"))
    url = address.url("https", collector.settings.host, collector.listeners.enrol_port)
    process = await _start("enroll", url, "--token-file", "-", "--state", str(state), state=state, takes_input=True)
    await process.communicate(token.text().encode() + b"\n")
    if process.returncode != 0:
        log.warning("the local agent could not enrol", code=process.returncode)
    return process.returncode == 0


async def _run_agent(state: Path) -> int:
    process = await _start("run", "--state", str(state), state=state)
    try:
        return await process.wait()
    finally:
        await _stop(process)


async def _start(*words: str, state: Path, takes_input: bool = False) -> asyncio.subprocess.Process:
    """Start the agent in a session of its own: Ctrl-C reaches us first, and we stop it."""
    descriptor = _log_file(state)
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent", *words, start_new_session=True, stdout=descriptor, stderr=descriptor,
            stdin=asyncio.subprocess.PIPE if takes_input else asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise CannotStart(f"the local agent cannot be started: {error}") from error
    finally:
        os.close(descriptor)


def _log_file(state: Path) -> int:
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(state / "agent.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(asyncio.shield(process.wait()), STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()
