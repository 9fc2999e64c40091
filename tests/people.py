"""The HTTP side over a seeded store, and people of every role who ask it."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import httpx2
from fastapi import APIRouter, FastAPI

from collector.api.access import COOKIE
from collector.api.app import create_app
from collector.api.context import Context
from collector.config import Settings
from collector.inspecting import templates
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
from collector.security import accounts, ca, sessions
from collector.security.audit import Actor
from collector.security.roles import permissions
from collector.security.sessions import Principal
from collector.security.tokens import Terms
from collector.security.vault import Vault
from collector.services.arrival_rules import Reception
from collector.services.by_hand import ByHand
from collector.services.changes import sights
from collector.services.changes.desk import Desk
from collector.services.decisions import Decider
from collector.services.imports import Importer
from collector.services.inbound import mapping
from collector.services.inbound.inbox import Inbox
from collector.services.incidents.desk import ServiceDesk
from collector.services.inspecting.inspector import Inspector
from collector.services.locks import Locker
from collector.services.lookback.backtests import Backtests
from collector.services.records import Recorder
from collector.services.registration import Registrar
from collector.services.statistics import Pipeline
from collector.services.stocktaking.leading import Closer
from collector.store import accounts as kept_accounts
from collector.store import agents as kept_agents
from collector.store.engine import Store, open_store, sqlite_url
from collector.store.migrate import migrate
from collector.workcalendar import Calendar
from tests.acts import act
from tests.estate import NOW, Standard, standard

BASE = "http://muster.test"
PASSWORD = "a pass phrase of some length"
ADDRESS = "192.0.2.7"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: int = NOW) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


@dataclass
class World:
    """The application, what stands in its store, and what was asked of its neighbours."""

    app: FastAPI
    store: Store
    clock: Clock
    settings: Settings
    seeded: Standard | None
    minted: list[tuple[Terms, str]] = field(default_factory=list)
    pipeline: Pipeline = field(default_factory=Pipeline)

    @property
    def estate(self) -> Standard:
        assert self.seeded, "this world is empty"
        return self.seeded

    def nobody(self, address: str = ADDRESS, **headers: str) -> httpx2.AsyncClient:
        """Return a client that is not logged in, at `address`."""
        transport = httpx2.ASGITransport(app=self.app, client=(address, 40_000))
        return httpx2.AsyncClient(transport=transport, base_url=BASE, headers=headers)

    async def person(self, *roles: str, name: str = "", language: str = "en") -> httpx2.AsyncClient:
        """Return the client of somebody logged in with `roles`; its `x-csrf-token` header is set."""
        principal, key = await self._session(roles, name or f"p{len(roles)}-{'-'.join(roles)}"[:60].replace(":", "."))
        client = self.nobody()
        client.cookies.set(COOKIE, key)
        client.headers["x-csrf-token"] = principal.csrf
        client.headers["accept-language"] = language
        return client

    async def _session(self, roles: tuple[str, ...], name: str) -> tuple[Principal, str]:
        async with self.store.write() as connection:
            await kept_accounts.add(connection, name, roles, self.clock())
            account = await kept_accounts.by_name(connection, name)
            assert account
            key = await sessions.begin(act(connection, name, self.clock()), account, ADDRESS)
        principal = await sessions.of_cookie(self.store, key, self.settings, self.clock)
        assert principal
        return principal, key

    async def token(self, *roles: str, days: int = 30, name: str = "") -> str:
        """Return the API token of somebody with `roles`."""
        name = name or f"robot-{'-'.join(roles)}".replace(":", ".")
        async with self.store.write() as connection:
            await kept_accounts.add(connection, name, roles, self.clock())
            account = await kept_accounts.by_name(connection, name)
            assert account
            owner = Principal(account.id, name, roles, permissions(roles))
            return await sessions.make_token(act(connection, name, self.clock()), owner, "test", days)

    async def program(self, *roles: str, name: str = "") -> httpx2.AsyncClient:
        """Return a client that sends the API token of somebody with `roles`."""
        return self.nobody(authorization=f"Bearer {await self.token(*roles, name=name)}")

    async def admin(self) -> kept_accounts.AccountRow:
        """Return the first account, its password set."""
        async with self.store.write() as connection:
            first = await accounts.ensure_first(act(connection, at=self.clock()))
        hashed = await accounts.hash_password(first, PASSWORD)
        async with self.store.write() as connection:
            await kept_accounts.set_password_hash(connection, first.id, hashed)
        return first


@dataclass(frozen=True, slots=True)
class Template:
    """A database made once, to be copied for each test: the standard estate, and where everything stands in it."""

    file: Path
    estate: Standard


def make_template(folder: Path) -> Template:
    """Return a database with the standard estate; runs its own event loop, so no other may be running here."""
    with ThreadPoolExecutor(1) as apart:
        return Template(folder / "muster.db", apart.submit(asyncio.run, _fill(folder / "muster.db")).result())


async def _fill(file: Path) -> Standard:
    store = open_store(sqlite_url(file))
    await migrate(store)
    async with store.write() as connection:
        estate = await standard(connection)
    await store.close()
    return estate


def copy_of(template: Template, folder: Path) -> Store:
    """Return a store of one's own over a copy of `template`."""
    shutil.copy(template.file, folder / "muster.db")
    return open_store(sqlite_url(folder / "muster.db"))


