"""What is asked, and the PDU that answers it (RFC 3416 §4.2; RFC 1157 §4.1 for v1)."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, chain
from typing import Final, NamedTuple

from discovery.lab.device import Device
from discovery.lab.encoding import COUNTER64
from discovery.lab.tree import apart, binding
from discovery.snmp.ber import OBJECT, SEQUENCE, Malformed, encode_integer, inside, integer, tlv
from discovery.snmp.message import (
    AUTHORIZATION_ERROR,
    END_OF_MIB_VIEW,
    GET,
    GETBULK,
    GETNEXT,
    NO_SUCH_INSTANCE,
    NO_SUCH_NAME,
    RESPONSE,
    TOO_BIG,
    V1,
    pdu_head,
)

SET: Final = 0xA3
NOT_WRITABLE: Final = 17
READ_ONLY: Final = 4  # RFC 1157
MAX_NAMES: Final = 256
LARGEST: Final = 1400
"""Octets of variables in an answer to GETBULK: a datagram on Ethernet, as agents in the field send."""

MOST: Final = 60_000
"""Octets of variables in any answer."""

END: Final = bytes((END_OF_MIB_VIEW, 0))
ABSENT: Final = bytes((NO_SUCH_INSTANCE, 0))


class Question(NamedTuple):
    """`first`, `second`: non-repeaters and max-repetitions of GETBULK, else error fields. `names`: content octets."""

    version: int
    kind: int
    number: int
    first: int
    second: int
    names: list[bytes]


def read_pdu(data: bytes, at: int, end: int, version: int) -> Question:
    """Read the PDU from `at` to `end`. Raises Malformed."""
    opened = pdu_head(data, at, end, version)
    first, at = integer(data, opened.at, opened.stop)
    second, at = integer(data, at, opened.stop)
    at, stop = inside(data, at, opened.stop, SEQUENCE)
    return Question(version, opened.kind, opened.number, first, second, _names(data, at, stop))


def _names(data: bytes, at: int, stop: int) -> list[bytes]:
    """Read what is asked for. The usual form, a NULL behind a name and every length in one octet, is read at once."""
    names: list[bytes] = []
    while at + 4 <= stop and len(names) < MAX_NAMES:
        size = data[at + 3]
        end = at + 6 + size
        if size < 0x7C and end <= stop and data[at + 1] == size + 4 and data[at] == SEQUENCE and data[at + 2] == OBJECT:
            names.append(data[at + 4 : at + 4 + size])
        else:
            start, end = inside(data, at, stop, SEQUENCE)
            name, named = inside(data, start, end, OBJECT)
            names.append(data[name:named])
        at = end
    return names


def answer(asked: Question, device: Device) -> bytes | None:
    """Return the PDU a device answers with; None for what no agent answers. Raises Malformed."""
    if asked.kind == SET:
        return refusal(asked, READ_ONLY if asked.version == V1 else NOT_WRITABLE)
    if asked.kind == GETBULK and asked.version != V1:
        return _response(asked, _bulk(asked, device))
    if asked.kind not in (GET, GETNEXT):
        return None
    find = _get if asked.kind == GET else _next
    told = [find(device, name, asked.version) for name in asked.names]
    if asked.version == V1 and None in told:
        return refusal(asked, NO_SUCH_NAME, told.index(None) + 1)
    missing = ABSENT if asked.kind == GET else END
    return _response(asked, [each or binding(name, missing) for each, name in zip(told, asked.names, strict=True)])


def _get(device: Device, name: bytes, version: int) -> bytes | None:
    place = device.tree.at(name)
    if place is None:
        return None
    told = device.variable(place)
    return None if version == V1 and _is_long(told) else told


def _next(device: Device, name: bytes, version: int) -> bytes | None:
    for place in range(device.tree.after(name), len(device.tree)):
        told = device.variable(place)
        if version != V1 or not _is_long(told):  # v1 has no Counter64 and passes over it (RFC 3584 §4.2.2.1)
            return told
    return None


def _is_long(told: bytes) -> bool:
    return apart(told)[1][0] == COUNTER64


def _bulk(asked: Question, device: Device) -> list[bytes]:
    """Return the variables of a GETBULK: rows across the columns, as many as a datagram takes."""
    once = max(0, min(asked.first, len(asked.names)))
    told = [_next(device, name, asked.version) or binding(name, END) for name in asked.names[:once]]
    count = max(0, min(asked.second, LARGEST // 8))
    columns = [_column(device, name, count) for name in asked.names[once:]]
    return _fitting(told + list(chain.from_iterable(zip(*columns, strict=True))))


def _column(device: Device, name: bytes, count: int) -> list[bytes]:
    """Return what follows `name`; after the last variable its name again, as often as it is asked for."""
    found = device.variables(device.tree.after(name), count)
    if len(found) < count:
        last = apart(found[-1])[0] if found else name
        found += [binding(last, END)] * (count - len(found))
    return found


def _fitting(told: list[bytes]) -> list[bytes]:
    sizes = list(accumulate(map(len, told)))
    return told[: max(1, bisect_right(sizes, LARGEST))]


def _response(asked: Question, told: list[bytes]) -> bytes:
    variables = b"".join(told)
    return refusal(asked, TOO_BIG) if len(variables) > MOST else _pdu(asked.number, 0, 0, variables)


def refusal(asked: Question, status: int, position: int = 0) -> bytes:
    """Return a PDU that says why not, with the names that were asked for."""
    variables = b"" if status == TOO_BIG else b"".join(binding(name, b"\5\0") for name in asked.names)
    return _pdu(asked.number, status, position, variables)


def _pdu(number: int, status: int, position: int, variables: bytes) -> bytes:
    head = encode_integer(number) + encode_integer(status) + encode_integer(position)
    return tlv(RESPONSE, head + tlv(SEQUENCE, variables))


def denied(asked: Question) -> bytes:
    """Return what somebody is told who may not ask so."""
    return refusal(asked, AUTHORIZATION_ERROR)


__all__ = ["Malformed", "Question", "answer", "denied", "read_pdu"]
