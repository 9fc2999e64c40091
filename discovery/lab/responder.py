"""One UDP socket for all devices: the address a question was sent to says who is asked, and the answer leaves from it.

The socket is bound to every address, because 127.0.0.0/8 has no other way to be bound as a whole; what was not sent to
a device of the lab over loopback is dropped. Linux only: IP_PKTINFO (ip(7)).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any, Final

from discovery.lab.device import Device
from discovery.lab.question import answer, read_pdu
from discovery.lab.secure import Authority
from discovery.recording import BadRecording
from discovery.snmp.ber import OCTETS, SEQUENCE, Malformed, inside, integer, tlv
from discovery.snmp.credential import User
from discovery.snmp.message import V1, V2C, V3, community_head

log = logging.getLogger(__name__)

IP_PKTINFO: Final = 8  # <bits/in.h>; Python names it from 3.14 on
_INFO: Final = struct.Struct("=i4s4s")  # struct in_pktinfo: interface, address to answer from, address asked
_ANCILLARY: Final = socket.CMSG_SPACE(_INFO.size)
BUFFER: Final = 16 * 1024 * 1024
AT_ONCE: Final = 512
"""Questions in a row before others of the loop have their turn."""


def loopback_socket(kind: socket.SocketKind, port: int) -> socket.socket:
    """Return a socket that takes what comes over loopback, whichever of its addresses. Raises OSError."""
    made = socket.socket(socket.AF_INET, kind)
    try:
        if kind == socket.SOCK_STREAM:  # for UDP it would let two labs have one port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # an older kernel lets only root do so; the addresses are looked at as well
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        made.setblocking(False)
        made.bind(("0.0.0.0", port))  # noqa: S104  see above
    except OSError:
        made.close()
        raise
    return made


class Responder:
    """Answers for devices by address. `communities`: those that are answered to; None for any."""

    def __init__(
        self,
        devices: Mapping[str, Device],
        communities: Iterable[str] | None = None,
        users: Iterable[User] = (),
        seed: int = 0,
    ) -> None:
        self._devices = {socket.inet_aton(address): device for address, device in devices.items()}
        self._communities = None if communities is None else {each.encode() for each in communities}
        self._authority = Authority(users)
        self._chance = Random(seed)  # noqa: S311  no secret
        self._socket: socket.socket | None = None
        self._later: set[asyncio.TimerHandle] = set()

    def open(self, port: int) -> int:
        """Answer on a port from now on, in the running loop; return it. Raises OSError."""
        opened = loopback_socket(socket.SOCK_DGRAM, port)
        opened.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            opened.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        asyncio.get_running_loop().add_reader(opened, self._readable)
        self._socket = opened
        return int(opened.getsockname()[1])

    def close(self) -> None:
        for handle in self._later:
            handle.cancel()
        self._later.clear()
        if self._socket:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _readable(self) -> None:
        assert self._socket is not None
        for _ in range(AT_ONCE):
            try:
                data, ancillary, _, source = self._socket.recvmsg(65_535, _ANCILLARY)
            except OSError:
                return
            if len(ancillary) == 1 and len(ancillary[0][2]) == _INFO.size:
                asked_at = _INFO.unpack(ancillary[0][2])[2]
                device = self._devices.get(asked_at)
                if device is not None:
                    self._serve(device, data, (asked_at, source))

    def _serve(self, device: Device, data: bytes, ends: tuple[bytes, Any]) -> None:
        """Answer one datagram. It is the unit of work: one that cannot be read is dropped, as agents do."""
        device.asked += 1
        if device.is_silent or (device.loss and self._chance.random() < device.loss):
            return
        try:
            told = self.told(device, data)
        except Malformed:
            return
        except BadRecording as bad:
            log.warning("%s stays silent: %s", device.address, bad)
            device.loss = 1.0
            return
        if told is None:
            return
        if device.delay:
            self._send_later(device.delay, told, ends)
        else:
            self._send(told, ends)

    def told(self, device: Device, data: bytes) -> bytes | None:
        """Return what a device answers to a datagram, None for silence. Raises Malformed."""
        at, stop = inside(data, 0, len(data), SEQUENCE)
        version, at = integer(data, at, stop)
        if version == V3:
            return self._authority.answer(data, device)
        if version not in (V1, V2C) or stop != len(data):
            return None
        start, at = inside(data, at, stop, OCTETS)
        community = data[start:at]
        if not self._lets_in(community):
            return None
        pdu = answer(read_pdu(data, at, stop, version), device)
        return tlv(SEQUENCE, community_head(version, community) + pdu) if pdu else None

    def _lets_in(self, community: bytes) -> bool:
        """Return whether a community reads. `name@10` is the context of a VLAN, and no device here has one."""
        return b"@" not in community if self._communities is None else community in self._communities

    def _send(self, told: bytes, ends: tuple[bytes, Any]) -> None:
        if self._socket is None:
            return
        info = _INFO.pack(0, ends[0], bytes(4))
        with contextlib.suppress(OSError):  # a full buffer, or nobody there any more: lost, as on a network
            self._socket.sendmsg([told], [(socket.IPPROTO_IP, IP_PKTINFO, info)], 0, ends[1])

    def _send_later(self, seconds: float, told: bytes, ends: tuple[bytes, Any]) -> None:
        def now() -> None:
            self._later.discard(handle)
            self._send(told, ends)

        handle = asyncio.get_running_loop().call_later(seconds, now)
        self._later.add(handle)
