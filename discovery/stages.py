"""One target on its way through the stages, and how far it came."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from discovery.asking import Result, Script
from discovery.authenticate import Access, Admitted, Contact, WayIn, authenticate
from discovery.beside import Beside
from discovery.credentials import SnmpUser
from discovery.device import Device
from discovery.doors import session
from discovery.endings import why_not_all
from discovery.explore import Explored, explore
from discovery.explore import Profile as ExploreProfile
from discovery.failures import Failed
from discovery.fingerprint import fingerprint
from discovery.identify import Identified, identify
from discovery.ledger import STAGES, Row, Stage
from discovery.library import Definitions
from discovery.limits import Limits, Profile
from discovery.liveness import Life
from discovery.outcome import NOTHING_SHOWN, Outcome, maker, what_it_is
from discovery.pace import Rooms
from discovery.plan import Plan
from discovery.snmp import Engine
from discovery.visits import SERVICES, Call, Service, Visited, Visitor, callers, visit

CLOSED: Final = frozenset({"blackout", "excluded", "cancelled", "lease_ended"})
"""Causes after which a target is left alone over every protocol."""

MOST_LOGINS: Final = 4
"""Credentials of services beside SNMP that are remembered of a target."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a sweep was given. `beside`: what it knows of another one beside it."""

    plan: Plan
    access: Access
    definitions: Definitions
    limits: Limits
    profile: Profile
    beside: Beside = field(default_factory=Beside)


@dataclass(frozen=True, slots=True)
class Tools:
    """What the targets of a sweep share. `check` raises Failed when an address is closed by the calendar now."""

    engine: Engine
    rooms: Rooms
    check: Callable[[str], None]
    visitor: Visitor = field(default_factory=Visitor)


