"""SSH without a login: the version line, and the host key as the key exchange shows it (RFC 4253 §4.2, §7, §8).

The exchange is begun and broken off once the server has named its key; it is not proven that the server holds it.
That proof belongs to whoever logs in, with this key as the pin.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from discovery.fingerprint.wire import BROKEN, Wire, connected
from discovery.text import cleaned, shown

MAX_LINE: Final = 255
MAX_LINES_BEFORE: Final = 16
MAX_PACKET: Final = 35_000  # RFC 4253 §6.1
MAX_PACKETS: Final = 8
OURS: Final = b"SSH-2.0-Muster"
KEXINIT, KEX_BEGIN, KEX_REPLY = 20, 30, 31

EXCHANGES: Final = (
    b"curve25519-sha256", b"curve25519-sha256@libssh.org", b"ecdh-sha2-nistp256", b"diffie-hellman-group14-sha256",
    b"diffie-hellman-group14-sha1", b"diffie-hellman-group16-sha512", b"diffie-hellman-group1-sha1",
)  # fmt: skip
KEYS: Final = (
    b"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256,ssh-rsa,ssh-dss"
)
CIPHERS: Final = (
    b"chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
    b"aes128-cbc,aes256-cbc,3des-cbc"
)
MACS: Final = b"hmac-sha2-256,hmac-sha2-512,hmac-sha1,hmac-sha2-256-etm@openssh.com,hmac-md5"


@dataclass(frozen=True, slots=True)
class Ssh:
    """`banner`: the version line. `host_key`: `type SHA256:…`, the digest as `ssh-keygen -l` prints it."""

    banner: str
    host_key: str | None = None


async def ssh(address: str, port: int, seconds: float) -> Ssh:
    """Return what an SSH server shows. Raises one of `wire.BROKEN`."""
    banner = host_key = None
    try:
        async with connected(address, port, seconds) as wire:
            await wire.send(OURS + b"\r\n")
            banner = await _version(wire)
            host_key = await _host_key(wire)
    except BROKEN:
        if banner is None:
            raise
    return Ssh(banner, host_key)


async def _version(wire: Wire) -> str:
    for _ in range(MAX_LINES_BEFORE):
        line = await wire.line(MAX_LINE)
        if line.startswith(b"SSH-"):
            return shown(cleaned(line.decode("ascii", "replace")))
    raise ValueError("no SSH server")


async def _host_key(wire: Wire) -> str:
    await wire.send(_packet(_kexinit()))
    theirs = await _message(wire, KEXINIT)
    offered = _strings(theirs[17:], 1)[0].split(b",")
    chosen = next((each for each in EXCHANGES if each in offered), None)
    if chosen is None:
        raise ValueError("no key exchange in common")
    await wire.send(_packet(bytes((KEX_BEGIN,)) + _string(_public(chosen))))
    blob = _strings((await _message(wire, KEX_REPLY))[1:], 1)[0]
    kind = shown(cleaned(_strings(blob, 1)[0][:64].decode("ascii", "replace")))
    return f"{kind} SHA256:{b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"


async def _message(wire: Wire, kind: int) -> bytes:
    """Return the payload of the next message of a kind, whatever comes before it. ValueError when it does not come."""
    for _ in range(MAX_PACKETS):
        head = await wire.reader.readexactly(5)
        size, padding = int.from_bytes(head[:4], "big"), head[4]
        if not padding + 2 <= size <= MAX_PACKET:
            raise ValueError("no SSH packet")
        body = await wire.reader.readexactly(size - 1)
        payload = body[: size - 1 - padding]
        if payload[0] == kind:
            return payload
    raise ValueError("the key exchange goes nowhere")


def _public(exchange: bytes) -> bytes:
    """Return a public value of ours, as what an exchange carries; nobody needs the private part."""
    if exchange.startswith(b"curve25519"):
        return secrets.token_bytes(32)
    if exchange.startswith(b"ecdh"):
        return (
            generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        )
    return b"\x01" + secrets.token_bytes(100)  # an mpint below the modulus of every group


def _kexinit() -> bytes:
    lists = (b",".join(EXCHANGES), KEYS, CIPHERS, CIPHERS, MACS, MACS, b"none", b"none", b"", b"")
    return bytes((KEXINIT,)) + secrets.token_bytes(16) + b"".join(map(_string, lists)) + bytes(5)


def _packet(payload: bytes) -> bytes:
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return (len(payload) + padding + 1).to_bytes(4, "big") + bytes((padding,)) + payload + bytes(padding)


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _strings(data: bytes, count: int) -> list[bytes]:
    """Return the strings `data` begins with. ValueError when they do not fit."""
    found: list[bytes] = []
    at = 0
    for _ in range(count):
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        if len(data) < at + 4 or len(data) < end:
            raise ValueError("a string that does not fit")
        found.append(data[at + 4 : end])
        at = end
    return found
