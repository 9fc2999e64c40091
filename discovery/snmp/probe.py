"""Who answers: one datagram to each of many addresses, without a credential, or with one community.

The engine probe (a GET without user and engine, RFC 3414 §4) shows nothing and is answered by whoever speaks SNMPv3,
whatever its users and communities: it proves that something is there, who made it, and when it was started.
Silence proves nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from discovery.asking import Value
from discovery.failures import Failed
from discovery.snmp.ber import Malformed, encode_oid, oid_text
from discovery.snmp.community import CommunityMessage
from discovery.snmp.credential import Community
from discovery.snmp.engine import Engine
from discovery.snmp.link import Source
from discovery.snmp.message import GET, V1, V2C, V3, Envelope, community_head, pdu
from discovery.snmp.peer import Peer
from discovery.snmp.secured import read_secured
from discovery.snmp.target import Target, canonical
from discovery.snmp.user import ENGINE_PROBE

DRAIN_EVERY = 64
TURN_EVERY = 1024
"""Datagrams sent before answers are read, and before the loop gets its turn."""

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"


@dataclass(frozen=True, slots=True)
class Taps:
    """How often to ask who is silent, and how long to wait after the last datagram, seconds.

    `first` until an answer has come, then four times the slower round trips, within `least` and `first`.
    """

    count: int = 2
    least: float = 0.25
    first: float = 1.5


@dataclass(frozen=True, slots=True)
class Alive:
    """An address that answered; `target.peer` is its engine by an `EngineQuestion`, `values` by the other."""

    target: Target
    values: Mapping[str, Value]


class Question(Protocol):
    """What every address is asked."""

    def seal(self, number: int) -> bytes: ...

    def read(self, data: bytes, opened: Envelope) -> tuple[Peer | None, Mapping[str, Value]]:
        """Return what an answer tells. Raises Failed when it is none."""


class EngineQuestion:
    """The engine probe."""

    seal = staticmethod(ENGINE_PROBE.numbered)

    def read(self, data: bytes, opened: Envelope) -> tuple[Peer | None, Mapping[str, Value]]:
        if opened.version != V3:
            raise Malformed("an answer of another version")
        told = read_secured(data).parameters
        return Peer(told.engine_id, told.boots, told.time), {}


class CommunityQuestion:
    """What it is, asked with a community: sysDescr and sysObjectID."""

    def __init__(self, community: Community) -> None:
        asked = pdu(GET, [encode_oid(SYS_DESCR), encode_oid(SYS_OBJECT_ID)])
        version = V1 if community.version == 1 else V2C
        self._message = CommunityMessage(community_head(version, community.name.encode()), asked)
        self.seal = self._message.seal

    def read(self, data: bytes, opened: Envelope) -> tuple[Peer | None, Mapping[str, Value]]:
        told = self._message.open(data, opened).bindings
        return None, {oid_text(name): value for name, _, value in told if value is not None}


async def sweep(
    engine: Engine, hosts: Iterable[str], question: Question, found: Callable[[Alive], None],
    port: int = 161, taps: Taps | None = None,
) -> None:  # fmt: skip
    """Ask every host, an IP address, as fast as the engine's rate allows; call `found` once for each that answers.

    All hosts are waited for at once; give a range in parts of some ten thousand.
    """
    taps = taps or Taps()
    tapping = _Tapping(engine, question, found)
    silent = [_Tapped(tapping, (canonical(host) if ":" in host else host, port)) for host in hosts]
    try:
        for _ in range(taps.count):
            silent = [each for each in silent if each.number >= 0]
            await tapping.tap(silent, taps)
    finally:
        for each in silent:
            engine.exchange.pending.pop(each.number, None)


class _Tapping:
    """One sweep: its question, and what it knows of round trips."""

    def __init__(self, engine: Engine, question: Question, found: Callable[[Alive], None]) -> None:
        self.engine, self.question, self.found = engine, question, found
        self._rtts: list[float] = []

    async def tap(self, silent: list[_Tapped], taps: Taps) -> None:
        """Send to each of `silent`, and wait for their answers."""
        exchange, clock, bucket = self.engine.exchange, self.engine.loop.time, self.engine.bucket
        at = turn_at = 0
        while at < len(silent):
            now = clock()
            granted = bucket.take(now, min(DRAIN_EVERY, len(silent) - at))
            for each in silent[at : at + granted]:
                each.send(now)
            at += granted
            exchange.drain()
            if not granted:
                await asyncio.sleep(bucket.wait())
            elif at >= turn_at or exchange.clogged:
                turn_at = at + TURN_EVERY
                await self._turn()
        await self._answers(silent, taps)

    async def _turn(self) -> None:
        await asyncio.sleep(0)
        while self.engine.exchange.clogged:  # noqa: ASYNC110  the rarest of cases is worth no event
            await asyncio.sleep(0.001)

    async def _answers(self, silent: list[_Tapped], taps: Taps) -> None:
        clock, sent_at = self.engine.loop.time, self.engine.loop.time()
        while (  # noqa: ASYNC110  how long to wait changes with every answer
            any(each.number >= 0 for each in silent) and clock() < sent_at + self._patience(taps)
        ):
            await asyncio.sleep(taps.least / 5)

    def _patience(self, taps: Taps) -> float:
        if not self._rtts:
            return taps.first
        slow = sorted(self._rtts)[len(self._rtts) * 95 // 100]
        return min(taps.first, max(taps.least, 4 * slow))

    def answered(self, each: _Tapped, rtt: float, peer: Peer | None, values: Mapping[str, Value]) -> None:
        self._rtts.append(rtt)
        target = self.engine.target(*each.source)
        target.answered, target.peer = True, peer or target.peer
        target.observe(rtt)
        self.engine.answered(target.address[0])
        self.found(Alive(target, values))


class _Tapped:
    """One address of a sweep; `number` is what it waits under, 0 before the first datagram, -1 once it answered."""

    __slots__ = ("_link", "_sent_at", "_tapping", "number", "source")

    def __init__(self, tapping: _Tapping, source: Source) -> None:
        self._tapping, self.source = tapping, source
        self._link = tapping.engine.exchange.link(source[0])
        self.number, self._sent_at = 0, 0.0

    def send(self, now: float) -> None:
        if self.number < 0:
            return
        self.number = self.number or self._tapping.engine.exchange.expect(self)
        self._sent_at = now
        self._tapping.engine.bucket.spent(self.source[0])
        try:
            self._link.send(self._tapping.question.seal(self.number), self.source)
        except OSError:
            return  # no way there is as silent as nobody there

    def receive(self, data: bytes, opened: Envelope, source: Source) -> None:
        engine = self._tapping.engine
        if source != self.source:
            engine.counts.foreign += 1
            return
        try:
            peer, values = self._tapping.question.read(data, opened)
        except Failed:
            engine.counts.malformed += 1
            return
        del engine.exchange.pending[self.number]
        self.number = -1
        self._tapping.answered(self, engine.loop.time() - self._sent_at, peer, values)
