"""The other end of SNMPv3: Reports, the time window, authentication and privacy (RFC 3414 §3.2, RFC 3412 §7.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from discovery.lab.device import Device
from discovery.lab.question import Question, answer, denied, read_pdu
from discovery.snmp.authority import (
    ENGINES,
    USERS,
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
from discovery.snmp.ber import OCTETS, SEQUENCE, encode_oid, inside
from discovery.snmp.credential import User
from discovery.snmp.message import V3, envelope
from discovery.snmp.secured import AUTH, PRIV, REPORTABLE, Secured, read_secured
from discovery.snmp.usm import keys_of

CONTEXTS: Final = encode_oid("1.3.6.1.6.3.12.1.5.0")  # snmpUnknownContexts
_NOBODY: Final = User("")


class Authority:
    """The users that every device of a lab knows, each with keys of its own for every engine."""

    def __init__(self, users: Iterable[User]) -> None:
        self._users = {user.name.encode(): user for user in users}
        self._refused = 0

    def answer(self, data: bytes, device: Device) -> bytes | None:
        """Return the datagram that answers a v3 message, None where silence does. Raises Malformed."""
        told, number = read_secured(data), envelope(data).number
        user = _NOBODY
        try:
            user = self._user(told, device)
            asked = _scoped(_opened(data, told, user, device))
            level = told.flags & (AUTH | PRIV)
            pdu = answer(asked, device) if level == level_of(user) else denied(asked)
            return sealed(number, level, user, device, in_context(device.engine_id, b"", pdu)) if pdu else None
        except Refusal as refused:
            self._refused += 1
            counted = in_context(device.engine_id, b"", report(refused.counter, self._refused))
            return sealed(number, refused.level, user, device, counted) if told.flags & REPORTABLE else None

    def _user(self, told: Secured, device: Device) -> User:
        if told.parameters.engine_id != device.engine_id:
            raise Refusal(ENGINES)
        user = self._users.get(told.parameters.user)
        if user is None:
            raise Refusal(USERS)
        check_level(told, user)
        return user


def _opened(data: bytes, told: Secured, user: User, device: Device) -> bytes:
    """Return the scoped PDU in clear text. Raises Refusal, and Malformed."""
    keys = keys_of(user, device.engine_id)
    if told.flags & AUTH:
        check_digest(data, told, user, keys)
        check_window(told, user, device)
    return in_clear(data, told, user, keys)


def _scoped(data: bytes) -> Question:
    """Read a scoped PDU; what a wrong privacy key left is Malformed. A device has its default context only."""
    at, stop = inside(data, 0, len(data), SEQUENCE)
    _, at = inside(data, at, stop, OCTETS)
    context, at = inside(data, at, stop, OCTETS)
    if context != at:
        raise Refusal(CONTEXTS)
    return read_pdu(data, at, stop, V3)
