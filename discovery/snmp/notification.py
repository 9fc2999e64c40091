"""Traps and informs: what a device says unasked (RFC 1157 §4.1.6, RFC 3416 §4.2.6 and §4.2.7).

All come out in the form of v2: a notification has a name, and variables. A v1 trap is given the name that RFC 3584 §3.1
makes of its numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from discovery.asking import Oid, Value
from discovery.snmp.ber import (
    OBJECT,
    OCTETS,
    SEQUENCE,
    Malformed,
    encode_integer,
    head,
    header,
    inside,
    integer,
    oid_text,
    tlv,
)
from discovery.snmp.message import RESPONSE, V1, V2C, V3, pdu_head
from discovery.snmp.variables import TIMETICKS, Binding, variables

TRAP_V1: Final = 0xA4
INFORM: Final = 0xA6
TRAP: Final = 0xA7
IP_ADDRESS: Final = 0x40

TRAP_OID: Final = "1.3.6.1.6.3.1.1.4.1.0"
"""snmpTrapOID.0, the variable that names a notification."""
GENERIC: Final = "1.3.6.1.6.3.1.1.5"
"""snmpTraps: coldStart(1) … egpNeighborLoss(6)."""
ENTERPRISE_SPECIFIC: Final = 6

MOST_VARIABLES: Final = 128
"""Variables that are read of one notification; what is beyond is left out."""

Variables = dict[str, Value]
"""Full name ("1.3.6.1.2.1.2.2.1.1.3") → value; those without a value are left out."""


@dataclass(frozen=True, slots=True)
class Notification:
    """`oid` is its name. `reply`: the PDU that acknowledges an inform, empty for a trap. Secrets are in neither."""

    oid: str
    variables: Variables = field(default_factory=dict)
    reply: bytes = b""


def envelope_of(data: bytes) -> tuple[int, bytes, int, int]:
    """Return version and community of a message, and where its PDU starts and stops; Malformed when it is none.

    A v3 message has no community here: `discovery.snmp.secured` reads it.
    """
    at, stop = inside(data, 0, len(data), SEQUENCE)
    if stop != len(data):
        raise Malformed("octets after the message")
    version, at = integer(data, at, stop)
    if version == V3:
        return version, b"", at, stop
    if version not in (V1, V2C):
        raise Malformed("an unknown version")
    start, at = inside(data, at, stop, OCTETS)
    return version, data[start:at], at, stop


def notification(data: bytes, at: int, end: int) -> Notification:
    """Read the PDU from `at` to `end`; Malformed when it tells of nothing."""
    kind, start, stop = header(data, at, end)
    if kind == TRAP_V1:
        return _of_v1(data, start, stop)
    opened = pdu_head(data, at, end, V2C)
    if kind not in (INFORM, TRAP):
        raise Malformed("neither trap nor inform")
    _, at = integer(data, opened.at, stop)
    _, at = integer(data, at, stop)
    at, last = inside(data, at, stop, SEQUENCE)
    if last != stop:
        raise Malformed("octets after the variables")
    told = _told(variables(data, at, last))
    name = told.pop(TRAP_OID, None)
    if not isinstance(name, Oid):
        raise Malformed("a notification without a name")
    return Notification(str(name), told, _reply(opened.number, data[at:last]) if kind == INFORM else b"")


def _of_v1(data: bytes, at: int, end: int) -> Notification:
    start, at = inside(data, at, end, OBJECT)
    enterprise = oid_text(data[start:at])
    _, at = inside(data, at, end, IP_ADDRESS)
    generic, at = integer(data, at, end)
    specific, at = integer(data, at, end)
    _, at = inside(data, at, end, TIMETICKS)
    at, last = inside(data, at, end, SEQUENCE)
    if last != end or generic < 0 or specific < 0:
        raise Malformed("no trap of v1")
    name = f"{GENERIC}.{generic + 1}" if generic < ENTERPRISE_SPECIFIC else f"{enterprise}.0.{specific}"
    return Notification(name, _told(variables(data, at, last)))


def _told(bindings: list[Binding]) -> Variables:
    told: Variables = {}
    for name, _, value in bindings[:MOST_VARIABLES]:
        if value is not None:
            told.setdefault(oid_text(name), value)
    return told


def _reply(number: int, bindings: bytes) -> bytes:
    """Return the Response that says an inform has come: its number and its variables again (RFC 3416 §4.2.7)."""
    said = encode_integer(number) + encode_integer(0) * 2 + head(SEQUENCE, len(bindings)) + bindings
    return tlv(RESPONSE, said)


def acknowledgement(version: int, community: bytes, reply: bytes) -> bytes:
    """Return the message that carries the `reply` to an inform of v2c."""
    return tlv(SEQUENCE, encode_integer(version) + tlv(OCTETS, community) + reply)
