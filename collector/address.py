"""Addresses as others use them: what is bound to a wildcard has no name of its own."""

from __future__ import annotations

import contextlib
import ipaddress
import socket


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_wildcard(host: str) -> bool:
    return is_address(host) and ipaddress.ip_address(host).is_unspecified


def is_local(host: str) -> bool:
    """Return whether only this machine can reach `host`."""
    return ipaddress.ip_address(host).is_loopback if is_address(host) else host == "localhost"


def reachable(host: str) -> str:
    """Return an address others can use for what is bound to `host`: for a wildcard, this machine's own."""
    if not is_wildcard(host):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing: it only asks which address would be used (RFC 5737)
        return str(probe.getsockname()[0])
    return "127.0.0.1"


def url(scheme: str, host: str, port: int) -> str:
    """Return the URL of what listens on `host` and `port`, as others reach it."""
    name = reachable(host)
    return f"{scheme}://[{name}]:{port}" if ":" in name else f"{scheme}://{name}:{port}"
