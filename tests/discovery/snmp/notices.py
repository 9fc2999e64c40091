"""Notifications as devices send them, by pysnmp's encoder: traps of v1, traps and informs of v2c."""

from __future__ import annotations

from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import rfc1902

from tests.discovery.snmp.messages import V1, V2

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
IF_INDEX = "1.3.6.1.2.1.2.2.1.1"
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"
UP_TIME, TRAP_OID = "1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0"

Told = dict[str, Any]
"""Full name → value of pysnmp."""


def number(value: int) -> Any:
    return rfc1902.Integer32(value)


def octets(value: str) -> Any:
    return rfc1902.OctetString(value.encode())


def trap(name: str = LINK_DOWN, told: Told | None = None, community: str = "roster", inform: bool = False) -> bytes:
    """Return a trap of v2c, or an inform."""
    pdu = V2.InformRequestPDU() if inform else V2.TrapPDU()
    V2.apiPDU.set_defaults(pdu)
    V2.apiPDU.set_request_id(pdu, 0x01020304)
    variables = {UP_TIME: rfc1902.TimeTicks(4711), TRAP_OID: rfc1902.ObjectIdentifier(name), **(told or {})}
    V2.apiPDU.set_varbinds(pdu, [(rfc1902.ObjectName(each), value) for each, value in variables.items()])
    message = V2.Message()
    V2.apiMessage.set_defaults(message)
    V2.apiMessage.set_community(message, community.encode())
    V2.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


def old_trap(
    enterprise: str, generic: int, specific: int, told: Told | None = None, community: str = "roster"
) -> bytes:
    """Return a trap of v1."""
    pdu = V1.TrapPDU()
    V1.apiTrapPDU.set_defaults(pdu)
    V1.apiTrapPDU.set_enterprise(pdu, enterprise)
    V1.apiTrapPDU.set_generic_trap(pdu, generic)
    V1.apiTrapPDU.set_specific_trap(pdu, specific)
    V1.apiTrapPDU.set_agent_address(pdu, "192.0.2.9")
    V1.apiTrapPDU.set_varbinds(pdu, list((told or {}).items()))
    message = V1.Message()
    V1.apiMessage.set_defaults(message)
    V1.apiMessage.set_community(message, b"roster")
    V1.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


def answered(data: bytes) -> tuple[int, int, dict[str, str]]:
    """Return number, status and variables of an answer as pysnmp decodes it; anything is raised."""
    message, rest = decoder.decode(data, asn1Spec=V2.Message())
    assert not rest
    pdu = V2.apiMessage.get_pdu(message)
    told = {str(name): value.prettyPrint() for name, value in V2.apiPDU.get_varbinds(pdu)}
    return int(V2.apiPDU.get_request_id(pdu)), int(V2.apiPDU.get_error_status(pdu)), told
