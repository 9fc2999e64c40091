"""For devices of before 2015 that know nothing better: key exchange and host key with SHA-1 (RFC 4253 §6.6, §8).

paramiko left both out in version 5, rightly so. A pin does not depend on them: to pass for the host one would need a
second preimage of SHA-1, which nobody has. But group 1 is small enough (1024 bits) that who has recorded a session may
one day read it. So this is asked for, device by device, and never a fall-back.
"""

from __future__ import annotations

from hashlib import sha1
from typing import Any, ClassVar, Final

import paramiko  # type: ignore[import-untyped]  # the package ships no types
from cryptography.hazmat.primitives.hashes import SHA1
from paramiko.kex_group14 import KexGroup14SHA256  # type: ignore[import-untyped]

GROUP_1: Final = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE65381FFFFFFFFFFFFFFFF",
    16,
)
"""RFC 2409 §6.2, the Second Oakley Group."""


class Group14Sha1(KexGroup14SHA256):  # type: ignore[misc]
    name = "diffie-hellman-group14-sha1"
    hash_algo = sha1


class Group1Sha1(Group14Sha1):
    name = "diffie-hellman-group1-sha1"
    P = GROUP_1


class RsaSha1(paramiko.RSAKey):  # type: ignore[misc]
    """An RSA host key that may sign the old way."""

    HASHES: ClassVar[dict[str, Any]] = {**paramiko.RSAKey.HASHES, "ssh-rsa": SHA1}


class LegacyTransport(paramiko.Transport):  # type: ignore[misc]
    """What is better goes first: these are taken where the host has nothing else."""

    _preferred_kex = (*paramiko.Transport._preferred_kex, Group14Sha1.name, Group1Sha1.name)
    _kex_info: ClassVar[dict[str, Any]] = {
        **paramiko.Transport._kex_info,
        Group14Sha1.name: Group14Sha1,
        Group1Sha1.name: Group1Sha1,
    }
    _preferred_keys = (*paramiko.Transport._preferred_keys, "ssh-rsa")
    _key_info: ClassVar[dict[str, Any]] = {**paramiko.Transport._key_info, "ssh-rsa": RsaSha1}
