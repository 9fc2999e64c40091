"""The one place that composes the collector: opens everything in order, runs it, closes it in the other order."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
import uvicorn
from sqlalchemy.exc import DBAPIError

from collector import address, garbage, workcalendar
from collector.api.app import create_app
from collector.api.context import Context
from collector.clock import now
from collector.config import Settings
from collector.delivery import BadDestination
from collector.delivery.courier import Courier
from collector.governance import BadGovernance
from collector.identifiers import BadPolicy
from collector.inspecting import templates
from collector.intake import Intake
from collector.listeners import server
from collector.listeners.registry import AgentRegistry
from collector.listeners.server import CannotListen, Listeners
from collector.pipeline import (
    changed,
    entering,
    inspecting,
    judging,
    listing,
    policies,
    reconciling,
    settling,
    withdrawing,
)
from collector.pipeline.backtesting import backtest
from collector.pipeline.policies import Policies
from collector.pipeline.reaching import Reaching
from collector.pipeline.runner import Runner
from collector.security import ca, tokens
from collector.security.audit import COLLECTOR, Actor, acting, recorded
from collector.security.ca import Authority, BadAuthority
from collector.security.secrets import UnsafeSecret
from collector.security.tokens import Terms
from collector.security.vault import BadKey, Vault
from collector.services import credentials, simulation
from collector.services.changes import sights
from collector.services.changes.desk import Desk
from collector.services.channels import builtin
from collector.services.channels import setup as channel_setup
from collector.services.channels.directory import Directory
from collector.services.channels.reconciling import Reconciler
from collector.services.channels.resolving import Resolving
from collector.services.channels.tending import Tending
from collector.services.decisions import Decider
from collector.services.estate_graph import EstateGraph
from collector.services.imports import Importer
from collector.services.inbound import mapping
from collector.services.inbound.expiring import Expiring
from collector.services.inbound.inbox import Inbox
from collector.services.incidents.desk import ServiceDesk
from collector.services.incidents.watch import Watch
from collector.services.inspecting.inspector import Inspector
from collector.services.inspecting.keeper import Keeper
from collector.services.locks import Locker
from collector.services.lookback.backtests import Backtests
from collector.services.records import Recorder
from collector.services.refused import Refused
from collector.services.registration import Registrar
from collector.services.relating import Relating
from collector.services.reports.delivering import Delivering
from collector.services.retention import Retention
from collector.services.statistics import Pipeline
from collector.services.suspecting import Suspecting
from collector.services.sweeps.timekeeper import Timekeeper
from collector.services.tickets import systems as ticket_systems
from collector.services.tickets.office import Office
from collector.services.tickets.puller import Puller
from collector.services.wiring import Wiring
from collector.starting import CannotStart
from collector.store.engine import Store, open_store
from collector.store.migrate import NewerSchema, migrate
from collector.web.catalogue import Texts
from collector.yamlfile import BadFile

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Collector:
    """A running collector."""

    settings: Settings
    store: Store
    authority: Authority
    vault: Vault
    registry: AgentRegistry
    intake: Intake
    runner: Runner
    courier: Courier
    timekeeper: Timekeeper
    retention: Retention
    puller: Puller
    keeper: Keeper
    inbox: Inbox
    listeners: Listeners
    registrar: Registrar
    http_port: int
    simulated: int = 0


@asynccontextmanager
async def running(settings: Settings, simulated: int = 0) -> AsyncIterator[Collector]:
    """Run a collector for as long as the block lasts; raise `CannotStart` before it when it cannot.

    `simulated`: how many simulated devices its data is to be about; 0: about what it is already.
    """
    with _starting(settings):
        _make_folder(settings.data)
    async with contextlib.AsyncExitStack() as stack:
        with _starting(settings):
            stack.enter_context(_sole_user(settings.data))
            collector, serving = await _open(settings, stack, simulated)
        async with asyncio.TaskGroup() as tasks:
            wiring = Wiring()
            parts = (collector.runner, collector.courier, collector.timekeeper, collector.retention, collector.puller,
                     collector.keeper, Suspecting(collector.store, now, collector.runner.decided),
                     Reaching(collector.store, collector.runner.policies, now, EstateGraph(wiring)),
                     Relating(collector.store, now, wiring),
                     Watch(collector.store, collector.runner.policies.desk, now),
                     Expiring(collector.inbox), _tending(collector), _delivering(collector))  # fmt: skip
            running_parts = [tasks.create_task(part.run()) for part in parts]
            tasks.create_task(serving.serve())
            try:
                await serving.until_ready()
                garbage.settle()
                yield collector
            finally:
                await collector.listeners.stop(2.0)
                serving.stop()
                await asyncio.sleep(0)
                for part in running_parts:
                    part.cancel()


async def _open(settings: Settings, stack: contextlib.AsyncExitStack, simulated: int) -> tuple[Collector, Serving]:
    loaded = policies.load(settings.rules_folder)
    http = _listen(settings.host, settings.http_port)
    stack.callback(http.close)
    store = open_store(settings.store_url)
    stack.push_async_callback(store.close)
    await migrate(store)
    simulated = await _declared(store, simulated)
    authority = ca.open_or_create(settings.data)
    vault = await _open_vault(settings, store)
    registry = AgentRegistry(store)
    await registry.start()
    stack.push_async_callback(registry.stop)
    runner = Runner(store, loaded, now, settings.inspect_every_s)
    async with acting(store, COLLECTOR, now) as act:
        await builtin.declare(act, vault, settings)
    courier = Courier(store, Directory(store, vault, now), now)
    intake = Intake(store, runner.wake)
    stack.push_async_callback(intake.drain)
    listeners = await server.start(settings, registry, authority, intake, runner.wants, vault=vault)
    port = http.getsockname()[1]
    registrar = Registrar(loaded.governance, partial(judging.judge_whole, policies=loaded))
    timekeeper = Timekeeper(store, now)
    office = Office.checked(store, vault, _desk(loaded), settings.rules_folder / "tickets.yaml", now)
    collector = Collector(
        settings, store, authority, vault, registry, intake, runner, courier, timekeeper,
        Retention(store, settings.audit_days, now), Puller(office), Keeper(store, _inspector(loaded, settings), now),
        Inbox(store, now, loaded.identity, partial(settling.settle_of, policies=loaded), loaded.desk),
        listeners, registrar, port, simulated,
    )  # fmt: skip
    return collector, Serving(collector, loaded, http)


async def _declared(store: Store, simulated: int) -> int:
    """Return how many simulated devices the data is about, from now on about `simulated` unless that is 0."""
    if simulated:
        async with acting(store, Actor("up", "this machine"), now) as act:
            await simulation.declare(act, simulated)
    async with store.read() as connection:
        return await simulation.devices(connection)


async def _open_vault(settings: Settings, store: Store) -> Vault:
    """Open the vault and bring every credential under its present key."""
    vault = Vault.open(settings.data, os.environ)
    async with store.write() as tx, recorded(tx, COLLECTOR, now()) as act:
        others = await credentials.rewrap(tx, vault) + await ticket_systems.rewrap(tx, vault)
        others += await channel_setup.rewrap(tx, vault)
        if others:
            act.tell("vault.rewrap", "vault", after={"key": vault.key_id, "credentials": others})
    return vault


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
    async def mint(terms: Terms, who: Actor) -> str:
        async with acting(collector.store, who, now) as act:
            return (await tokens.mint(act, collector.authority, terms)).text()

    async def ban(uid: str, reason: str, who: Actor) -> bool:
        return await collector.registry.ban(uid, f"{reason} ({who.name})", who)

    return Context(
        collector.settings, collector.store, loaded.rulebook, mint, ban, lambda: _pipeline(collector.runner),
        collector.vault, collector.authority,
        enrol_url=address.url("https", collector.settings.host, collector.listeners.enrol_port),
        presence=loaded.presence,
        wake_probes=collector.listeners.tasks.wake, registrar=collector.registrar, simulated=collector.simulated,
        needs=loaded.needs,
        recorder=Recorder(partial(entering.enter, policies=loaded)), importer=_importer(loaded),
        decider=_decider(loaded, collector.runner), changes=_desk(loaded),
        service_desk=ServiceDesk(loaded.desk),
        backtests=Backtests(partial(backtest, policies=loaded)), modes=loaded.modes,
        inbox=collector.inbox, inbound=mapping.load(collector.settings.rules_folder),
        wake_courier=collector.courier.wake,
        rule_meter=loaded.meter, inspector=collector.keeper.inspector,
        locker=Locker(loaded.precedence, partial(reconciling.settle, policies=loaded)),
    )  # fmt: skip


def _desk(loaded: Policies) -> Desk:
    return Desk(sights.evidence, partial(changed, policies=loaded))


def _inspector(loaded: Policies, settings: Settings) -> Inspector:
    folder = settings.rules_folder
    return Inspector(
        partial(inspecting.look, policies=loaded), loaded.rulebook.rules, workcalendar.load(folder / "calendars"),
        templates.load(folder / "plans"), loaded.desk.warn_percent,
    )  # fmt: skip


def _tending(collector: Collector) -> Tending:
    desk = ServiceDesk(collector.runner.policies.desk)
    reconciler = Reconciler(collector.store, collector.vault, now, Resolving(desk), random.Random())  # noqa: S311  which tickets are asked for is no secret
    return Tending(collector.store, now, reconciler)


def _delivering(collector: Collector) -> Delivering:
    loaded, words = collector.runner.policies, {"zh": Texts("zh-CN"), "en": Texts("en")}
    return Delivering(collector.store, now, loaded.desk, words, loaded.rulebook.rules, loaded.meter)


def _importer(loaded: Policies) -> Importer:
    return Importer(
        loaded.columns, partial(listing.settle, policies=loaded), partial(entering.enter, policies=loaded)
    )  # fmt: skip


def _decider(loaded: Policies, runner: Runner) -> Decider:
    judge = partial(judging.judge_whole, policies=loaded)
    return Decider(judge, partial(withdrawing.withdraw, policies=loaded), runner.decided)


def _pipeline(runner: Runner) -> Pipeline:
    done = runner.counters
    return Pipeline(done.applied, done.rejected, done.parked, done.lag_ms)


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
    except Refused as error:
        raise CannotStart(f"{settings.data}: {error}") from error
    except NewerSchema as error:
        raise CannotStart(f"{settings.data}: {error}; start that version, or restore a backup of this one") from error
    except CannotListen as error:
        raise CannotStart(f"{error}; choose others with --grpc and --enroll") from error
    except (BadFile, BadGovernance, BadPolicy, BadDestination, BadAuthority, BadKey, UnsafeSecret) as error:
        raise CannotStart(str(error)) from error
    except DBAPIError as error:
        raise CannotStart(f"the database cannot be used: {_one_line(error.orig or error)}") from error
    except OSError as error:
        raise CannotStart(f"{error.filename or settings.data}: {error.strerror or error}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
