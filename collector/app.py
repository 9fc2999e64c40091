"""The one place that composes the collector: opens everything in order, runs it, closes it in the other order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog

from collector import address, garbage, holding, serving, workcalendar
from collector.api.app import create_app
from collector.api.context import Context
from collector.clock import now
from collector.config import Settings
from collector.delivery.courier import Courier
from collector.inspecting import templates
from collector.intake import Intake
from collector.listeners import server
from collector.listeners.registry import AgentRegistry
from collector.listeners.server import Listeners
from collector.pipeline import (
    changed,
    counting,
    entering,
    inspecting,
    judging,
    listing,
    policies,
    reconciling,
    settling,
    tying,
    withdrawing,
)
from collector.pipeline.backtesting import backtest
from collector.pipeline.policies import Policies
from collector.pipeline.reaching import Reaching
from collector.pipeline.rhythm import Rhythm
from collector.pipeline.runner import Runner
from collector.security import ca, tokens
from collector.security.audit import COLLECTOR, Actor, acting
from collector.security.ca import Authority
from collector.security.tokens import Terms
from collector.security.vault import Vault
from collector.services import rewrapping, simulation
from collector.services.anchoring import Anchoring
from collector.services.arrival_rules import Reception
from collector.services.by_hand import ByHand
from collector.services.changes import sights
from collector.services.changes.desk import Desk
from collector.services.channels import builtin
from collector.services.channels.directory import Directory
from collector.services.channels.reconciling import Reconciler
from collector.services.channels.resolving import Resolving
from collector.services.channels.tending import Tending
from collector.services.decisions import Decider
from collector.services.estate_graph import EstateGraph
from collector.services.following_up import FollowingUp
from collector.services.imports import Importer
from collector.services.inbound import mapping
from collector.services.inbound.expiring import Expiring
from collector.services.inbound.inbox import Inbox
from collector.services.incidents import sorting
from collector.services.incidents.desk import ServiceDesk
from collector.services.incidents.watch import Watch
from collector.services.inspecting.inspector import Inspector
from collector.services.inspecting.keeper import Keeper
from collector.services.locks import Locker
from collector.services.lookback.backtests import Backtests
from collector.services.records import Recorder
from collector.services.registration import Registrar
from collector.services.relating import Relating
from collector.services.reports.delivering import Delivering
from collector.services.retention import Retention
from collector.services.statistics import Pipeline
from collector.services.stocktaking.leading import Closer
from collector.services.suspecting import Suspecting
from collector.services.sweeps.timekeeper import Timekeeper
from collector.services.tickets.office import Office
from collector.services.tickets.puller import Puller
from collector.services.wiring import Wiring
from collector.serving import Serving
from collector.store.engine import Store, open_store
from collector.store.migrate import migrate
from collector.web.catalogue import Texts
from collector.web.naming import naming

log = structlog.get_logger(__name__)

WORDS: Final = {"zh": Texts("zh-CN"), "en": Texts("en")}
"""What messages are told in."""


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
    with holding.starting(settings):
        holding.make_folder(settings.data)
    async with contextlib.AsyncExitStack() as stack:
        with holding.starting(settings):
            stack.enter_context(holding.sole_user(settings.data))
            collector, http = await _open(settings, stack, simulated)
        async with asyncio.TaskGroup() as tasks:
            wiring = Wiring()
            parts = (collector.runner, collector.courier, collector.timekeeper, collector.retention, collector.puller,
                     collector.keeper, Suspecting(collector.store, now, collector.runner.decided),
                     Reaching(collector.store, collector.runner.policies, now, EstateGraph(wiring)),
                     Relating(collector.store, now, partial(tying.say, policies=collector.runner.policies), wiring),
                     Watch(collector.store, collector.runner.policies.desk, now),
                     Expiring(collector.inbox), _tending(collector), _delivering(collector), _anchoring(collector),
                     _following_up(collector))  # fmt: skip
            running_parts = [tasks.create_task(part.run()) for part in parts]
            tasks.create_task(http.serve())
            try:
                await http.until_ready()
                garbage.settle()
                yield collector
            finally:
                await collector.listeners.stop(2.0)
                http.stop()
                await asyncio.sleep(0)
                for part in running_parts:
                    part.cancel()


async def _open(settings: Settings, stack: contextlib.AsyncExitStack, simulated: int) -> tuple[Collector, Serving]:
    rhythm = Rhythm(settings.inventory_s * 1000)
    loaded = replace(policies.load(settings.rules_folder), naming=naming(), rhythm=rhythm)
    http = serving.listen(settings.host, settings.http_port)
    stack.callback(http.close)
    store = open_store(settings.store_url)
    stack.push_async_callback(store.close)
    await migrate(store)
    async with store.read() as connection:
        await rhythm.learn(connection)
    simulated = await _declared(store, simulated)
    authority = ca.open_or_create(settings.data)
    vault = Vault.open(settings.data, os.environ)
    async with acting(store, COLLECTOR, now) as act:
        await rewrapping.rewrap(act, vault)
    async with store.write() as tx:
        await sorting.settle(tx, loaded.desk)
    registry = AgentRegistry(store)
    await registry.start()
    stack.push_async_callback(registry.stop)
    runner = Runner(store, loaded, now, settings.inspect_every_s)
    async with acting(store, COLLECTOR, now) as act:
        await builtin.declare(act, vault, settings)
    courier = Courier(store, Directory(store, vault, now, loaded.desk), now)
    intake = Intake(store, runner.wake)
    stack.push_async_callback(intake.drain)
    listeners = await server.start(settings, registry, authority, intake, runner.wants, vault=vault)
    port = http.getsockname()[1]
    recorder = Recorder(partial(entering.enter, policies=loaded))
    registrar = Registrar(loaded.governance, partial(judging.judge_whole, policies=loaded), recorder)
    timekeeper = Timekeeper(store, now, wake=listeners.tasks.wake)
    office = Office.checked(store, vault, _desk(loaded), settings.rules_folder / "tickets.yaml", now)
    collector = Collector(
        settings, store, authority, vault, registry, intake, runner, courier, timekeeper,
        Retention(store, settings.audit_days, now, loaded.desk), Puller(office),
        Keeper(store, _inspector(loaded, settings), now),
        Inbox(store, now, loaded.identity, partial(settling.settle_of, policies=loaded), loaded.desk),
        listeners, registrar, port, simulated,
    )  # fmt: skip
    return collector, Serving(create_app(_context(collector, loaded)), http)


async def _declared(store: Store, simulated: int) -> int:
    """Return how many simulated devices the data is about, from now on about `simulated` unless that is 0."""
    if simulated:
        async with acting(store, Actor("up", "this machine"), now) as act:
            await simulation.declare(act, simulated)
    async with store.read() as connection:
        return await simulation.devices(connection)


def _context(collector: Collector, loaded: Policies) -> Context:
    async def mint(terms: Terms, who: Actor) -> str:
        async with acting(collector.store, who, now) as act:
            return (await tokens.mint(act, collector.authority, terms)).text()

    async def ban(uid: str, reason: str, who: Actor) -> bool:
        return await collector.registry.ban(uid, f"{reason} ({who.name})", who)

    return Context(
        collector.settings, collector.store, loaded.rulebook, mint, ban,
        lambda: _pipeline(collector.runner, collector.intake),
        collector.vault, collector.authority,
        enrol_url=address.url("https", collector.settings.host, collector.listeners.enrol_port),
        presence=loaded.presence,
        wake_probes=collector.listeners.tasks.wake, registrar=collector.registrar, simulated=collector.simulated,
        reception=Reception(collector.registrar, loaded.identity),
        needs=loaded.needs,
        recorder=collector.registrar.recorder, importer=_importer(loaded), tied=partial(tying.say, policies=loaded),
        by_hand=ByHand(_importer(loaded), collector.registrar, loaded.identity),
        decider=_decider(loaded, collector.runner), changes=_desk(loaded),
        service_desk=ServiceDesk(loaded.desk),
        backtests=Backtests(partial(backtest, policies=loaded)), modes=loaded.modes,
        inbox=collector.inbox, inbound=mapping.load(collector.settings.rules_folder),
        wake_courier=collector.courier.wake,
        rule_meter=loaded.meter, inspector=collector.keeper.inspector, wiring=collector.keeper.inspector.wiring,
        locker=Locker(loaded.precedence, partial(reconciling.settle, policies=loaded)),
        closer=_closer(collector, loaded),
    )  # fmt: skip


def _desk(loaded: Policies) -> Desk:
    return Desk(sights.evidence, partial(changed, policies=loaded))


def _closer(collector: Collector, loaded: Policies) -> Closer:
    wiring = collector.keeper.inspector.wiring
    return Closer(partial(counting.say, policies=loaded), collector.registrar.recorder.enter, wiring, loaded.desk)


def _following_up(collector: Collector) -> FollowingUp:
    loaded = collector.runner.policies
    return FollowingUp(collector.store, _desk(loaded), (loaded.governance, loaded.desk), now)


def _inspector(loaded: Policies, settings: Settings) -> Inspector:
    folder = settings.rules_folder
    return Inspector(
        partial(inspecting.look, policies=loaded), loaded.rulebook.rules, workcalendar.load(folder / "calendars"),
        templates.load(folder / "plans"), loaded.desk, divide=partial(inspecting.divide, policies=loaded),
    )  # fmt: skip


def _tending(collector: Collector) -> Tending:
    desk = ServiceDesk(collector.runner.policies.desk)
    reconciler = Reconciler(collector.store, collector.vault, now, Resolving(desk), random.Random())  # noqa: S311  which tickets are asked for is no secret
    return Tending(collector.store, now, reconciler)


def _delivering(collector: Collector) -> Delivering:
    loaded = collector.runner.policies
    return Delivering(collector.store, now, loaded.desk, WORDS, loaded.rulebook.rules, loaded.meter)


def _anchoring(collector: Collector) -> Anchoring:
    calendar = collector.runner.policies.desk.calendar
    return Anchoring(collector.store, collector.authority, calendar, WORDS, now)


def _importer(loaded: Policies) -> Importer:
    return Importer(
        loaded.columns, partial(listing.settle, policies=loaded), partial(entering.enter, policies=loaded),
        partial(tying.say, policies=loaded),
    )  # fmt: skip


def _decider(loaded: Policies, runner: Runner) -> Decider:
    judge = partial(judging.judge_whole, policies=loaded)
    return Decider(judge, partial(withdrawing.withdraw, policies=loaded), runner.decided)


def _pipeline(runner: Runner, intake: Intake) -> Pipeline:
    done = runner.counters
    return Pipeline(done.applied, done.rejected, done.parked, done.lag_ms, refused=intake.counters.refused)
