"""Devices on loopback addresses, all behind one UDP port, in a thread of their own; what each of them hears is kept.

Run as a program (`python -m tests.discovery.network COUNT [FOLDER]`) it plays that many devices, of the
recordings in a folder if one is given, and prints its port and how many they are.
"""

from __future__ import annotations

import bisect
import selectors
import socket
import struct
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

from discovery.asking import Address, Oid, Value
from discovery.recording import read as read_recording
from discovery.snmp.ber import INTEGER, OBJECT, OCTETS, SEQUENCE, encode_integer, encode_oid, index, inside, tlv
from discovery.snmp.message import END_OF_MIB_VIEW, GET, GETBULK, NO_SUCH_OBJECT, REPORT, RESPONSE, V3, envelope
from discovery.snmp.secured import Parameters, read_secured, secured_message
from tests.discovery.snmp.hostile import Asked, read

Device = Callable[[bytes], Iterable[bytes]]
"""A datagram → those it is answered with."""

ENGINE_ID = bytes.fromhex("80001f880480010203")
COUNTER32, COUNTER64 = 0x41, 0x46
UNKNOWN_USER, UNKNOWN_ENGINE, WRONG_DIGEST = (f"1.3.6.1.6.3.15.1.1.{number}.0" for number in (3, 4, 5))
_PKTINFO = getattr(socket, "IP_PKTINFO", 8)


class Network:
    """`devices` by address; who is none stays silent. `heard`: address → datagrams, as long as it is `listening`."""

    def __init__(self, devices: Mapping[str, Device], port: int = 0, listening: bool = True) -> None:
        self.devices, self.listening = dict(devices), listening
        self.heard: defaultdict[str, list[bytes]] = defaultdict(list)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.IPPROTO_IP, _PKTINFO, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind(("0.0.0.0", port))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self.serve, daemon=True)
        self._ending, self._end = socket.socketpair()

    def __enter__(self) -> Network:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end.send(b"x")
        self._thread.join(10)
        assert not self._thread.is_alive()
        for each in (self._socket, self._ending, self._end):
            each.close()

    def serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._ending, selectors.EVENT_READ)
            while not any(key.fileobj is self._ending for key, _ in selector.select()):
                self._one()

    def _one(self) -> None:
        data, told, _, source = self._socket.recvmsg(65_535, 64)
        address = next((socket.inet_ntoa(content[8:12]) for _, kind, content in told if kind == _PKTINFO), "")
        if not address.startswith("127."):
            return
        if self.listening:
            self.heard[address].append(data)
        device = self.devices.get(address)
        from_it = struct.pack("=I", 0) + socket.inet_aton(address) + bytes(4)
        for answer in device(data) if device else ():
            self._socket.sendmsg([answer], [(socket.IPPROTO_IP, _PKTINFO, from_it)], 0, source)


# --- devices


def speaker(values: Mapping[str, bytes | int | str], community: str = "roster") -> Device:
    """A device that answers v2c and v1 under one community: bytes are OCTET STRINGs, text identifiers."""
    told = sorted((index(encode_oid(oid)), encode_oid(oid), _encoded(value)) for oid, value in values.items())
    return _answering(told, community)


def _answering(told: list[tuple[tuple[int, ...], bytes, bytes]], community: str) -> Device:
    order = [each[0] for each in told]
    exact = {name: value for _, name, value in told}

    def answer(data: bytes) -> Iterable[bytes]:
        version, name = addressed(data)
        if version == V3 or name != community.encode():
            return
        asked = read(data)
        variables = _got(asked, exact) if asked.kind == GET else _walked(asked, told, order)
        yield _response(version, name, asked.number, variables)

    return answer


