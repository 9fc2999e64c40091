"""The agent's side of the conversation: check-ins, reports, acknowledgements; one call at a time."""

from __future__ import annotations

import contextlib
import logging
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agent.config import bounded_interval
from agent.credentials import Credentials
from agent.membership import NotEnrolled
from agent.schedule import jittered
from agent.spool import Spool
from agent.transport import Backoff, Call, CallFailed, Channel, Remedy
from wire import codec
from wire.observation import MAX_REPORT_ENVELOPES, CheckIn, Envelope, Instructions, Observation, Report

log = logging.getLogger(__name__)

CHECK_IN_S = 60.0
CHECK_IN_TIMEOUT_S = 15.0
REPORT_TIMEOUT_S = 45.0
BANNED_S = 900.0
NOTHING_READABLE_S = 10.0
_NOT_THE_SIZE = ("UNAVAILABLE", "CANCELLED", "UNAUTHENTICATED", "PERMISSION_DENIED")
"""Failures that say nothing of what the report held; a deadline may have been missed because it held so much."""


class Listener(Protocol):
    """What the uplink tells the rest of the agent."""

    def check_in(self) -> CheckIn:
        """Return the heartbeat to send."""

    def instructed(self, instructions: Instructions) -> None:
        """The collector answered a heartbeat."""

    def delivered(self, observations: list[Observation], want_sections: tuple[str, ...]) -> None:
        """The collector has these on its disk, and asks for sections in full."""


class Teller(Protocol):
    """A probe: what it tells of its sweep. Its calls take turns with reports, and their failures hold up none."""

    @property
    def tell_at(self) -> float:
        """When it has something to tell, infinity when it has not."""

    def telling(self) -> bytes:
        """Return the Progress to send now."""

    def told(self, answer: bytes, now: float) -> None:
        """The collector answered; raise `Undecodable`."""

    def untold(self, error: CallFailed, now: float) -> None:
        """The collector did not take it."""

    def banned(self) -> None:
        """The collector turns this agent away."""


@dataclass(slots=True)
class _Pending:
    """A call under way; `envelopes` is what a report carries, empty for others. `tells`: who has told something."""

    call: Call
    envelopes: list[Envelope]
    tells: Teller | None = None


