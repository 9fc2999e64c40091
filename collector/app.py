"""The one place that composes the collector: opens everything in order, runs it, closes it in the other order."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
import uvicorn
from sqlalchemy.exc import DBAPIError

from collector import address
from collector.api.app import create_app
from collector.api.context import Context
from collector.clock import now
from collector.config import Settings
from collector.delivery import BadDestination, Destination
from collector.delivery.courier import Courier
from collector.delivery.webhook import Webhook
from collector.governance import BadGovernance
from collector.identifiers import BadPolicy
from collector.intake import Intake
from collector.listeners import server
from collector.listeners.registry import AgentRegistry
from collector.listeners.server import CannotListen, Listeners
from collector.pipeline import policies
from collector.pipeline.policies import Policies
from collector.pipeline.runner import Runner
from collector.security import ca, tokens
from collector.security.ca import Authority, BadAuthority
from collector.security.secrets import UnsafeSecret
from collector.security.tokens import Terms
from collector.services.statistics import Pipeline
from collector.starting import CannotStart
from collector.store.engine import Store, open_store
from collector.store.migrate import NewerSchema, migrate
from collector.yamlfile import BadFile

WEBHOOK = "webhook"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Collector:
    """A running collector."""

    settings: Settings
    store: Store
    authority: Authority
    registry: AgentRegistry
    intake: Intake
    runner: Runner
    courier: Courier
    listeners: Listeners
    http_port: int


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Collector]:
    """Run a collector for as long as the block lasts; raise `CannotStart` before it when it cannot."""
    with _starting(settings):
        _make_folder(settings.data)
    async with contextlib.AsyncExitStack() as stack:
        with _starting(settings):
            stack.enter_context(_sole_user(settings.data))
            collector, serving = await _open(settings, stack)
        async with asyncio.TaskGroup() as tasks:
            running_parts = [
                tasks.create_task(part) for part in (collector.runner.run(), collector.courier.run(), serving.serve())
            ]
            try:
                await serving.until_ready()
                yield collector
            finally:
                await collector.listeners.stop(2.0)
                serving.stop()
                await asyncio.sleep(0)
                for part in running_parts[:2]:
                    part.cancel()


async def _open(settings: Settings, stack: contextlib.AsyncExitStack) -> tuple[Collector, Serving]:
    destinations = _destinations(settings)
    loaded = policies.load(settings.rules_folder, tuple(destinations))
    http = _listen(settings.host, settings.http_port)
    stack.callback(http.close)
    store = open_store(settings.store_url)
    stack.push_async_callback(store.close)
    await migrate(store)
    authority = ca.open_or_create(settings.data)
    registry = AgentRegistry(store)
    await registry.start()
    stack.push_async_callback(registry.stop)
    runner = Runner(store, loaded, now, settings.inspect_every_s)
    courier = Courier(store, destinations, now)
    intake = Intake(store, runner.wake)
    stack.push_async_callback(intake.drain)
    listeners = await server.start(settings, registry, authority, intake, runner.wants)
    port = http.getsockname()[1]
    collector = Collector(settings, store, authority, registry, intake, runner, courier, listeners, port)
    return collector, Serving(collector, loaded, http)


class Serving:
    """The HTTP server, on a socket that is already ours."""

    def __init__(self, collector: Collector, loaded: Policies, http: socket.socket) -> None:
        app = create_app(_context(collector, loaded))
        config = uvicorn.Config(
            app, log_config=None, lifespan="off", access_log=False, server_header=False, timeout_graceful_shutdown=3,
            limit_concurrency=500, h11_max_incomplete_event_size=65_536,
        )  # fmt: skip
        self._server = _Quiet(config)
        self._http = http

    async def serve(self) -> None:
        await self._server.serve(sockets=[self._http])

    async def until_ready(self) -> None:
        while not self._server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
            await asyncio.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True


class _Quiet(uvicorn.Server):
    """Leaves signals to whoever composed it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _context(collector: Collector, loaded: Policies) -> Context:
    async def mint(terms: Terms, account: str) -> str:
        async with collector.store.write() as tx:
            return (await tokens.mint(tx, collector.authority, account, terms)).text()

    async def ban(uid: str, reason: str, account: str) -> bool:
        return await collector.registry.ban(uid, f"{reason} ({account})")

    return Context(
        collector.settings, collector.store, loaded.rulebook, mint, ban, lambda: _pipeline(collector.runner),
        enrol_url=address.url("https", collector.settings.host, collector.listeners.enrol_port),
    )  # fmt: skip


def _pipeline(runner: Runner) -> Pipeline:
    done = runner.counters
    return Pipeline(done.applied, done.rejected, done.parked, done.lag_ms)


def _destinations(settings: Settings) -> dict[str, Destination]:
    return {WEBHOOK: Webhook(settings.webhook_url, settings.webhook_secret)} if settings.webhook_url else {}


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    probe = folder / ".probe"
    probe.write_bytes(bytes(4096))
    probe.unlink()


@contextlib.contextmanager
def _sole_user(folder: Path) -> Iterator[None]:
    """Hold the data folder for this process alone; a second collector on it would be a second writer."""
    descriptor = os.open(folder / "collector.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise CannotStart(f"another collector is running on the data folder {folder}") from error
    try:
        yield
    finally:
        os.close(descriptor)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"port {port} on {host} cannot be had: {error.strerror}; choose another with --http"
        ) from error
    return listener


@contextlib.contextmanager
def _starting(settings: Settings) -> Iterator[None]:
    """Turn everything that can keep a collector from starting into one clear line."""
    try:
        yield
    except NewerSchema as error:
        raise CannotStart(f"{settings.data}: {error}; start that version, or restore a backup of this one") from error
    except CannotListen as error:
        raise CannotStart(f"{error}; choose others with --grpc and --enroll") from error
    except (BadFile, BadGovernance, BadPolicy, BadDestination, BadAuthority, UnsafeSecret) as error:
        raise CannotStart(str(error)) from error
    except DBAPIError as error:
        raise CannotStart(f"the database cannot be used: {_one_line(error.orig or error)}") from error
    except OSError as error:
        raise CannotStart(f"{error.filename or settings.data}: {error.strerror or error}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