def _got(asked: Asked, exact: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    return [(name, exact.get(name, bytes((NO_SUCH_OBJECT, 0)))) for name in asked.names]


def _walked(
    asked: Asked, told: list[tuple[tuple[int, ...], bytes, bytes]], order: list[tuple[int, ...]]
) -> list[tuple[bytes, bytes]]:
    found = []
    at = [bisect.bisect_right(order, index(name)) for name in asked.names]
    for row in range(min(asked.rows, 20) if asked.kind == GETBULK else 1):
        for name, start in zip(asked.names, at, strict=True):
            inside_it = start + row < len(told)
            found.append(told[start + row][1:] if inside_it else (name, bytes((END_OF_MIB_VIEW, 0))))
    return found


def _encoded(value: bytes | int | str) -> bytes:
    if isinstance(value, int):
        return encode_integer(value)
    return tlv(OCTETS, value) if isinstance(value, bytes) else tlv(OBJECT, encode_oid(value))


def _response(version: int, community: bytes, number: int, variables: Iterable[tuple[bytes, bytes]]) -> bytes:
    bindings = b"".join(tlv(SEQUENCE, tlv(OBJECT, name) + value) for name, value in variables)
    pdu = encode_integer(number) + encode_integer(0) + encode_integer(0) + tlv(SEQUENCE, bindings)
    return tlv(SEQUENCE, encode_integer(version) + tlv(OCTETS, community) + tlv(RESPONSE, pdu))


def addressed(data: bytes) -> tuple[int, bytes]:
    """Return the version of a message, and its community where it has one."""
    at, stop = inside(data, 0, len(data), SEQUENCE)
    start, at = inside(data, at, stop, INTEGER)
    version = data[start]
    if version == V3:
        return version, b""
    start, at = inside(data, at, stop, OCTETS)
    return version, data[start:at]


def engine(to_users: str = UNKNOWN_USER, engine_id: bytes = ENGINE_ID) -> Device:
    """A device that speaks SNMPv3 and lets nobody in: every user is answered with the Report `to_users`."""

    def answer(data: bytes) -> Iterable[bytes]:
        if addressed(data)[0] == V3:
            named = read_secured(data).parameters.user
            yield report(envelope(data).number, to_users if named else UNKNOWN_ENGINE, engine_id)

    return answer


def report(number: int, counter: str, engine_id: bytes) -> bytes:
    binding = tlv(SEQUENCE, tlv(OBJECT, encode_oid(counter)) + encode_integer(7, COUNTER32))
    pdu = encode_integer(number) + encode_integer(0) + encode_integer(0) + tlv(SEQUENCE, binding)
    data = tlv(SEQUENCE, tlv(OCTETS, engine_id) + tlv(OCTETS, b"") + tlv(REPORT, pdu))
    whole, _ = secured_message(number, 0, Parameters(engine_id, 3, 1000, b"", b"", b""), data)
    return whole


def both(*devices: Device) -> Device:
    return lambda data: [answer for device in devices for answer in device(data)]


# --- what devices say

SWITCH: Mapping[str, bytes | int | str] = {
    "1.3.6.1.2.1.1.1.0": b"Arista Networks EOS version 4.28.3M running on an Arista Networks DCS-7050TX-64",
    "1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.30065.1.3011.7050.3741.64",
    "1.3.6.1.2.1.1.3.0": 123_456,
    "1.3.6.1.2.1.1.7.0": 14,
    "1.3.6.1.2.1.47.1.1.1.1.5.1": 3,
    "1.3.6.1.2.1.47.1.1.1.1.10.1": b"4.28.3M",
    "1.3.6.1.2.1.47.1.1.1.1.13.1": b"DCS-7050TX-64",
}


def switch(number: int) -> Mapping[str, bytes | int | str]:
    """A switch of its own name and serial, with 24 ports."""
    ports = {
        f"1.3.6.1.2.1.{column}.{port}": value
        for port in range(1, 25)
        for column, value in (
            ("2.2.1.1", port), ("2.2.1.2", f"Ethernet{port}".encode()), ("2.2.1.3", 6), ("2.2.1.5", 1_000_000_000),
            ("2.2.1.6", bytes((2, 0, 0, number >> 8, number & 255, port))), ("2.2.1.7", 1), ("2.2.1.8", 1),
            ("31.1.1.1.1", f"Ethernet{port}".encode()), ("31.1.1.1.15", 1000), ("31.1.1.1.18", b""),
        )
    }  # fmt: skip
    own = {
        "1.3.6.1.2.1.1.5.0": f"sw-{number:05}".encode(),
        "1.3.6.1.2.1.47.1.1.1.1.11.1": f"JPE{number:08}".encode(),
    }
    return {**SWITCH, **own, **ports}


def addresses(count: int, first: str = "127.8.0.1") -> list[str]:
    """Return addresses in a row, without those that end in 0 or 255."""
    number = struct.unpack("!I", socket.inet_aton(first))[0]
    found: list[str] = []
    while len(found) < count:
        if number & 255 not in (0, 255):
            found.append(socket.inet_ntoa(struct.pack("!I", number)))
        number += 1
    return found


def recorded(file: Path) -> Device:
    """A device that answers as a recording says, under the community `bench`."""
    told = sorted((index(raw), raw, _typed(value)) for raw, value in _named(file))
    return _answering(told, "bench")


def _named(file: Path) -> Iterator[tuple[bytes, Value]]:
    for at, value in read_recording(file).everything():
        yield encode_oid(".".join(map(str, at))), value


def _typed(value: Value) -> bytes:
    if isinstance(value, Oid):
        return tlv(OBJECT, encode_oid(value or "0.0"))
    if isinstance(value, bytes):
        return tlv(0x40 if isinstance(value, Address) else OCTETS, value)
    return encode_integer(value, INTEGER if -(1 << 31) <= value < 1 << 31 else COUNTER64)


def main(count: int, corpus: str | None = None) -> None:
    """Play `count` devices, made up or from the recordings in a folder, until standard input ends."""
    where = addresses(count)
    files = sorted(Path(corpus).rglob("*.snmprec"))[:count] if corpus else []
    played = [recorded(file) for file in files] if files else [speaker(switch(n), "bench") for n in range(count)]
    with Network(dict(zip(where, played, strict=False)), listening=False) as network:
        print(network.port, len(played), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