@cache
def shipped_policies() -> policies.Policies:
    """Return the policies as they are shipped, read once."""
    return policies.load(Settings().rules_folder)


def shipped_closer() -> Closer:
    """Return what stock-takes end with, by the policies as they are shipped."""
    loaded = shipped_policies()
    say, enter = partial(counting.say, policies=loaded), partial(entering.enter, policies=loaded)
    return Closer(say, enter, desk=loaded.desk)


def _inspector(loaded: policies.Policies, folder: Path) -> Inspector:
    look = partial(inspecting.look, policies=loaded)
    return Inspector(look, loaded.rulebook.rules, Calendar(), templates.load(folder / "plans"), loaded.desk)


def make_world(store: Store, folder: Path, seeded: Standard | None) -> World:
    """Return the application over `store`, in which `seeded` stands."""
    clock, settings = Clock(), Settings(data=folder)
    minted: list[tuple[Terms, str]] = []

    async def mint(terms: Terms, who: Actor) -> str:
        terms.check()
        minted.append((terms, who.name))
        return "muster1.AAAA.BBBB.CCCC"

    async def ban(uid: str, reason: str, who: Actor) -> bool:
        async with store.write() as connection:
            return await kept_agents.set_state(connection, uid, "banned", f"{reason} ({who.name})")

    world: World
    loaded = shipped_policies()
    recorder = Recorder(partial(entering.enter, policies=loaded))
    registrar = Registrar(loaded.governance, partial(judging.judge_whole, policies=loaded), recorder)
    tied = partial(tying.say, policies=loaded)
    importer = Importer(loaded.columns, partial(listing.settle, policies=loaded), recorder.enter, tied)
    context = Context(
        settings, store, loaded.rulebook, mint, ban, lambda: world.pipeline, Vault([bytes(32)]),
        ca.open_or_create(folder), clock, "web-01",
        registrar=registrar, reception=Reception(registrar, loaded.identity),
        recorder=recorder, tied=tied,
        decider=Decider(
            partial(judging.judge_whole, policies=loaded), partial(withdrawing.withdraw, policies=loaded)
        ),
        importer=importer, by_hand=ByHand(importer, registrar, loaded.identity),
        locker=Locker(loaded.precedence, partial(reconciling.settle, policies=loaded)),
        closer=shipped_closer(),
        changes=Desk(sights.evidence, partial(changed, policies=loaded)),
        backtests=Backtests(partial(backtest, policies=loaded)), modes=loaded.modes,
        service_desk=ServiceDesk(loaded.desk),
        inbox=Inbox(store, clock, loaded.identity, partial(settling.settle_of, policies=loaded), loaded.desk),
        inbound=mapping.load(settings.rules_folder),
        needs=loaded.needs, inspector=_inspector(loaded, settings.rules_folder),
    )  # fmt: skip
    world = World(_composed(context), store, clock, settings, seeded, minted)
    return world


_ROUTERS: list[APIRouter] = []


def _composed(context: Context) -> FastAPI:
    """Return the application. Its routes are those of the first one here: to work them out takes half a second."""
    app = create_app(context)
    _ROUTERS.append(app.router)
    app.router = _ROUTERS[0]
    del _ROUTERS[1:]
    return app
