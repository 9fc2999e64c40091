"""The HTTP side over a seeded store, and people of every role who ask it."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from fastapi import FastAPI

from collector import rulebook
from collector.api.access import COOKIE
from collector.api.app import create_app
from collector.api.context import Context
from collector.config import Settings
from collector.security import accounts, sessions
from collector.security.roles import permissions
from collector.security.sessions import Principal
from collector.security.tokens import Terms
from collector.services.statistics import Pipeline
from collector.store import accounts as kept_accounts
from collector.store import agents as kept_agents
from collector.store.engine import Store, open_store, sqlite_url
from collector.store.migrate import migrate
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
            key = await sessions.begin(connection, account, ADDRESS, self.clock)
        principal = await sessions.of_cookie(self.store, key, self.settings, self.clock)
        assert principal
        return principal, key

    async def token(self, *roles: str, days: int = 30) -> str:
        """Return the API token of somebody with `roles`."""
        name = f"robot-{'-'.join(roles)}".replace(":", ".")
        async with self.store.write() as connection:
            await kept_accounts.add(connection, name, roles, self.clock())
            account = await kept_accounts.by_name(connection, name)
            assert account
            owner = Principal(account.id, name, roles, permissions(roles))
            return await sessions.make_token(connection, owner, "test", days, self.clock)

    async def program(self, *roles: str) -> httpx2.AsyncClient:
        """Return a client that sends the API token of somebody with `roles`."""
        return self.nobody(authorization=f"Bearer {await self.token(*roles)}")

    async def admin(self) -> kept_accounts.AccountRow:
        """Return the first account, its password set."""
        async with self.store.write() as connection:
            first = await accounts.ensure_first(connection, self.clock)
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


def make_world(store: Store, folder: Path, seeded: Standard | None) -> World:
    """Return the application over `store`, in which `seeded` stands."""
    clock, settings = Clock(), Settings(data=folder)
    minted: list[tuple[Terms, str]] = []

    async def mint(terms: Terms, by: str) -> str:
        terms.check()
        minted.append((terms, by))
        return "muster1.AAAA.BBBB.CCCC"

    async def ban(uid: str, reason: str, by: str) -> bool:
        async with store.write() as connection:
            return await kept_agents.set_state(connection, uid, "banned", f"{reason} ({by})")

    world: World
    rules = rulebook.load(rulebook.shipped())
    context = Context(settings, store, rules, mint, ban, lambda: world.pipeline, clock, "web-01")
    world = World(create_app(context), store, clock, settings, seeded, minted)
    return world
