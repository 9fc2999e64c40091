"""The user-based security model: engine discovery, the time window, and a name for everything that goes wrong.

A device says most of it in a Report. A wrong privacy key it answers with silence; so silence at authPriv is followed
by one authNoPriv question, and any answer to that says it was the privacy key or algorithm.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from discovery.failures import Failed
from discovery.snmp.ber import OCTETS, Malformed, encode_oid, inside, oid_text, tlv
from discovery.snmp.credential import User
from discovery.snmp.engine import Send, Terms
from discovery.snmp.message import GET, LEAST_NUMBER, REPORT, V3, Envelope, Pdu, Template, pdu, pdu_rest
from discovery.snmp.peer import Peer
from discovery.snmp.secured import (
    AUTH,
    PRIV,
    REPORTABLE,
    Parameters,
    Secured,
    open_scoped,
    read_secured,
    scoped,
    secured_message,
)
from discovery.snmp.target import Target
from discovery.snmp.usm import MAC_OCTETS, decrypt, encrypt, keys_of, mac

REPORTS: Final[Mapping[bytes, str]] = {
    encode_oid(f"1.3.6.1.6.3.15.1.1.{number}.0"): cause
    for number, cause in enumerate(
        (
            "unsupported_security_level",
            "not_in_time_window",
            "unknown_user",
            "engine_changed",
            "wrong_auth",
            "wrong_priv",
        ),
        start=1,
    )
}
"""A counter of usmStats (RFC 3414 §5) → the cause it means."""


def _engine_probe() -> Template:
    number = LEAST_NUMBER
    nobody = Parameters(b"", 0, 0, b"", b"", b"")
    whole, _ = secured_message(number, REPORTABLE, nobody, scoped(b"", b"", pdu(GET, []), number))
    before, _, after = whole.partition(number.to_bytes(4, "big"))
    return Template(before, after)


ENGINE_PROBE: Final = _engine_probe()
"""A message without user and engine (RFC 3414 §4): whoever speaks SNMPv3 reports who it is."""

SYS_UPTIME: Final = pdu(GET, [encode_oid("1.3.6.1.2.1.1.3.0")])
AGAIN: Final = frozenset({"not_in_time_window", "engine_changed"})
"""What one more try can mend, once clock or engine are known anew."""


class Reported(Failed):
    """A device refused a message by a Report."""


class EngineProbe:
    """The engine probe as a message; `peer` is who answered."""

    __slots__ = ("peer",)

    def __init__(self) -> None:
        self.peer: Peer | None = None

    def seal(self, number: int) -> bytes:
        return ENGINE_PROBE.numbered(number)

    def open(self, data: bytes, opened: Envelope) -> Pdu:
        told = read_secured(data) if opened.version == V3 else None
        if told is None:
            raise Malformed("an answer of another version")
        self.peer = Peer(told.parameters.engine_id, told.parameters.boots, told.parameters.time)
        return Pdu(REPORT, 0, 0, [], len(data))


class UserMessage:
    """A question of a user to a known engine, at a security level of its own (`AUTH`, `PRIV` bits)."""

    __slots__ = ("_keys", "_level", "_number", "_peer", "_request", "_user")

    def __init__(self, user: User, peer: Peer, request: Template, level: int) -> None:
        self._user, self._peer, self._request, self._level = user, peer, request, level
        self._keys = keys_of(user, peer.engine_id)
        self._number = 0

    def seal(self, number: int) -> bytes:
        self._number = number
        user, peer = self._user, self._peer
        clock = peer.clock
        data, salt = scoped(peer.engine_id, user.context.encode(), self._request, number), b""
        if self._level & PRIV and user.priv:
            data, salt = encrypt(user.priv, self._keys.priv, clock, data)
            data = tlv(OCTETS, data)
        blank = bytes(MAC_OCTETS[user.auth]) if self._level & AUTH and user.auth else b""
        parameters = Parameters(peer.engine_id, *clock, user.name.encode(), blank, salt)
        whole, at = secured_message(number, self._level | REPORTABLE, parameters, data)
        return self._signed(whole, at) if blank else whole

    def _signed(self, whole: bytes, at: int) -> bytes:
        """Return a message with its digest at `at`, which counts as zeros while it is made."""
        algorithm = self._user.auth or ""
        size = MAC_OCTETS[algorithm]
        blank = whole[:at] + bytes(size) + whole[at + size :]
        return whole[:at] + mac(algorithm, self._keys.auth, blank) + whole[at + size :]

    def open(self, data: bytes, opened: Envelope) -> Pdu | None:
        """Return an answer that is authentic, timely and secured as the question was; raise Reported for a Report."""
        if opened.version != V3:
            raise Malformed("an answer of another version")
        told = read_secured(data)
        authentic = bool(told.flags & AUTH)
        if authentic and not self._authentic(data, told):
            return None
        timely = not authentic or self._peer.timely(told.parameters.boots, told.parameters.time)
        answer, head = self._decoded(data, told)
        if answer.kind == REPORT:
            raise _reported(answer)
        if not timely or told.flags & (AUTH | PRIV) != self._level or told.parameters.engine_id != self._peer.engine_id:
            return None
        if head.number != self._number:
            raise Malformed("an answer to another question")
        return answer

    def _authentic(self, data: bytes, told: Secured) -> bool:
        expected_size = MAC_OCTETS[self._user.auth] if self._user.auth else 0
        if not expected_size or len(told.parameters.mac) != expected_size:
            return False
        signed = self._signed(data, told.mac_at)
        return hmac.compare_digest(signed[told.mac_at : told.mac_at + expected_size], told.parameters.mac)

    def _decoded(self, data: bytes, told: Secured) -> tuple[Pdu, Envelope]:
        at, stop = told.at, told.stop
        if told.flags & PRIV:
            if not (told.flags & AUTH and self._user.priv):
                raise Malformed("an encrypted answer to a question that was not")
            start, end = inside(data, at, stop, OCTETS)
            clock = (told.parameters.boots, told.parameters.time)
            data = decrypt(self._user.priv, self._keys.priv, clock, told.parameters.salt, data[start:end])
            at, stop = 0, len(data)
        head = open_scoped(data, at, stop, padded=bool(told.flags & PRIV))
        return pdu_rest(data, head), head


def _reported(report: Pdu) -> Reported:
    name = report.bindings[0][0] if report.bindings else b""
    cause = REPORTS.get(name)
    return Reported(cause, "by its Report") if cause else Reported("error_status", f"a Report of {oid_text(name)}")


class UserModel:
    """Asks as a user; what is learned of the engine is kept with the target."""

    version = V3

    def __init__(self, user: User, target: Target) -> None:
        self._user, self._target = user, target
        self._level = AUTH * bool(user.auth) | PRIV * bool(user.priv)
        self._accepted = False

    async def ask(self, request: Template, send: Send, terms: Terms) -> Pdu:
        """Return what is answered to `request`. Raises Failed, by the name of what is wrong."""
        for final in (False, True):
            peer = self._pinned(self._target.peer or await self._discover(send, terms))
            try:
                told = await send(UserMessage(self._user, peer, request, self._level), terms)
            except Failed as failed:
                if isinstance(failed, Reported) and failed.cause in AGAIN and not final:
                    self._relearn(failed)
                    continue
                raise await self._named(failed, peer, send, terms) from failed
            self._accepted = True
            return told
        raise AssertionError("the second try returned or raised")

    async def _discover(self, send: Send, terms: Terms) -> Peer:
        """Return the engine at the target. Raises Failed."""
        probe = EngineProbe()
        await send(probe, terms)
        assert probe.peer is not None
        self._target.peer = probe.peer
        return probe.peer

    def _pinned(self, peer: Peer) -> Peer:
        """Return `peer` unless another one is pinned, then nothing is sent to it. Raises Failed."""
        if self._user.engine_id not in (b"", peer.engine_id):
            raise Failed("engine_changed", peer.engine_id.hex())
        return peer

    def _relearn(self, failed: Failed) -> None:
        """Before one more try: an engine that is unknown is asked for again; the clock came with the Report."""
        if failed.cause == "engine_changed":
            self._target.peer = None

    async def _named(self, failed: Failed, peer: Peer, send: Send, terms: Terms) -> Failed:
        """Return what a failure means: silence at authPriv, where authNoPriv is answered, is a wrong privacy key."""
        if self._accepted or not self._level & PRIV or failed.cause not in ("timeout", "no_answer"):
            return failed
        try:
            await send(UserMessage(self._user, peer, SYS_UPTIME, AUTH), terms)
        except Failed as other:
            return other if isinstance(other, Reported) else failed
        return Failed("wrong_priv", "silent at authPriv, not at authNoPriv")
