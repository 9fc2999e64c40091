"""A service desk with a real store, accounts of every role and a clock that is set by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import select

from collector import incident as planning
from collector import workcalendar
from collector.desk import table
from collector.desk.flow import Deed
from collector.desk.lifecycle import Person
from collector.model import Cause
from collector.security.audit import Actor, acting
from collector.services.incidents import admitting, reporting, seen
from collector.services.incidents.desk import ServiceDesk, Wish, person_of
from collector.services.incidents.reporting import Report
from collector.services.incidents.watch import Watch
from collector.store import accounts, incidents, schema
from collector.store.engine import Store
from tests.store.ground import with_channels, with_cis

RULES = Path(__file__).parents[3] / "rules"
TABLE = table.load(RULES / "desk.yaml", workcalendar.load(RULES / "calendars"))
HOUR = 3_600_000
ZONE = dt.timezone(dt.timedelta(hours=8))
ROLES = {
    "ann": ("service_desk",), "bob": ("engineer",), "cleo": ("specialist",), "meg": ("incident_manager",),
    "uma": ("viewer",), "vic": ("viewer",),
}  # fmt: skip


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


@dataclass
class Desk:
    """A desk with accounts and a clock that is set by hand."""

    store: Store
    now: int = at("2026-03-02 09:00")
    service: ServiceDesk = field(default_factory=lambda: ServiceDesk(TABLE))

    def who(self, name: str) -> Person:
        return person_of(name, ROLES[name])

    async def report(self, name: str, title: str = "printer is broken", **said: str) -> str:
        async with acting(self.store, Actor(name, "page"), lambda: self.now) as act:
            return await reporting.report(act, self.service, Report(title, **said))

    async def do(self, name: str, number: str, step: Deed, version: int | None = None, **wish: object) -> str:
        async with acting(self.store, Actor(name, "page"), lambda: self.now) as act:
            return await self.service.do(act, self.who(name), number, step, Wish(**wish), version)  # type: ignore[arg-type]

    async def look(self, number: str, name: str = "ann") -> seen.Seen:
        async with self.store.read() as connection:
            return await seen.one(connection, self.service, number, self.who(name), self.now)

    async def watch(self) -> None:
        await Watch(self.store, TABLE, lambda: self.now).step()

    async def settle(self, *causes: Cause) -> None:
        async with self.store.write() as tx:
            held = await incidents.held_of(tx, [1, 2, 3], causes, self.now)
            plan = planning.plan(held, causes, self.now)
            await admitting.carry_out(tx, held, plan, TABLE, self.now)

    async def told(self) -> list[str]:
        async with self.store.read() as connection:
            rows = await connection.execute(select(schema.outbox.c.key).order_by(schema.outbox.c.id))
            return [key.partition("@")[0].removeprefix("incident|") for key in rows.scalars()]


async def opened(store: Store) -> Desk:
    """Return a desk with three CIs, its accounts, and a channel that is told of everything."""
    await with_cis(store, 3)
    await with_channels(store, "webhook")
    async with store.write() as tx:
        for name, roles in ROLES.items():
            await accounts.add(tx, name, roles, 0)
    return Desk(store)


def alarm(key: str = "a", severity: str = "warning", **more: object) -> Cause:
    made = Cause(key, 1, "alert", severity, {"zh": key, "en": key}, {"ci": {"uid": "ci-1"}}, 0)
    return replace(made, **more)  # type: ignore[arg-type]


async def put_under(desk: Desk, parent: str, *numbers: str) -> None:
    """Let line one put incidents under another one."""
    for number in numbers:
        async with acting(desk.store, Actor("ann", "page"), lambda: desk.now) as act:
            await desk.service.set_parent(act, desk.who("ann"), number, parent)
