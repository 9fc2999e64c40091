"""SNMP messages: PDUs (RFC 3416 §3), community envelopes (RFC 1157, RFC 1901), the head of v3 (RFC 3412 §6).

A request is encoded once; its number is four octets at a known place, patched in for every sending.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from discovery.snmp.ber import (
    INTEGER,
    OBJECT,
    OCTETS,
    SEQUENCE,
    Malformed,
    encode_integer,
    head,
    header,
    inside,
    integer,
    long_length,
    tlv,
)
from discovery.snmp.variables import END_OF_MIB_VIEW, NO_SUCH_INSTANCE, NO_SUCH_OBJECT, Binding, variables

__all__ = [
    "AUTHORIZATION_ERROR", "END_OF_MIB_VIEW", "GENERAL_ERROR", "GET", "GETBULK", "GETNEXT", "LEAST_NUMBER",
    "MOST_NUMBER", "NO_SUCH_INSTANCE", "NO_SUCH_NAME", "NO_SUCH_OBJECT", "REPORT", "RESPONSE", "STATUS_NAMES",
    "TOO_BIG", "V1", "V2C", "V3", "Binding", "Envelope", "Pdu", "Template", "community_head", "community_message",
    "envelope", "pdu", "pdu_head", "pdu_rest",
]  # fmt: skip

GET: Final = 0xA0
GETNEXT: Final = 0xA1
RESPONSE: Final = 0xA2
GETBULK: Final = 0xA5
REPORT: Final = 0xA8

V1: Final = 0
V2C: Final = 1
V3: Final = 3

TOO_BIG: Final = 1
NO_SUCH_NAME: Final = 2
GENERAL_ERROR: Final = 5
AUTHORIZATION_ERROR: Final = 16

STATUS_NAMES: Final = (
    "noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType", "wrongLength",
    "wrongEncoding", "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable", "commitFailed",
    "undoFailed", "authorizationError", "notWritable", "inconsistentName",
)  # fmt: skip
"""error-status → its name (RFC 3416 §3)."""

LEAST_NUMBER: Final = 1 << 24
MOST_NUMBER: Final = (1 << 31) - 1
"""Request numbers in this range take exactly four octets."""


class Pdu(NamedTuple):
    """What was answered. `status` and `position` are error-status and error-index; `octets` of the whole message."""

    kind: int
    status: int
    position: int
    bindings: list[Binding]
    octets: int


class Envelope(NamedTuple):
    """The part of a datagram that says to which request it belongs.

    `number`: request-id of v1 and v2c, msgID of v3. `kind`: the PDU's tag, 0 for v3. What is not yet read is
    from `at` to `stop`.
    """

    version: int
    number: int
    kind: int
    at: int
    stop: int


ONE_OCTET: Final = bytes((INTEGER, 1))
FOUR_OCTETS: Final = bytes((INTEGER, 4))
"""The head of an INTEGER."""


class Template(NamedTuple):
    """An encoded message around the four octets of its number."""

    before: bytes
    after: bytes

    def numbered(self, number: int) -> bytes:
        return self.before + number.to_bytes(4, "big") + self.after


# --- encoding


def pdu(kind: int, oids: Iterable[bytes], repetitions: int = 0) -> Template:
    """Return a PDU that asks for `oids`, given as content octets; `repetitions` is for GETBULK."""
    asked = b"".join([_asked(oid) for oid in oids])
    after = b"\x02\x01\x00" + encode_integer(repetitions) + head(SEQUENCE, len(asked)) + asked
    return Template(head(kind, len(after) + 6) + FOUR_OCTETS, after)


def _asked(oid: bytes) -> bytes:
    size = len(oid)
    if size > 0x7B:
        return tlv(SEQUENCE, tlv(OBJECT, oid) + b"\x05\x00")
    return bytes((SEQUENCE, size + 4, OBJECT, size)) + oid + b"\x05\x00"


def community_head(version: int, community: bytes) -> bytes:
    """Return what a v1 or v2c message says before its PDU."""
    return encode_integer(version) + tlv(OCTETS, community)


def community_message(beginning: bytes, request: Template) -> Template:
    """Return `request` in an envelope with a `community_head`."""
    size = len(beginning) + len(request.before) + 4 + len(request.after)
    return Template(head(SEQUENCE, size) + beginning + request.before, request.after)


# --- decoding


def envelope(data: bytes) -> Envelope:
    """Read as far as the number. Malformed when there is none."""
    try:
        return _usual_envelope(data) or _envelope(data)
    except IndexError:
        raise Malformed("cut off") from None


def _usual_envelope(data: bytes) -> Envelope | None:
    """Read an answer to one of our questions in one go; None when it has any other form. Raises IndexError."""
    end, size, at = len(data), data[1], 2
    if size >= 0x80:
        size, at = long_length(data, 1, end)
    if at + size != end or data[0] != SEQUENCE or data[at : at + 2] != ONE_OCTET:
        return None
    version, size = data[at + 2], data[at + 4]
    if data[at + 3] != OCTETS or size >= 0x80:
        return None
    at += 5 + size  # past the community
    kind, size = data[at], data[at + 1]
    at += 2
    if size >= 0x80:
        size, at = long_length(data, at - 1, end)
    if version > V2C or at + size != end or data[at : at + 2] != FOUR_OCTETS:
        return None
    return Envelope(version, int.from_bytes(data[at + 2 : at + 6]), kind, at + 6, end)


def _envelope(data: bytes) -> Envelope:
    at, stop = inside(data, 0, len(data), SEQUENCE)
    if stop != len(data):
        raise Malformed("octets after the message")
    version, at = integer(data, at, stop)
    if version == V3:
        at, end = inside(data, at, stop, SEQUENCE)
        number, _ = integer(data, at, end)
        return Envelope(version, number, 0, at, stop)
    if version not in (V1, V2C):
        raise Malformed("an unknown version")
    _, at = inside(data, at, stop, OCTETS)
    return pdu_head(data, at, stop, version)


def pdu_head(data: bytes, at: int, end: int, version: int) -> Envelope:
    """Read the head of the PDU that fills `at` to `end`, as far as its number."""
    kind, at, stop = header(data, at, end)
    if stop != end:
        raise Malformed("octets after the PDU")
    number, at = integer(data, at, stop)
    return Envelope(version, number, kind, at, stop)


def pdu_rest(data: bytes, opened: Envelope) -> Pdu:
    """Read what follows the number of a PDU."""
    _, _, kind, at, end = opened
    if kind not in (RESPONSE, REPORT):
        raise Malformed("not an answer")
    if data[at : at + 2] == data[at + 3 : at + 5] == ONE_OCTET and at + 6 < end:  # the usual form
        status, position = data[at + 2], data[at + 5]
        at += 6
    else:
        status, at = integer(data, at, end)
        position, at = integer(data, at, end)
    at, stop = inside(data, at, end, SEQUENCE)
    if stop != end:
        raise Malformed("octets after the variables")
    return Pdu(kind, status, position, variables(data, at, end), len(data))
