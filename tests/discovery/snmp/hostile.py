"""A responder on loopback that answers as it is told to, in a thread of its own so that it never waits for the test."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from discovery.snmp.ber import OBJECT, OCTETS, SEQUENCE, encode_index, encode_integer, inside, integer, tlv
from discovery.snmp.message import RESPONSE, V2C, Envelope, envelope
from discovery.snmp.variables import END_OF_MIB_VIEW

Variable = tuple[bytes, bytes]
"""A name as content octets, and an encoded value."""

COLUMN_OCTETS = 9
"""What the name of a column takes here; its index is one number behind it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A v2c question: its names, and for GETBULK how many rows."""

    number: int
    kind: int
    names: list[bytes]
    rows: int


Behaviour = Callable[[Asked], Iterable[bytes]]
"""Question → the datagrams it is answered with; it may sleep."""


def read(data: bytes) -> Asked:
    opened: Envelope = envelope(data)
    _, at = integer(data, opened.at, opened.stop)
    rows, at = integer(data, at, opened.stop)
    at, stop = inside(data, at, opened.stop, SEQUENCE)
    names = []
    while at < stop:
        start, end = inside(data, at, stop, SEQUENCE)
        name, named = inside(data, start, end, OBJECT)
        names.append(data[name:named])
        at = end
    return Asked(opened.number, opened.kind, names, rows)


def response(number: int, told: Iterable[Variable], status: int = 0, position: int = 0) -> bytes:
    variables = b"".join(tlv(SEQUENCE, tlv(OBJECT, name) + value) for name, value in told)
    pdu = encode_integer(number) + encode_integer(status) + encode_integer(position) + tlv(SEQUENCE, variables)
    return tlv(SEQUENCE, encode_integer(V2C) + tlv(OCTETS, b"roster") + tlv(RESPONSE, pdu))


END = bytes((END_OF_MIB_VIEW, 0))


class Responder:
    """Serves `behaviour` on a loopback port; `asked` counts questions."""

    def __init__(self, behaviour: Behaviour, address: str = "127.0.0.1") -> None:
        self._behaviour = behaviour
        self._socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._socket.settimeout(0.1)
        self.where: tuple[str, int] = self._socket.getsockname()[:2]
        self.asked = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                data, source = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            self.asked += 1
            for datagram in self._behaviour(read(data)):
                self._socket.sendto(datagram, source)

    def close(self) -> None:
        self._closing.set()
        self._thread.join(5)
        self._socket.close()


# --- behaviours: what a walk of any column is answered with


def counting(asked: Asked) -> list[bytes]:
    """A table without an end: the next index is one more."""
    return [response(asked.number, list(_following(asked)))]


def counting_from(first: int) -> Behaviour:
    """A table without an end whose first index is `first`."""

    def behaviour(asked: Asked) -> list[bytes]:
        before = [name if len(name) > COLUMN_OCTETS else name + encode_index((first - 1,)) for name in asked.names]
        return counting(replace(asked, names=before))

    return behaviour


def _following(asked: Asked, step: int = 1) -> Iterable[Variable]:
    for row in range(1, max(asked.rows, 1) + 1):
        for name in asked.names:
            yield advanced(name, row * step), encode_integer(row)


def advanced(name: bytes, step: int) -> bytes:
    """Return the column's instance `step` further on."""
    at = 0
    for octet in name[COLUMN_OCTETS:]:
        at = at << 7 | octet & 0x7F
    return name[:COLUMN_OCTETS] + encode_index((at + step,))


def same(asked: Asked) -> list[bytes]:
    """The question's own names again."""
    return [response(asked.number, [(name, encode_integer(1)) for name in asked.names])]


def backwards(asked: Asked) -> list[bytes]:
    """A circle of three: 1, 2, 3, 1, …"""
    told = [(name[:9] + encode_index((row % 3 + 1,)), encode_integer(row)) for row in range(50) for name in asked.names]
    return [response(asked.number, told[: max(asked.rows, 1)])]


def wrong_number(asked: Asked) -> list[bytes]:
    return [response(asked.number ^ 1, _following(asked))]


def garbage(asked: Asked) -> list[bytes]:
    return [b"\x30\x82\xff\xff" + bytes(40), b"", b"\x00"]


def cut_off(asked: Asked) -> list[bytes]:
    """Readable as far as the number, and no further."""
    whole = response(asked.number, list(_following(asked)))
    return [tlv(SEQUENCE, whole[4:-7] if whole[1] & 0x80 else whole[2:-7])]


def without_variables(asked: Asked) -> list[bytes]:
    return [response(asked.number, [])]


def enormous(asked: Asked) -> list[bytes]:
    """Every value as large as a datagram allows."""
    return [response(asked.number, [(advanced(asked.names[0], 1), tlv(OCTETS, b"A" * 65_000))])]


def slow(asked: Asked) -> list[bytes]:
    time.sleep(3)
    return [response(asked.number, _following(asked))]


def too_big(asked: Asked) -> list[bytes]:
    return [response(asked.number, [(name, b"\x05\x00") for name in asked.names], status=1)]


def twice(asked: Asked) -> list[bytes]:
    """The whole answer two times, and after it the end."""
    last = all(len(name) > 9 for name in asked.names)
    told = [(name, END) for name in asked.names] if last else list(_following(asked))
    return [response(asked.number, told)] * 2


def mute(asked: Asked) -> list[bytes]:
    return []
