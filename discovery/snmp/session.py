"""A target and a credential: gets, walks, and scripts driven to their result."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from discovery.asking import Answer, Ask, Get, Result, Script, Value
from discovery.failures import Failed
from discovery.snmp.ber import encode_oid
from discovery.snmp.community import CommunityModel
from discovery.snmp.credential import Community, Credential
from discovery.snmp.engine import Engine, Message, Request, Terms
from discovery.snmp.link import Source
from discovery.snmp.message import (
    GET,
    GETBULK,
    GETNEXT,
    NO_SUCH_NAME,
    TOO_BIG,
    V1,
    Pdu,
    Template,
    pdu,
)
from discovery.snmp.user import UserModel
from discovery.snmp.variables import NO_SUCH_OBJECT, Binding
from discovery.snmp.walking import Budget, Column, Walking, refusal

COLUMNS_AT_ONCE = 8
INSTANCES_AT_ONCE = 24
"""What is asked of a device in one PDU."""

SILENT = frozenset({"timeout", "no_answer"})


class Session:
    """`bulk` False walks with GETNEXT, which v1 always does."""

    def __init__(
        self, engine: Engine, where: Source, credential: Credential, budget: Budget | None = None, bulk: bool = True
    ) -> None:
        self.engine, self.budget = engine, budget or Budget()
        self._where, self._credential, self._contexts = where, credential, dict[str, Session]()
        self.target = engine.target(*where)
        self.model = (
            CommunityModel(credential) if isinstance(credential, Community) else UserModel(credential, self.target)
        )
        self.bulk = bulk and self.model.version != V1
        self._terms, self._rtt = Terms(engine.patience), 0.0

    @property
    def dialect(self) -> str:
        """How it asks, beyond what the credential says: the version of a community, a user's privacy algorithm."""
        spoken = self._credential
        return str(spoken.version) if isinstance(spoken, Community) else spoken.priv or ""

    # --- questions

    def get(self, *oids: str) -> Coroutine[None, None, Mapping[str, Value]]:
        """Return the values of those instances that exist. Raises Failed, then nothing is known."""
        return self._instances(oids) if len(oids) <= INSTANCES_AT_ONCE else self._collect(oids, {})

    async def walk(self, *columns: str, rows: int = 50_000) -> Answer:
        """Return the values below each column; when it ends early, those so far, and why."""
        found = {each: Column(encode_oid(each)) for each in columns}
        failed: Failed | None = None
        ordered = list(found.values())
        for at in range(0, len(ordered), COLUMNS_AT_ONCE):
            walking = self._walking(ordered[at : at + COLUMNS_AT_ONCE], rows)
            async for _ in self._pages(walking):
                pass
            failed = failed or walking.failure
        return Answer(
            columns={name: each.values for name, each in found.items()}, failure=failed.cause if failed else None
        )

    async def pages(self, root: str, rows: int = 1 << 62) -> AsyncIterator[Sequence[Binding]]:
        """Yield the variables below `root` as they come, or itself when it is an instance; none is kept.

        Raises Failed at the end of what was read.
        """
        column = Column(encode_oid(root))
        walking = self._walking([column], rows)
        async for page in self._pages(walking):
            column.values.clear()
            yield page
        if walking.failure is not None:
            raise walking.failure
        if not column.count:
            told = await self.model.ask(pdu(GET, [column.root]), self._send, self._terms)
            yield [each for each in told.bindings if not told.status and each[1] < NO_SUCH_OBJECT]

    async def run(self, script: Script[Result]) -> Result:
        """Drive a script to its result. Raises Failed when the device stops answering, or all it says is no."""
        try:
            asked = next(script)
            while True:
                try:
                    told = await self.answer(asked)
                except Failed as failed:
                    asked = script.throw(failed)
                else:
                    asked = script.send(told)
        except StopIteration as ended:
            result: Result = ended.value
            return result
        finally:
            script.close()

    async def answer(self, asked: Ask) -> Answer:
        """Return what is told to one question of a script. Raises Failed when nothing is."""
        if asked.context:
            return await self._within(asked.context).answer(replace(asked, context=""))
        if not isinstance(asked, Get):
            return await self.walk(*asked.columns, rows=asked.rows)
        values: dict[str, Value] = {}
        try:
            await self._collect(asked.oids, values)
        except Failed as failed:
            if not values:
                raise
            return Answer(values=values, failure=failed.cause)
        return Answer(values=values)

    def _within(self, context: str) -> Session:
        """Return a session of the same device in another context; raise Failed where it has no such thing."""
        if context not in self._contexts:
            inside = _inside(self._credential, context)
            self._contexts[context] = Session(self.engine, self._where, inside, self.budget, self.bulk)
        return self._contexts[context]

    # --- gets

    async def _collect(self, oids: tuple[str, ...], values: dict[str, Value]) -> dict[str, Value]:
        """Put the instances that exist into `values`. Raises Failed where they could not be asked for."""
        for at in range(0, len(oids), INSTANCES_AT_ONCE):
            values |= await self._instances(oids[at : at + INSTANCES_AT_ONCE])
        return values

    async def _instances(self, oids: tuple[str, ...]) -> dict[str, Value]:
        """Return instances of one PDU; half at a time when they do not fit, without what v1 does not have."""
        if not oids:
            return {}
        names, question = _question(oids)
        told = await self.model.ask(question, self._send, self._terms)
        if not told.status:
            answered = zip(oids, names, told.bindings, strict=False)
            return {oid: value for oid, name, (of, _, value) in answered if of == name and value is not None}
        if told.status == TOO_BIG and len(oids) > 1:
            half = len(oids) // 2
            return await self._instances(oids[:half]) | await self._instances(oids[half:])
        known = 1 <= told.position <= len(oids)
        if told.status == NO_SUCH_NAME and known:
            return await self._instances(oids[: told.position - 1] + oids[told.position :])
        raise refusal(told, names[told.position - 1] if known else b"")

    # --- walks

    def _walking(self, columns: Sequence[Column], rows: int) -> Walking:
        return Walking(columns, rows, self.budget.octets, self.bulk)

    async def _pages(self, walking: Walking) -> AsyncIterator[Sequence[Binding]]:
        """Ask until the walk is over, and yield what is new of it."""
        ends_at = self.engine.loop.time() + self.budget.seconds
        patience, silences = replace(self.engine.patience, tries=1), 0
        while names := walking.next():
            try:
                told = await self.model.ask(self._page(walking, names), self._send, Terms(patience, ends_at))
            except Failed as failed:
                silences += 1
                if self.engine.loop.time() >= ends_at:
                    walking.failure = Failed("budget", f"more than {self.budget.seconds:.0f} s")
                elif failed.cause not in SILENT or silences >= self.engine.patience.tries:
                    walking.failure = failed
                walking.repetitions.trouble()
                patience = patience.doubled()
                continue
            if silences:
                patience, silences = replace(self.engine.patience, tries=1), 0
            taken = walking.take(told, self._rtt)
            yield told.bindings[:taken]

    def _page(self, walking: Walking, names: list[bytes]) -> Template:
        return pdu(GETBULK, names, walking.rows_wanted()) if walking.bulk else pdu(GETNEXT, names)

    # --- traffic

    async def _send(self, message: Message, terms: Terms) -> Pdu:
        """Return the answer to one message. Raises Failed."""
        told: asyncio.Future[Pdu | Failed] = self.engine.loop.create_future()
        request = Request(self.engine, self.target, message, terms, told.set_result)
        self.engine.ask(request)
        try:
            found = await told
        except asyncio.CancelledError:
            self.engine.drop(request)
            raise
        if isinstance(found, Failed):
            raise found
        self._rtt = request.rtt
        return found


_VLAN = re.compile(r"vlan-(\d{1,4})", re.ASCII)


def _inside(credential: Credential, context: str) -> Credential:
    """Return what opens a context: SNMPv3 names it, a community of IOS tells a VLAN as `name@number`."""
    if not isinstance(credential, Community):
        return replace(credential, context=context)
    vlan = _VLAN.fullmatch(context)
    if vlan is None:
        raise Failed("no_answer", "a community has no such context")
    return replace(credential, name=f"{credential.name}@{vlan[1]}")


@lru_cache(maxsize=4096)
def _question(oids: tuple[str, ...]) -> tuple[tuple[bytes, ...], Template]:
    """Return the encoded names, and the GET that asks for them."""
    names = tuple(map(encode_oid, oids))
    return names, pdu(GET, names)
