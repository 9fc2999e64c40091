"""The authoritative end of SNMPv3: who is asked, or told by an inform, opens and seals by a clock of its own.

RFC 3414 §3.1 and §3.2: engine, user, level, digest, time window, cipher, in this order; what fails is answered by the
Report of a counter.
"""

from __future__ import annotations

import hmac
from typing import Final, Protocol

from discovery.snmp.ber import OBJECT, OCTETS, SEQUENCE, Malformed, encode_integer, encode_oid, inside, tlv
from discovery.snmp.credential import User
from discovery.snmp.message import REPORT
from discovery.snmp.secured import AUTH, PRIV, Parameters, Secured, secured_message
from discovery.snmp.usm import MAC_OCTETS, Keys, decrypt, encrypt, keys_of, mac
from discovery.snmp.variables import COUNTER32

WINDOW_S: Final = 150
_STATS: Final = "1.3.6.1.6.3.15.1.1"
LEVELS, WINDOWS, USERS, ENGINES, DIGESTS, CIPHERS = (encode_oid(f"{_STATS}.{at}.0") for at in range(1, 7))
"""usmStatsUnsupportedSecLevels and those after it."""


class Engine(Protocol):
    """An engine that is asked: its identity and its clock, in seconds."""

    @property
    def engine_id(self) -> bytes: ...
    @property
    def boots(self) -> int: ...
    @property
    def engine_time(self) -> int: ...


class Refusal(Exception):
    """A message that is answered by a Report of a counter; `level` is how the Report is secured, by keys of `user`."""

    def __init__(self, counter: bytes, level: int = 0, user: User | None = None) -> None:
        super().__init__(counter)
        self.counter, self.level, self.user = counter, level, user


def level_of(user: User) -> int:
    """Return the security level a user has, as bits of msgFlags."""
    return AUTH * bool(user.auth) | PRIV * bool(user.priv)


def check_level(told: Secured, user: User) -> None:
    """Raise Refusal for a message secured beyond what the user can do, or encrypted and not authentic."""
    if (told.flags & (AUTH | PRIV)) & ~level_of(user) or (told.flags & PRIV and not told.flags & AUTH):
        raise Refusal(LEVELS)


def check_digest(data: bytes, told: Secured, user: User, keys: Keys) -> None:
    """Raise Refusal unless the digest of a message is that of its user."""
    size = MAC_OCTETS[user.auth or ""]
    blank = data[: told.mac_at] + bytes(size) + data[told.mac_at + size :]
    if len(told.parameters.mac) != size or not hmac.compare_digest(
        mac(user.auth or "", keys.auth, blank), told.parameters.mac
    ):
        raise Refusal(DIGESTS)


def check_window(told: Secured, user: User, engine: Engine) -> None:
    """Raise Refusal for a message that is not of now, by the clock of `engine`."""
    boots, seconds = told.parameters.boots, told.parameters.time
    if boots != engine.boots or abs(seconds - engine.engine_time) > WINDOW_S:
        raise Refusal(WINDOWS, AUTH, user)


def in_clear(data: bytes, told: Secured, user: User, keys: Keys) -> bytes:
    """Return the scoped PDU in clear text. Raises Refusal, and Malformed."""
    if not told.flags & PRIV:
        return data[told.at : told.stop]
    start, stop = inside(data, told.at, told.stop, OCTETS)
    try:
        clock = (told.parameters.boots, told.parameters.time)
        return decrypt(user.priv or "", keys.priv, clock, told.parameters.salt, data[start:stop])
    except Malformed as error:
        raise Refusal(CIPHERS, AUTH, user) from error


def in_context(engine_id: bytes, name: bytes, pdu: bytes) -> bytes:
    """Return the scoped PDU of a context (RFC 3412 §6.8)."""
    return tlv(SEQUENCE, tlv(OCTETS, engine_id) + tlv(OCTETS, name) + pdu)


def sealed(number: int, level: int, user: User, engine: Engine, data: bytes) -> bytes:
    """Return the message that carries a scoped PDU to `user`, secured by the keys of `engine`."""
    keys, salt = keys_of(user, engine.engine_id) if level else Keys(), b""
    clock = (engine.boots, engine.engine_time)
    if level & PRIV:
        data, salt = encrypt(user.priv or "", keys.priv, clock, data)
        data = tlv(OCTETS, data)
    blank = bytes(MAC_OCTETS[user.auth]) if level & AUTH and user.auth else b""
    parameters = Parameters(engine.engine_id, *clock, user.name.encode(), blank, salt)
    whole, at = secured_message(number, level, parameters, data)
    if not blank:
        return whole
    return whole[:at] + mac(user.auth or "", keys.auth, whole) + whole[at + len(blank) :]


def report(counter: bytes, value: int) -> bytes:
    """Return the PDU of a Report: a counter of usmStats and where it stands."""
    named = tlv(OBJECT, counter) + encode_integer(value, COUNTER32)
    return tlv(REPORT, encode_integer(0) * 3 + tlv(SEQUENCE, tlv(SEQUENCE, named)))
