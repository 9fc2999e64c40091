"""Messages as pysnmp encodes and decodes them, and strategies that make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api, rfc1902, rfc1905

from discovery.asking import Address, Oid, Value
from discovery.snmp.variables import END_OF_MIB_VIEW, NO_SUCH_INSTANCE, NO_SUCH_OBJECT

Variable = tuple[str, int, Value | None]
"""Name, tag and value, as this project has them."""

V2 = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
V1 = api.PROTOCOL_MODULES[api.SNMP_VERSION_1]

_EXCEPTIONS = {
    NO_SUCH_OBJECT: rfc1905.noSuchObject, NO_SUCH_INSTANCE: rfc1905.noSuchInstance,
    END_OF_MIB_VIEW: rfc1905.endOfMibView,
}  # fmt: skip
_CLASSES: dict[int, Any] = {
    0x02: rfc1902.Integer32, 0x04: rfc1902.OctetString, 0x06: rfc1902.ObjectIdentifier, 0x40: rfc1902.IpAddress,
    0x41: rfc1902.Counter32, 0x42: rfc1902.Gauge32, 0x43: rfc1902.TimeTicks, 0x44: rfc1902.Opaque,
    0x46: rfc1902.Counter64,
}  # fmt: skip

_words = st.one_of(st.integers(0, 200), st.integers(0, 0xFFFFFFFF))
names = st.lists(_words, min_size=1, max_size=30).map(lambda rest: ".".join(map(str, (1, 3, *rest))))
_unsigned = st.integers(0, 0xFFFFFFFF)
_values = st.one_of(
    st.tuples(st.just(0x02), st.integers(-(1 << 31), (1 << 31) - 1)),
    st.tuples(st.just(0x04), st.binary(max_size=300)),
    st.tuples(st.just(0x06), names.map(Oid)),
    st.tuples(st.just(0x40), st.binary(min_size=4, max_size=4).map(Address)),
    st.tuples(st.sampled_from([0x41, 0x42, 0x43]), _unsigned),
    st.tuples(st.just(0x44), st.binary(max_size=40)),
    st.tuples(st.just(0x46), st.integers(0, (1 << 64) - 1)),
    st.tuples(st.sampled_from([NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW]), st.none()),
)
variables = st.lists(st.builds(lambda name, rest: (name, *rest), names, _values), max_size=12)
numbers = st.integers(1 << 24, (1 << 31) - 1)


def response(
    number: int, told: Sequence[Variable], status: int = 0, position: int = 0, name: bytes = b"roster"
) -> bytes:
    """Return a v2c response as pysnmp encodes it."""
    pdu = V2.ResponsePDU()
    V2.apiPDU.set_defaults(pdu)
    V2.apiPDU.set_request_id(pdu, number)
    V2.apiPDU.set_error_status(pdu, status)
    V2.apiPDU.set_error_index(pdu, position)
    V2.apiPDU.set_varbinds(pdu, [(rfc1902.ObjectName(each), _theirs(tag, value)) for each, tag, value in told])
    message = V2.Message()
    V2.apiMessage.set_defaults(message)
    V2.apiMessage.set_community(message, b"roster")
    V2.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


def _theirs(tag: int, value: Value | None) -> Any:
    return _EXCEPTIONS[tag] if value is None else _CLASSES[tag](value)


def decoded(data: bytes) -> tuple[int, int, int, list[Variable]]:
    """Return number, status, position and variables of a response as pysnmp decodes it; anything is raised."""
    message, rest = decoder.decode(data, asn1Spec=V2.Message())
    assert not rest
    pdu = V2.apiMessage.get_pdu(message)
    told = [(str(name), *_ours(value)) for name, value in V2.apiPDU.get_varbinds(pdu)]
    head = V2.apiPDU
    return int(head.get_request_id(pdu)), int(head.get_error_status(pdu)), int(head.get_error_index(pdu, 1)), told


def _ours(value: Any) -> tuple[int, Value | None]:
    for tag, exception in _EXCEPTIONS.items():
        if value.isSameTypeWith(exception):
            return tag, None
    for tag, kind in _CLASSES.items():
        if type(value) is kind:
            return tag, _plain(tag, value)
    raise AssertionError(type(value))


def _plain(tag: int, value: Any) -> Value:
    if tag == 0x06:
        return Oid(str(value))
    if tag == 0x40:
        return Address(bytes(value))
    return bytes(value) if tag in (0x04, 0x44) else int(value)