class Course:
    """One target; `run` raises Failed where it ends, `outcome` says what was found until then."""

    def __init__(self, life: Life, setting: Setting, tools: Tools) -> None:
        self._life, self._setting, self._tools = life, setting, tools
        self.address = life.address
        self._began = time.monotonic()
        self._stage: Stage = "sweep"
        self._shown, self._vendor = NOTHING_SHOWN, ""
        self._credential: str | None = None
        self._device = Device()
        self._identified: Identified | None = None
        self._explored: Explored | None = None
        self._visits: list[Visited] = []
        self._failed: Failed | None = None

    def outcome(self, failed: Failed | None = None) -> Outcome:
        life, found = self._life, what_it_is(self._identified, self._visits)
        failed = failed or self._failed or (Failed(found.error) if found and found.error else None)
        cause, detail = (failed.cause, failed.detail) if failed else (None, "")
        seconds = time.monotonic() - self._began if life.signs else 0.0
        row = Row(life.address, self._stage, bool(life.signs), cause, detail, seconds, self._credential)
        access = self._setting.access
        known, refused = access.knowledge.of(life.address), access.breaker.refused_by(life.address)
        return Outcome(
            row, life.signs, self._shown, self._vendor or None, self._identified, self._explored, known, refused,
            tuple(self._visits),
        )  # fmt: skip

    async def run(self) -> None:
        """Go as far as the profile wants: over SNMP, then over each service that shows itself. Raises Failed."""
        self._began = time.monotonic()
        if self._setting.profile.until == "alive":
            return
        failures: list[tuple[str, Failed]] = []
        asks: dict[str, Callable[[], Awaitable[None]]] = {"snmp": self._ask}
        asks |= {each.protocol: partial(self._call, each) for each in SERVICES}
        for protocol, ask in asks.items():
            try:
                await ask()
            except Failed as failed:
                if failed.cause in CLOSED:
                    raise
                failures.append((protocol, failed))
        self._failed = why_not_all(failures, self._identified is not None or bool(self._visits))

    # --- stages

    def _enter(self, stage: Stage) -> None:
        """Begin a stage; the ledger tells the last one that was reached over any protocol."""
        self._tools.check(self._life.address)
        self._stage = max(self._stage, stage, key=STAGES.index)

    async def _ask(self) -> None:
        """Look at what shows itself, and go as far as SNMP leads. Raises Failed."""
        async with _within(self._setting.limits.seconds):
            await self._fingerprint()
            admitted = await self._authenticate()
            found = await self._identify(admitted)
        if self._setting.profile.until == "explore":
            await self._explore(admitted, found)

    async def _fingerprint(self) -> None:
        self._enter("fingerprint")
        life, room = self._life, self._tools.rooms.of(self._life.address)
        services = self._setting.profile.services_at(life.address)
        self._shown = await fingerprint(life.address, life.peer, services, self._setting.limits.timeout, room)
        known = self._setting.access.knowledge.of(life.address)
        self._vendor = maker(self._shown, self._setting.definitions.vendors) or known.vendor

    def _contact(self) -> Contact:
        known = self._setting.access.knowledge.of(self._life.address)
        return Contact(
            self._life, self._shown, self._vendor, self._setting.plan.zone, known.engine_id, self._tools.engine,
            self._setting.limits, self._setting.profile, known.dialect,
        )  # fmt: skip

    async def _authenticate(self) -> Admitted:
        self._enter("authenticate")
        access, contact, accepted = self._setting.access, self._contact(), self._life.accepted
        if access.has_ended:
            raise Failed("lease_ended")
        if accepted:
            admitted = Admitted(accepted, session(accepted, contact))
        else:
            admitted = await authenticate(contact, access)
        self._credential = admitted.credential.id
        return admitted

    async def _identify(self, admitted: Admitted) -> Identified:
        self._enter("identify")
        try:
            found = await drive(admitted.way, identify(self._setting.definitions, self._device))
        except Failed as failed:  # a session of its own does not know that the credential was accepted before
            raise Failed("timeout", failed.detail) if failed.cause == "credential_refused" else failed from None
        self._identified = found
        self._vendor = found.vendor or self._vendor
        self._learn(admitted)
        return found

    def _learn(self, admitted: Admitted) -> None:
        """Remember who took which credential. An engine is pinned when it has proven to know a user's keys."""
        knowledge, address, peer = self._setting.access.knowledge, self._life.address, self._life.peer
        known = knowledge.of(address)
        known = replace(known, credential=admitted.credential.id, vendor=self._vendor, dialect=admitted.way.dialect)
        if isinstance(admitted.credential.holds, SnmpUser) and peer is not None:
            known = replace(known, engine_id=peer.engine_id)
        knowledge.learn(address, known)

    async def _explore(self, admitted: Admitted, found: Identified) -> None:
        """Read what the device has; what takes longer than it may is cut short, and says so."""
        self._enter("explore")
        knowledge, address = self._setting.access.knowledge, self._life.address
        asked = ExploreProfile(address, time.time(), knowledge.tables(address), knowledge.of(address).stamps)
        ends_at = asyncio.get_running_loop().time() + self._setting.limits.explore_seconds
        self._explored = await drive(admitted.way, explore(found, self._device, asked), ends_at)
        knowledge.keep(address, self._explored)

    # --- services beside SNMP

    async def _call(self, service: Service) -> None:
        """Visit a service; where only identification is wanted, one word of what the device is will do. Failed."""
        until, access = self._setting.profile.until, self._setting.access
        if until == "identify" and (self._identified or self._visits):
            return
        knowledge = access.knowledge
        call = Call(self._contact(), knowledge.of(self.address), self._identified, self._device, access.secrets_key)
        if not callers(service, call, access):
            return
        self._enter("authenticate")
        visited = await visit(service, call, access, self._tools.visitor, self._tools.rooms.of(self.address))
        self._took(visited.credential.id)
        if visited.failure:
            raise visited.failure
        self._enter("identify" if until == "identify" else "explore")
        self._visits.append(visited)
        self._vendor = self._vendor or next((each.vendor for each in visited.identified if each.vendor), "")

    def _took(self, credential: str) -> None:
        """Remember that a service took a credential, beside the one of SNMP where it took one."""
        self._credential = self._credential or credential
        knowledge = self._setting.access.knowledge
        known = replace(knowledge.of(self.address), vendor=self._vendor)
        if not known.credential:
            known = replace(known, credential=credential)
        elif credential not in (known.credential, *known.logins):
            known = replace(known, logins=(*known.logins, credential)[-MOST_LOGINS:])
        knowledge.learn(self.address, known)


async def drive(way: WayIn, script: Script[Result], ends_at: float | None = None) -> Result:
    """Drive a script to its result. What an answer fails with is raised in it, after `ends_at` cause `budget`."""
    try:
        asked = next(script)
        while True:
            try:
                async with asyncio.timeout_at(ends_at):
                    answer = await way.answer(asked)
            except Failed as failed:
                asked = script.throw(failed)
            except TimeoutError:
                asked = script.throw(Failed("budget", "the target has had its time"))
            else:
                asked = script.send(answer)
    except StopIteration as ended:
        result: Result = ended.value
        return result
    finally:
        script.close()


@contextlib.asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """Bound what takes place by wall clock. Raises Failed when it takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Failed("budget", f"more than {seconds:g} s") from None
