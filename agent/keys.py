"""Keys, certificates and signatures. Only short-lived processes load this: the library behind it is heavy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from agent import durable
from agent.membership import Validity

MAX_CHAIN = 5


class WrongCollector(Exception):
    """Whoever answered is not the collector the token (or an earlier enrolment) names."""


class BadKey(Exception):
    """A key file does not hold an ECDSA P-256 key."""


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_der(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public key as DER SubjectPublicKeyInfo."""
    return _spki(key.public_key())


def _spki(key: object) -> bytes:
    assert hasattr(key, "public_bytes")
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded


def request_der(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a PKCS #10 request for `key`, DER; it says nothing but the key."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """Return the ECDSA-SHA256 signature of `data`, DER."""
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def instance_key(state: Path) -> ec.EllipticCurvePrivateKey:
    """Return the key this machine enrols with, made and on the disk if there is none; raise `BadKey` or OSError."""
    path = state / "instance.key"
    pem = durable.read_small(path)
    if pem is None:
        durable.make_folder(state)
        pem = key_pem(new_key())
        durable.write_file(path, pem)
    return load_key(pem, str(path))


def load_key(pem: bytes, name: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise BadKey(f"{name} holds no private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadKey(f"{name} holds no ECDSA key")
    return key


def pinned_root(chain: Sequence[bytes], pin: bytes) -> bytes:
    """Return the certificate (PEM) of `chain` (DER, leaf first) whose key has the SHA-256 `pin`.

    The leaf must verify under it; raise `WrongCollector` when there is none such.
    """
    try:
        certificates = [x509.load_der_x509_certificate(each) for each in chain[:MAX_CHAIN]]
        roots = [each for each in certificates if hashlib.sha256(_spki(each.public_key())).digest() == pin]
        if not roots:
            raise WrongCollector("no certificate of the chain has the key the token names")
        _verify(certificates, roots[0])
    except (ValueError, TypeError) as error:
        raise WrongCollector(f"the chain cannot be read: {error}") from error
    return roots[0].public_bytes(serialization.Encoding.PEM)


def _verify(certificates: Sequence[x509.Certificate], root: x509.Certificate) -> None:
    """Raise `WrongCollector` unless the first of `certificates` was issued, link by link, by `root`."""
    current = certificates[0]
    for _ in range(MAX_CHAIN):
        if _issued(current, root):
            return
        issuer = next((each for each in certificates[1:] if each != current and _issued(current, each)), None)
        if issuer is None:
            break
        current = issuer
    raise WrongCollector("the certificate does not verify under the pinned root")


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        is_authority = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return is_authority


def root_public_der(root: str) -> bytes:
    """Return the public key of a root certificate (PEM) as DER SubjectPublicKeyInfo."""
    return _spki(x509.load_pem_x509_certificate(root.encode()).public_key())


def admitted(chain: bytes, key: ec.EllipticCurvePrivateKey, root: str) -> Validity:
    """Return the validity of the leaf in `chain` (PEM): ours, and issued under `root`; raise `WrongCollector`."""
    try:
        certificates = x509.load_pem_x509_certificates(chain)
        anchor = x509.load_pem_x509_certificate(root.encode())
    except ValueError as error:
        raise WrongCollector(f"the certificate cannot be read: {error}") from error
    leaf = certificates[0]
    if _spki(leaf.public_key()) != public_der(key):
        raise WrongCollector("the certificate is for another key")
    _verify(certificates, anchor)
    return Validity(
        round(leaf.not_valid_before_utc.timestamp() * 1000), round(leaf.not_valid_after_utc.timestamp() * 1000)
    )
