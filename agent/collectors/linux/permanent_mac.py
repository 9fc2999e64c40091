"""The MAC an interface was made with: ethtool's ETHTOOL_GPERMADDR, which needs no privilege."""

from __future__ import annotations

import array
import fcntl
import socket
import struct

_SIOCETHTOOL = 0x8946
_ETHTOOL_GPERMADDR = 0x20
_MAX_ADDR_LEN = 32
_IFNAMSIZ = 16
_EUI48 = 6


def permanent_mac(interface: str) -> str | None:
    """Return the burnt-in MAC in lower case, or None where the driver knows none."""
    name = interface.encode()
    if len(name) >= _IFNAMSIZ:
        return None
    # struct ethtool_perm_addr {cmd, size, data[]}, pointed to by struct ifreq
    answer = array.array("B", struct.pack("=II", _ETHTOOL_GPERMADDR, _MAX_ADDR_LEN) + bytes(_MAX_ADDR_LEN))
    request = struct.pack(f"{_IFNAMSIZ}sP", name, answer.buffer_info()[0]).ljust(40, b"\0")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, _SIOCETHTOOL, request)
    except OSError:  # no driver behind it, or a kernel without IPv4
        return None
    return parse_perm_addr(answer.tobytes())


def parse_perm_addr(answer: bytes) -> str | None:
    """Return the MAC of a struct ethtool_perm_addr, or None for all zeros or another length than six."""
    _, size = struct.unpack_from("=II", answer)
    address = answer[8 : 8 + _EUI48]
    return address.hex(":") if size == _EUI48 and any(address) else None
