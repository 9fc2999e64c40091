"""The engine: every request of a probe goes through one exchange, within limits, and ends exactly once.

An answer calls back; no task and no future stands behind a request. It ends answered, or failed for a typed cause.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol
from weakref import WeakValueDictionary

from discovery.failures import Failed
from discovery.snmp.exchange import Exchange
from discovery.snmp.limits import Bucket, Gate, Lane, Limits
from discovery.snmp.link import Source
from discovery.snmp.message import Envelope, Pdu
from discovery.snmp.target import Patience, Target, canonical, subnet

Done = Callable[[Pdu | Failed], None]

TICK_S = 0.01
"""How late a time-out may be: most questions are answered before theirs, so they are looked at together."""


class Message(Protocol):
    """A question in its envelope."""

    def seal(self, number: int) -> bytes:
        """Return the datagram that asks under `number`."""

    def open(self, data: bytes, opened: Envelope) -> Pdu | None:
        """Return what was answered; None when it is not authentic, and the wait goes on. Raises Failed."""


class Terms(NamedTuple):
    """How long a question may take: by its patience, and at the latest at `ends_at` of the loop's clock."""

    patience: Patience
    ends_at: float = float("inf")


Send = Callable[[Message, Terms], Awaitable[Pdu]]
"""Sends a message and returns its answer. Raises Failed."""


class Request:
    """One question on its way; `rtt` says how long the answer took, seconds."""

    __slots__ = ("done", "engine", "expires_at", "lanes", "message", "number", "rtt", "sent", "sent_at", "target",
                 "terms", "wait")  # fmt: skip

    def __init__(self, engine: Engine, target: Target, message: Message, terms: Terms, done: Done) -> None:
        self.engine, self.target, self.message, self.terms, self.done = engine, target, message, terms, done
        self.lanes = target.lanes
        self.number = self.sent = 0
        self.sent_at = self.expires_at = self.wait = self.rtt = 0.0

    def receive(self, data: bytes, opened: Envelope, source: Source) -> None:
        """Take a datagram under this request's number."""
        if source != self.target.address:
            self.engine.counts.foreign += 1
            return
        found: Pdu | Failed | None
        try:
            found = self.message.open(data, opened)
        except Failed as failed:
            found = failed
        if found is None:
            self.engine.counts.unauthentic += 1
            return
        self.rtt = self.engine.loop.time() - self.sent_at
        self.target.answered = True
        self.engine.answered(source[0])
        if self.sent == 1:  # else nobody knows which sending was answered (Karn)
            self.target.observe(self.rtt)
        self.engine.end(self, found)


