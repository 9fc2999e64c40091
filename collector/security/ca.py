"""The certificate authority of one installation: a root in DATA/ca that signs every leaf itself.

One level, on purpose: the root's key has to be on line anyway to admit agents without a person, so an
issuing CA beside it in the same folder would protect nothing. An agent pins the root by its public key.
"""

from __future__ import annotations

import hashlib
import secrets as random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from collector.clock import Clock, now
from collector.security import certificates, secrets


class BadAuthority(Exception):
    """The CA's files are damaged; only a backup brings it back."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """An issued certificate: chain (leaf, root) as PEM, serial (32 hex digits), end of validity in epoch ms."""

    chain: bytes
    serial: str
    valid_to: int


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """What a listener presents. The key lives in memory only: a new one is made at every start."""

    key: bytes
    chain: bytes
    der: bytes

    def __repr__(self) -> str:
        return "ServerIdentity(hidden)"


class Authority:
    """Signs leaves for agents and listeners; holds the key token secrets are derived from."""

    def __init__(self, issuer: certificates.Issuer, token_key: bytes) -> None:
        self._issuer = issuer
        self.token_key = token_key
        self.root_pem = issuer.certificate.public_bytes(Encoding.PEM)
        self.root_pin = hashlib.sha256(certificates.spki(issuer.key.public_key())).digest()

    def issue(self, key: ec.EllipticCurvePublicKey, uid: str, at: int, life_ms: int) -> Leaf:
        """Return a leaf for agent `uid`'s `key`, valid until `at` + `life_ms`."""
        certificate = certificates.agent_leaf(self._issuer, key, uid, at, life_ms)
        chain = certificate.public_bytes(Encoding.PEM) + self.root_pem
        return Leaf(chain, certificates.serial_text(certificate), at + life_ms)

    def sign(self, message: bytes) -> bytes:
        """Return the root's signature (ECDSA, SHA-256, DER) of a text that is no certificate."""
        return self._issuer.key.sign(message, ec.ECDSA(hashes.SHA256()))

    def has_signed(self, signature: bytes, message: bytes) -> bool:
        return certificates.is_signed_by(self._issuer.key.public_key(), signature, message)

    def server_identity(self, names: Iterable[str], at: int) -> ServerIdentity:
        """Return a fresh key and a certificate for the host names and IP addresses in `names`."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = certificates.server_leaf(self._issuer, key.public_key(), names, at)
        chain = certificate.public_bytes(Encoding.PEM) + self.root_pem
        return ServerIdentity(_pem(key), chain, certificate.public_bytes(Encoding.DER))


def open_or_create(data: Path, clock: Clock = now) -> Authority:
    """Return the authority of `data`/ca, made at the first start; raise `BadAuthority`, `UnsafeSecret`, OSError."""
    folder = data / "ca"
    # Key and certificate share one file, so that no crash leaves one without the other.
    issuer = _parse(secrets.read_or_make(folder / "root.pem", lambda: _new_root(clock())), folder / "root.pem")
    token_key = secrets.read_or_make(folder / "token.key", lambda: random.token_bytes(32))
    if len(token_key) != 32:
        raise BadAuthority(f"{folder / 'token.key'} does not hold 32 bytes: restore it from a backup")
    return Authority(issuer, token_key)


def _new_root(at: int) -> bytes:
    key = ec.generate_private_key(ec.SECP384R1())
    return _pem(key) + certificates.self_signed_root(key, at).public_bytes(Encoding.PEM)


def _parse(pem: bytes, path: Path) -> certificates.Issuer:
    try:
        key = load_pem_private_key(pem, None)
        certificate = x509.load_pem_x509_certificate(pem)
        matches = isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadAuthority(f"{path} is damaged: restore it from a backup") from error
    if not matches or not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadAuthority(f"{path} holds a key and a certificate that do not belong together")
    return certificates.Issuer(key, certificate)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
