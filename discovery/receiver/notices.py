"""Datagrams → notifications: who may speak is checked here, and informs get their answer.

With a community anyone who reads the wire may speak; only an SNMPv3 user with authentication is authentic. Of a trap
the sender's engine is the authority, and its clock is kept (RFC 3414 §3.2 7 b); of an inform we are (7 a).
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from discovery.receiver.listening import Listening
from discovery.snmp.authority import (
    CIPHERS,
    DIGESTS,
    ENGINES,
    LEVELS,
    USERS,
    WINDOWS,
    Refusal,
    check_digest,
    check_level,
    check_window,
    in_clear,
    in_context,
    level_of,
    report,
    sealed,
)
from discovery.snmp.ber import OCTETS, SEQUENCE, Malformed, inside, tlv
from discovery.snmp.credential import REEDER, User
from discovery.snmp.message import V3, envelope
from discovery.snmp.notification import Notification, acknowledgement, envelope_of, notification
from discovery.snmp.peer import LEAST_ENGINE_ID, MOST_ENGINE_ID, Peer
from discovery.snmp.secured import AUTH, PRIV, REPORTABLE, Secured, read_secured
from discovery.snmp.usm import keys_of
from wire.ranges import Ranges

CAUSES: Final[Mapping[bytes, str]] = {
    LEVELS: "unsecured", WINDOWS: "stale", USERS: "unknown_user", ENGINES: "engine_asked", DIGESTS: "not_authentic",
    CIPHERS: "undecipherable",
}  # fmt: skip
"""Counter of usmStats → why a message was not heard. `engine_asked`: a sender of informs that asks who we are."""
MOST_ENGINES: Final = 10_000
BEGAN_S: Final = 1_735_689_600
"""2025-01-01, from which our engine counts its seconds: it never restarts, so its boots need no memory."""
_NOBODY: Final = User("")
_NOWHERE: Final = Ranges()


class Unheard(Exception):
    """A datagram that is not heard; `cause` is what is counted, `answer` what its sender is told, empty for nothing."""

    def __init__(self, cause: str, answer: bytes = b"") -> None:
        super().__init__(cause)
        self.cause, self.answer = cause, answer


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification, whether it is proven who sent it, and the datagram that answers an inform."""

    notification: Notification
    authentic: bool
    answer: bytes


class OwnEngine:
    """The receiver as an engine (RFC 3411 §5): the same one after a restart, for the same name."""

    boots = 1

    def __init__(self, name: str) -> None:
        self.engine_id = b"\x80\0\0\0\5" + hashlib.sha256(name.encode()).digest()[:12]

    @property
    def engine_time(self) -> int:
        return int(time.time()) - BEGAN_S


class Notices:
    """Reads what comes to the trap port."""

    def __init__(self, listening: Listening) -> None:
        self._communities, self._users = listening.communities, listening.users
        self._engine = OwnEngine(listening.name)
        self._peers: OrderedDict[bytes, Peer] = OrderedDict()
        self._refused = 0

    def read(self, data: bytes, address: str) -> Notice:
        """Return what a datagram tells; raise `Unheard`, and Malformed for one that is no message."""
        version, community, at, stop = envelope_of(data)
        if version == V3:
            return self._secured(data, address)
        if address not in self._communities.get(community, _NOWHERE):
            raise Unheard("unknown_community")
        told = notification(data, at, stop)
        return Notice(told, False, acknowledgement(version, community, told.reply) if told.reply else b"")

    def _secured(self, data: bytes, address: str) -> Notice:
        told, number = read_secured(data), envelope(data).number
        try:
            user, context, heard = self._opened(data, told, address)
        except Refusal as refused:
            raise Unheard(CAUSES[refused.counter], self._report(refused, told, number)) from None
        reply = tlv(SEQUENCE, context + heard.reply)
        answer = sealed(number, level_of(user), user, self._engine, reply) if heard.reply else b""
        return Notice(heard, bool(told.flags & AUTH), answer)

    def _report(self, refused: Refusal, told: Secured, number: int) -> bytes:
        """Return the Report for a message that may be reported: it says what its sender has to do better."""
        self._refused += 1
        if not told.flags & REPORTABLE:
            return b""
        said = in_context(self._engine.engine_id, b"", report(refused.counter, self._refused))
        return sealed(number, refused.level, refused.user or _NOBODY, self._engine, said)

    def _opened(self, data: bytes, told: Secured, address: str) -> tuple[User, bytes, Notification]:
        """Return the user a message is from, its context as it stands there, and what it tells.

        Raises Refusal and Malformed.
        """
        engine = told.parameters.engine_id
        is_ours = engine == self._engine.engine_id
        if not is_ours and (told.flags & REPORTABLE or not LEAST_ENGINE_ID <= len(engine) <= MOST_ENGINE_ID):
            raise Refusal(ENGINES)
        failed: Refusal | Malformed = Refusal(USERS)
        for user in self._named(told.parameters.user, engine, is_ours, address):
            try:
                return user, *self._of(user, data, told, is_ours)
            except (Refusal, Malformed) as error:
                failed = error
        raise failed

    def _named(self, name: bytes, engine: bytes, is_ours: bool, address: str) -> Iterator[User]:
        """Yield the users of this name that may speak from there, with either way to lengthen a privacy key."""
        for user, where in self._users.get(name, ()):
            if address in where and (is_ours or user.engine_id in (b"", engine)):
                yield user
                if other := REEDER.get(user.priv):
                    yield replace(user, priv=other)

    def _of(self, user: User, data: bytes, told: Secured, is_ours: bool) -> tuple[bytes, Notification]:
        check_level(told, user)
        if told.flags & (AUTH | PRIV) != level_of(user):
            raise Refusal(LEVELS)  # said with less than this user can do: it may be from anyone
        keys = keys_of(user, told.parameters.engine_id)
        if told.flags & AUTH:
            check_digest(data, told, user, keys)
            if is_ours:
                check_window(told, user, self._engine)
            else:
                self._check_clock(told)
        return _scoped(in_clear(data, told, user, keys), padded=bool(told.flags & PRIV))

    def _check_clock(self, told: Secured) -> None:
        """Raise Refusal for a message older than what its engine has said; the first one an engine says is believed."""
        engine, boots, seconds = told.parameters[:3]
        peer = self._peers.get(engine) or Peer(engine, boots, seconds)
        self._peers[engine] = peer
        self._peers.move_to_end(engine)
        if len(self._peers) > MOST_ENGINES:
            self._peers.popitem(last=False)
        if not peer.timely(boots, seconds):
            raise Refusal(WINDOWS)


def _scoped(data: bytes, padded: bool) -> tuple[bytes, Notification]:
    """Read a scoped PDU (RFC 3412 §6.8): the context as it stands there, which an answer repeats, and what it tells.

    `padded` allows octets after it, as DES leaves them.
    """
    at, stop = inside(data, 0, len(data), SEQUENCE)
    if stop != len(data) and not padded:
        raise Malformed("octets after the scoped PDU")
    _, name = inside(data, at, stop, OCTETS)
    _, pdu = inside(data, name, stop, OCTETS)
    return data[at:pdu], notification(data, pdu, stop)
