"""Addresses of network interfaces: rtnetlink's RTM_GETADDR (rtnetlink(7)), which needs no privilege."""

from __future__ import annotations

import socket
import struct
import sys
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from agent.collectors.bounded import Malformed

MAX_DUMP = 64 * 1024 * 1024
TIMEOUT_S = 3.0

_RTM_GETADDR, _RTM_NEWADDR = 22, 20
_NLM_F_REQUEST, _NLM_F_DUMP, _NLM_F_DUMP_INTR = 0x001, 0x300, 0x010
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8

# <linux/if_addr.h>: a temporary address is a privacy disguise that changes by the day (the same bit marks an
# ordinary second address of IPv4); the other two are not in use.
_TEMPORARY, _DAD_FAILED, _TENTATIVE = 0x01, 0x08, 0x40

_MESSAGE = struct.Struct("=IHHII")  # struct nlmsghdr
_ADDRESS = struct.Struct("=BBBBI")  # struct ifaddrmsg
_ATTRIBUTE = struct.Struct("=HH")  # struct rtattr


def addresses() -> dict[int, set[str]]:
    """Return interface index → its addresses with prefix length, of this network namespace.

    Raise `OSError` where the kernel gives none, `Malformed`.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(TIMEOUT_S)
        header = _MESSAGE.pack(_MESSAGE.size + _ADDRESS.size, _RTM_GETADDR, _NLM_F_REQUEST | _NLM_F_DUMP, 1, 0)
        kernel.send(header + _ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0))
        found: dict[int, set[str]] = defaultdict(set)
        received = 0
        while received < MAX_DUMP:
            part = kernel.recv(65_536)
            received += len(part)
            if _take(part, found):
                return dict(found)
    raise Malformed(f"rtnetlink: more than {MAX_DUMP} bytes of addresses")


def _take(part: bytes, found: dict[int, set[str]]) -> bool:
    """Add the addresses of one part of a dump to `found`; return whether it was the last part."""
    for kind, body in parse_messages(part):
        if kind == _NLMSG_DONE:
            return True
        if kind == _NLMSG_ERROR:
            raise OSError("rtnetlink refuses to tell addresses")
        if kind == _RTM_NEWADDR and (told := parse_address(body)):
            found[told[0]].add(told[1])
    return False


def parse_messages(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (type, body) of the netlink messages in one datagram; raise `Malformed`."""
    at = 0
    while at + _MESSAGE.size <= len(part):
        length, kind, flags, *_ = _MESSAGE.unpack_from(part, at)
        if length < _MESSAGE.size or at + length > len(part):
            raise Malformed(f"rtnetlink: a message of {length} bytes")
        if flags & _NLM_F_DUMP_INTR:  # part of it may be missing, and what is missing would count as gone
            raise Malformed("rtnetlink: the addresses changed while they were read")
        yield kind, part[at + _MESSAGE.size : at + length]
        at += length + 3 & ~3


def parse_address(body: bytes) -> tuple[int, str] | None:
    """Return (interface index, address with prefix length), or None for one that is link-local or passing.

    Raise `Malformed`.
    """
    if len(body) < _ADDRESS.size:
        raise Malformed("rtnetlink: an address cut short")
    family, prefix, short_flags, _, index = _ADDRESS.unpack_from(body)
    told = _attributes(body[_ADDRESS.size :])
    flags = int.from_bytes(told[_IFA_FLAGS], sys.byteorder) if _IFA_FLAGS in told else short_flags
    raw = told.get(_IFA_LOCAL) or told.get(_IFA_ADDRESS) or b""  # the latter is the far end of a point-to-point link
    if family == socket.AF_INET and len(raw) == 4:
        v4 = IPv4Address(raw)
        return None if v4.is_link_local else (index, f"{v4}/{prefix}")
    if family == socket.AF_INET6 and len(raw) == 16:
        v6 = IPv6Address(raw)
        passing = flags & (_TEMPORARY | _DAD_FAILED | _TENTATIVE)
        return None if v6.is_link_local or passing else (index, f"{v6}/{prefix}")
    return None


def _attributes(raw: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + _ATTRIBUTE.size <= len(raw):
        length, kind = _ATTRIBUTE.unpack_from(raw, at)
        if length < _ATTRIBUTE.size or at + length > len(raw):
            raise Malformed(f"rtnetlink: an attribute of {length} bytes")
        found[kind] = raw[at + _ATTRIBUTE.size : at + length]
        at += length + 3 & ~3
    return found