class Engine:
    """Lives in the running loop until `close`; one for a whole sweep.

    `pace`: what its datagrams wait for, a bucket of its own when None. `answered` is told of addresses that answer.
    """

    def __init__(
        self, limits: Limits | None = None, patience: Patience | None = None, pace: Bucket | None = None,
        answered: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.limits, self.patience = limits or Limits(), patience or Patience()
        self.loop = asyncio.get_running_loop()
        self.exchange = Exchange(self._garbled)
        self.counts, self._pending = self.exchange.counts, self.exchange.pending
        self.bucket, self.answered = pace or Bucket(self.limits.rate, self.loop.time()), answered
        self._everything = Lane(self.limits.in_flight)
        self._subnets: WeakValueDictionary[tuple[int, int], Lane] = WeakValueDictionary()
        self._targets: WeakValueDictionary[Source, Target] = WeakValueDictionary()
        self._gate: Gate[Request] = Gate(self._start)
        self._unsent: deque[Request] = deque()
        self._timers: list[tuple[float, int, Request]] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = float("inf")
        self._pause: asyncio.TimerHandle | None = None
        self._closed = False

    def target(self, host: str, port: int = 161) -> Target:
        """Return what is known of an address. ValueError when `host` is no IP address."""
        address = canonical(host), port
        known = self._targets.get(address)
        if known is None:
            lanes = (Lane(self.limits.per_target), self._subnet(host), self._everything)
            known = self._targets[address] = Target(address, self.exchange.link(host), lanes)
        return known

    def _subnet(self, host: str) -> Lane:
        key = subnet(host)
        lane = self._subnets.get(key)
        if lane is None:
            lane = self._subnets[key] = Lane(self.limits.per_subnet)
        return lane

    def ask(self, request: Request) -> None:
        """Send `request` when the limits allow it; its `done` is called once, never before this returns."""
        self._gate.admit(request)

    def drop(self, request: Request) -> None:
        """Nobody waits for `request` any more."""
        request.done = _nothing
        self.end(request, Failed("cancelled"))

    def end(self, request: Request, found: Pdu | Failed) -> None:
        """End a request that was sent, and let others take its place."""
        if request.number:
            del self._pending[request.number]
            request.number = 0
            request.expires_at = 0.0
            self._gate.release(request)
            done, request.done = request.done, _nothing  # its timer holds it on; the answer need not stay
            try:
                done(found)
            except asyncio.InvalidStateError:
                return  # the future of a task that was cancelled a moment ago

    # --- sending

    def _start(self, request: Request) -> None:
        request.number = self.exchange.expect(request)
        if self._closed or request.done is _nothing:
            self.loop.call_soon(self.end, request, Failed("cancelled"))
        elif self.bucket.rate is None:
            self._send(request)
        else:
            self._unsent.append(request)
            self._send_unsent()

    def _send_unsent(self) -> None:
        while self._unsent and self.bucket.take(self.loop.time()):
            self._send(self._unsent.popleft())
        if self._unsent and self._pause is None:
            self._pause = self.loop.call_later(self.bucket.wait(), self._resume)

    def _resume(self) -> None:
        self._pause = None
        self._send_unsent()

    def _send(self, request: Request) -> None:
        if not request.number:
            return
        now = self.loop.time()
        request.sent += 1
        request.sent_at = now
        request.wait = request.wait * 2 or request.target.wait(request.terms.patience)
        at = min(now + request.wait, request.terms.ends_at)
        request.expires_at = at
        heapq.heappush(self._timers, (at, request.number, request))
        if at < self._alarm_at:
            self._set_alarm(at)
        try:
            request.target.link.send(request.message.seal(request.number), request.target.address)
        except OSError as error:
            self.loop.call_soon(self.end, request, Failed("no_answer", error.strerror or "cannot be sent to"))

    # --- time

    def _set_alarm(self, at: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm, self._alarm_at = self.loop.call_at(at, self._expire), at

    def _expire(self) -> None:
        self._alarm, self._alarm_at = None, float("inf")
        now = self.loop.time()
        while self._timers and self._timers[0][0] <= now:
            at, _, request = heapq.heappop(self._timers)
            if request.expires_at == at:
                self._expired(request, now)
        if self._timers and self._timers[0][0] < self._alarm_at:
            self._set_alarm(max(self._timers[0][0], now + TICK_S))

    def _expired(self, request: Request, now: float) -> None:
        self.counts.timeouts += 1
        if request.sent < request.terms.patience.tries and now < request.terms.ends_at:
            self._unsent.append(request)
            self._send_unsent()
        else:
            self.end(request, request.target.silence())

    def _garbled(self, source: Source, why: str) -> None:
        target = self._targets.get(source)
        if target is not None:
            target.garbled = why

    def close(self) -> None:
        """End every request with cause `cancelled`, and close the sockets."""
        self._closed = True
        for timer in (self._alarm, self._pause):
            if timer is not None:
                timer.cancel()
        for each in list(self._pending.values()):
            if isinstance(each, Request):
                self.end(each, Failed("cancelled"))
        self.exchange.close()


def _nothing(_: Pdu | Failed) -> None:
    """Stand in for the `done` of a request that was dropped."""