class Uplink:
    """Times are monotonic, in seconds. `wake` is called from another thread when a call is done."""

    def __init__(
        self,
        credentials: Credentials,
        spool: Spool,
        listener: Listener,
        wake: Callable[[], None],
        chance: Callable[[], float] = random.random,
        teller: Teller | None = None,
    ) -> None:
        self._teller, self._is_proven = teller, False
        self._credentials, self._spool, self._listener, self._wake = credentials, spool, listener, wake
        self._chance, self._backoff = chance, Backoff(chance)
        self._channel: Channel | None = None
        self._pending: _Pending | None = None
        self._check_in_at = 0.0
        self._not_before = 0.0
        self._is_banned = self._has_new_pair = False
        self._batch = MAX_REPORT_ENVELOPES

    @property
    def line(self) -> Channel | None:
        """The connection, once a call over it has succeeded: whoever else uses it never comes with another pair."""
        return self._channel if self._is_proven and not self._is_banned else None

    @property
    def next_at(self) -> float:
        """When `advance` has something to do by itself; a call under way wakes the agent when it is done."""
        if self._pending or self._credentials.is_recovering:
            return self._credentials.next_at
        at = -math.inf if self._has_report else min(self._check_in_at, self._tell_at)
        return min(max(at, self._not_before), self._credentials.next_at)

    @property
    def _tell_at(self) -> float:
        return self._teller.tell_at if self._teller and not self._is_banned else math.inf

    @property
    def _has_report(self) -> bool:
        return self._spool.depth > 0 and not self._is_banned

    def advance(self, now: float) -> None:
        """Take the answer that came, and begin the next call that is due."""
        if self._pending and self._pending.call.is_done:
            self._finish(self._pending, now)
        self._has_new_pair |= self._credentials.advance(now)
        if self._pending or self._credentials.is_recovering:
            return
        if self._has_new_pair:  # no call of the old pair is under way: one that came later would look like a clone
            self._hang_up()
            self._has_new_pair = False
            self._not_before = self._check_in_at = now  # the new pair proves itself by a heartbeat
        if now < self._not_before:
            return
        try:
            self._begin_next(now)
        except NotEnrolled as error:  # the pair on the disk is damaged: the instance key brings another
            log.warning("no usable pair", extra={"because": str(error)})
            self._credentials.turned_away(now)
            self._not_before = now + self._backoff.failed()

    def _begin_next(self, now: float) -> None:
        if now >= self._check_in_at:
            data = codec.encode_check_in(self._listener.check_in())
            self._begin("CheckIn", data, CHECK_IN_TIMEOUT_S, [])
        elif self._teller and now >= self._tell_at:
            self._begin("Progress", self._teller.telling(), REPORT_TIMEOUT_S, [], self._teller)
        elif self._has_report and (envelopes := self._spool.peek(self._batch)):
            data = codec.encode_report(Report(self._spool.epoch, tuple(envelopes)))
            self._begin("Report", data, REPORT_TIMEOUT_S, envelopes)
        elif self._has_report:
            self._not_before = now + NOTHING_READABLE_S

    def _begin(
        self, method: str, data: bytes, timeout_s: float, envelopes: list[Envelope], tells: Teller | None = None
    ) -> None:
        if self._channel is None:
            self._channel = self._credentials.channel()
        call = self._channel.start(codec.AGENT_SERVICE, method, data, timeout_s, self._wake)
        self._pending = _Pending(call, envelopes, tells)

    def _finish(self, pending: _Pending, now: float) -> None:
        self._pending = None
        try:
            answer = pending.call.answer()
            self._credentials.worked()
            self._is_proven = True
            self._take(pending, answer, now)
        except CallFailed as error:
            self._not_taken(pending, error, now)
        except codec.Undecodable as error:
            self._not_taken(pending, CallFailed("UNDECODABLE", str(error)), now)
        else:
            self._backoff.reset()

    def _take(self, pending: _Pending, answer: bytes, now: float) -> None:
        if pending.tells:
            pending.tells.told(answer, now)
        elif pending.envelopes:
            self._acknowledged(pending.envelopes, answer)
        else:
            self._answered(codec.decode_instructions(answer), now)

    def _not_taken(self, pending: _Pending, error: CallFailed, now: float) -> None:
        if pending.tells:
            pending.tells.untold(error, now)
            if not error.is_silence and error.remedy in (Remedy.RETRY, Remedy.READ_THE_LOG):
                return  # the probe's own affair: reports go on
        self._shrink(pending.envelopes, error)
        self._failed(error, now)

    def _answered(self, instructions: Instructions, now: float) -> None:
        interval_s = bounded_interval(instructions.next_check_in_s or CHECK_IN_S)
        self._check_in_at = now + jittered(interval_s, self._chance())
        self._is_banned = False
        self._listener.instructed(instructions)

    def _acknowledged(self, envelopes: list[Envelope], answer: bytes) -> None:
        """Let go of what the collector has; an answer that contradicts itself lets go of nothing."""
        acknowledgement = codec.decode_acknowledgement(answer)
        refused = {refusal.seq: refusal.reason for refusal in acknowledgement.refused}
        taken = [envelope for envelope in envelopes if envelope.seq not in refused]
        if acknowledgement.acked_seq != max((envelope.seq for envelope in taken), default=0):
            raise CallFailed("CONTRADICTION", f"acknowledged {acknowledgement.acked_seq} of {envelopes[-1].seq}")
        for seq, reason in refused.items():
            self._spool.refuse(seq, reason)
        self._spool.ack(envelope.seq for envelope in taken)
        self._batch = min(MAX_REPORT_ENVELOPES, self._batch * 2)
        self._listener.delivered(_decoded(taken), acknowledgement.want_sections)

    def _shrink(self, envelopes: list[Envelope], error: CallFailed) -> None:
        """Make the next report smaller after one the collector did not like, down to the one it will never take."""
        if len(envelopes) == 1 and error.code == "INVALID_ARGUMENT":
            self._spool.refuse(envelopes[0].seq, error.message)
        elif envelopes and error.retry_after_s is None and error.code not in _NOT_THE_SIZE:
            self._batch = max(1, len(envelopes) // 2)

    def _failed(self, error: CallFailed, now: float) -> None:
        delay = error.retry_after_s if error.retry_after_s is not None else self._backoff.failed()
        if error.remedy is Remedy.RECOVER:
            self._credentials.turned_away(now)
            self._hang_up()
        elif error.remedy is Remedy.WAIT:
            self._is_banned, delay = True, BANNED_S
            self._check_in_at = 0.0
            if self._teller:
                self._teller.banned()
        elif error.is_silence:
            self._credentials.unheard(now)
            self._hang_up()
        self._not_before = now + delay
        log.warning(
            "a call failed", extra={"code": error.code, "because": error.message, "again_in_s": round(delay, 1)}
        )

    def _hang_up(self) -> None:
        """Close the connection: the next one is made by our own clock, and by nothing inside gRPC."""
        self._pending, self._is_proven = None, False
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def stop(self) -> None:
        """End what is under way; an unanswered report is sent again."""
        self._hang_up()
        self._credentials.stop()


def _decoded(envelopes: list[Envelope]) -> list[Observation]:
    """Return the observations in `envelopes`; one this version cannot read has nothing to remember."""
    found = []
    for envelope in envelopes:
        with contextlib.suppress(codec.Undecodable):
            found.append(codec.decode_observation(envelope.observation))
    return found
