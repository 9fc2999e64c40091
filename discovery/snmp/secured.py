"""SNMPv3 messages with the user-based security model (RFC 3412 §6, RFC 3414 §2.4)."""

from __future__ import annotations

from typing import Final, NamedTuple

from discovery.snmp.ber import OCTETS, SEQUENCE, Malformed, encode_integer, inside, integer, tlv
from discovery.snmp.message import V3, Envelope, Template, pdu_head

AUTH: Final = 1
PRIV: Final = 2
REPORTABLE: Final = 4

USM: Final = 3
LARGEST: Final = 65_507


class Parameters(NamedTuple):
    """Security parameters (RFC 3414 §2.4)."""

    engine_id: bytes
    boots: int
    time: int
    user: bytes
    mac: bytes
    salt: bytes


class Secured(NamedTuple):
    """A message as it came: `mac_at` is where its digest stands, the scoped PDU is from `at` to `stop`."""

    flags: int
    parameters: Parameters
    mac_at: int
    at: int
    stop: int


# --- encoding


def scoped(engine_id: bytes, context: bytes, request: Template, number: int) -> bytes:
    """Return a scoped PDU (RFC 3412 §6.8)."""
    return tlv(SEQUENCE, tlv(OCTETS, engine_id) + tlv(OCTETS, context) + request.numbered(number))


def secured_message(number: int, flags: int, parameters: Parameters, data: bytes) -> tuple[bytes, int]:
    """Return a message around `data`, a scoped PDU as it is sent, and where its digest stands."""
    engine_id, boots, seconds, user, digest, salt = parameters
    head = encode_integer(number) + encode_integer(LARGEST) + tlv(OCTETS, bytes((flags,))) + encode_integer(USM)
    named = tlv(OCTETS, engine_id) + encode_integer(boots) + encode_integer(seconds) + tlv(OCTETS, user)
    salted = tlv(OCTETS, salt)
    security = tlv(SEQUENCE, named + tlv(OCTETS, digest) + salted)
    whole = tlv(SEQUENCE, encode_integer(V3) + tlv(SEQUENCE, head) + tlv(OCTETS, security) + data)
    return whole, len(whole) - len(data) - len(salted) - len(digest)


# --- decoding


def read_secured(data: bytes) -> Secured:
    """Read a message as far as its scoped PDU. Raises Malformed."""
    at, stop = inside(data, 0, len(data), SEQUENCE)
    _, at = integer(data, at, stop)
    head, at = inside(data, at, stop, SEQUENCE)
    flags = _flags(data, head, at)
    security, at = inside(data, at, stop, OCTETS)
    parameters, mac_at = _parameters(data, security, at)
    return Secured(flags, parameters, mac_at, at, stop)


def _flags(data: bytes, at: int, end: int) -> int:
    _, at = integer(data, at, end)
    _, at = integer(data, at, end)
    start, at = inside(data, at, end, OCTETS)
    model, stop = integer(data, at, end)
    if at - start != 1 or model != USM or stop != end:
        raise Malformed("a header that is not of the user-based security model")
    return data[start]


def _parameters(data: bytes, at: int, end: int) -> tuple[Parameters, int]:
    at, stop = inside(data, at, end, SEQUENCE)
    if stop != end:
        raise Malformed("octets after the security parameters")
    engine, at = inside(data, at, end, OCTETS)
    engine_id = data[engine:at]
    boots, at = integer(data, at, end)
    seconds, at = integer(data, at, end)
    user, user_stop = inside(data, at, end, OCTETS)
    digest, digest_stop = inside(data, user_stop, end, OCTETS)
    salt, stop = inside(data, digest_stop, end, OCTETS)
    if stop != end or not (0 <= boots < 1 << 31 and 0 <= seconds < 1 << 31):
        raise Malformed("security parameters out of range")
    told = Parameters(engine_id, boots, seconds, data[user:user_stop], data[digest:digest_stop], data[salt:stop])
    return told, digest


def open_scoped(data: bytes, at: int, end: int, padded: bool = False) -> Envelope:
    """Read a scoped PDU as far as the PDU's number; `padded` allows octets after it, as DES leaves them."""
    at, stop = inside(data, at, end, SEQUENCE)
    if stop != end and not padded:
        raise Malformed("octets after the scoped PDU")
    _, at = inside(data, at, stop, OCTETS)
    _, at = inside(data, at, stop, OCTETS)
    return pdu_head(data, at, stop, V3)
