"""SNMPv3 keys of one engine: what a lease carries instead of a passphrase (RFC 3414 §2.6).

The 1 MiB digest of a passphrase is what SNMPv3 costs; it does not depend on the engine, so it is made once a secret,
and localising it for an engine is one short digest.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

EXPANDED_OCTETS: Final = 1 << 20


@lru_cache(maxsize=4096)
def passphrase_digest(algorithm: str, secret: bytes) -> bytes:
    """Return Ku: the digest of the passphrase repeated to 1 MiB. ValueError when it is empty."""
    if not secret:
        raise ValueError("an empty passphrase")
    repeated = secret * (EXPANDED_OCTETS // len(secret) + 1)
    return digest(algorithm, repeated[:EXPANDED_OCTETS])


@lru_cache(maxsize=65_536)
def localized_key(algorithm: str, secret: bytes, engine_id: bytes) -> bytes:
    """Return Kul: the key of one engine, as long as the digest; `secret` cannot be told from it."""
    key = passphrase_digest(algorithm, secret)
    return digest(algorithm, key + engine_id + key)


def digest(algorithm: str, data: bytes) -> bytes:
    """Return a digest by the name SNMPv3 credentials use: md5, sha1, sha224 … sha512."""
    return hashlib.new(algorithm, data, usedforsecurity=False).digest()
