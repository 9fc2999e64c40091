"""The cryptography of the user-based security model: keys, digests, ciphers (RFC 3414, RFC 3826, RFC 7860)."""

from __future__ import annotations

import hmac
import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from discovery.snmp.ber import Malformed
from discovery.snmp.credential import User
from wire.localized import digest, localized_key

SALT_OCTETS: Final = 8

MAC_OCTETS: Final[Mapping[str, int]] = {"md5": 12, "sha1": 12, "sha224": 16, "sha256": 24, "sha384": 32, "sha512": 48}
KEY_OCTETS: Final[Mapping[str, int]] = {
    "des": 16, "aes128": 16, "aes192": 24, "aes256": 32, "aes192c": 24, "aes256c": 32,
}  # fmt: skip

_salts: Final[Iterator[int]] = itertools.count(int.from_bytes(os.urandom(8), "big") >> 1)
"""Starts anywhere and never comes twice (RFC 3414 §8.1.1.1, RFC 3826 §3.1.2.1)."""


# --- keys


@lru_cache(maxsize=65_536)
def privacy_key(algorithm: str, cipher: str, key: bytes, engine_id: bytes) -> bytes:
    """Return the localised key of `cipher`, made longer where the digest is shorter than it needs."""
    wanted = KEY_OCTETS[cipher]
    while len(key) < wanted:
        if cipher.endswith("c"):
            key += localized_key(algorithm, key, engine_id)  # draft-reeder-snmpv3-usm-3desede §2.1
        else:
            key += digest(algorithm, key)  # draft-blumenthal-aes-usm §3.1.2.1
    return key[:wanted]


@dataclass(frozen=True, slots=True)
class Keys:
    """A user's keys at one engine."""

    auth: bytes = field(default=b"", repr=False)
    priv: bytes = field(default=b"", repr=False)


def keys_of(user: User, engine_id: bytes) -> Keys:
    """Return the keys of `user` at an engine."""
    if not user.auth:
        return Keys()
    auth = _own_key(user, user.auth, user.auth_secret, engine_id)
    if not user.priv:
        return Keys(auth)
    own = _own_key(user, user.auth, user.priv_secret, engine_id)
    return Keys(auth, privacy_key(user.auth, user.priv, own, engine_id))


def _own_key(user: User, algorithm: str, secret: str, engine_id: bytes) -> bytes:
    return bytes.fromhex(secret) if user.localized else localized_key(algorithm, secret.encode(), engine_id)


# --- use of keys


def mac(algorithm: str, key: bytes, message: bytes) -> bytes:
    """Return the truncated HMAC of a whole message whose place for it holds zeros."""
    return hmac.digest(key, message, algorithm)[: MAC_OCTETS[algorithm]]


def encrypt(cipher: str, key: bytes, clock: tuple[int, int], plain: bytes) -> tuple[bytes, bytes]:
    """Return the encrypted scoped PDU and its salt; `clock` is the engine's boots and time."""
    number = next(_salts)
    if cipher == "des":
        salt = clock[0].to_bytes(4, "big") + (number & 0xFFFFFFFF).to_bytes(4, "big")
        plain += bytes(-len(plain) % 8)
    else:
        salt = number.to_bytes(SALT_OCTETS, "big")
    encryptor = _cipher(cipher, key, clock, salt).encryptor()
    return encryptor.update(plain) + encryptor.finalize(), salt


def decrypt(cipher: str, key: bytes, clock: tuple[int, int], salt: bytes, data: bytes) -> bytes:
    """Return a scoped PDU, with its padding. Malformed when salt or data cannot be of this cipher."""
    if len(salt) != SALT_OCTETS or (cipher == "des" and len(data) % 8):
        raise Malformed("a salt or a scoped PDU of the wrong length")
    decryptor = _cipher(cipher, key, clock, salt).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _cipher(cipher: str, key: bytes, clock: tuple[int, int], salt: bytes) -> Cipher[CBC] | Cipher[CFB]:
    if cipher == "des":
        start = bytes(a ^ b for a, b in zip(key[8:16], salt, strict=True))
        return Cipher(TripleDES(key[:8] * 3), CBC(start))  # three times the same key is DES
    return Cipher(AES(key), CFB(clock[0].to_bytes(4, "big") + clock[1].to_bytes(4, "big") + salt))
