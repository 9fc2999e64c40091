"""X.509: what the collector issues and what it accepts. The policy is here, whatever a request asks for."""

from __future__ import annotations

import datetime
import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wire.enrolment import AGENT_URI_PREFIX, SERVER_NAME

ROOT_DAYS = 20 * 365
SERVER_DAYS = 2 * 365
BACKDATED_MS = 5 * 60_000
"""Leaves start five minutes ago: an agent whose clock is a little behind works at once."""
SERVER_BACKDATED_MS = 24 * 3600_000
"""Root and server leaf start a day ago: an agent whose clock is bad must get far enough to have it measured."""
MAX_REQUEST_BYTES = 8192


class BadRequest(ValueError):
    """A certificate request or public key that is not what it has to be; the message is for its sender."""


class BadCertificate(ValueError):
    """A presented certificate that is no agent's."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """The key that signs and the certificate it signs as."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class Presented:
    """What an agent's certificate says: the agent, the serial (32 hex digits), its validity in epoch milliseconds."""

    uid: str
    serial: str
    valid_from: int
    valid_to: int


def self_signed_root(key: ec.EllipticCurvePrivateKey, now: int) -> x509.Certificate:
    """Return the root: it signs leaves and nothing between."""
    name = _name(f"Muster root {secrets.token_hex(4)}")
    builder = _dated(x509.CertificateBuilder(), now - SERVER_BACKDATED_MS, now + ROOT_DAYS * 86_400_000)
    builder = builder.subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(random_serial())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(key, hashes.SHA384())


def agent_leaf(issuer: Issuer, key: ec.EllipticCurvePublicKey, uid: str, now: int, life_ms: int) -> x509.Certificate:
    """Return a client certificate for agent `uid`, valid for `life_ms` from `now`."""
    builder = _leaf(issuer, key, uid, ExtendedKeyUsageOID.CLIENT_AUTH)
    builder = _dated(builder, now - BACKDATED_MS, now + life_ms)
    uri = x509.UniformResourceIdentifier(AGENT_URI_PREFIX + uid)
    return builder.add_extension(x509.SubjectAlternativeName([uri]), critical=False).sign(issuer.key, hashes.SHA384())


def server_leaf(issuer: Issuer, key: ec.EllipticCurvePublicKey, names: Iterable[str], now: int) -> x509.Certificate:
    """Return a server certificate for `SERVER_NAME` and the host names and IP addresses in `names`."""
    builder = _leaf(issuer, key, SERVER_NAME, ExtendedKeyUsageOID.SERVER_AUTH)
    builder = _dated(builder, now - SERVER_BACKDATED_MS, now + SERVER_DAYS * 86_400_000)
    alternatives = [_general_name(name) for name in dict.fromkeys([SERVER_NAME, *names])]
    return builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False).sign(
        issuer.key, hashes.SHA384()
    )


def requested_key(csr: bytes) -> ec.EllipticCurvePublicKey:
    """Return the P-256 key whose holder signed the PKCS #10 request `csr` (DER); raise `BadRequest`.

    Nothing else of the request is looked at.
    """
    if len(csr) > MAX_REQUEST_BYTES:
        raise BadRequest(f"the certificate request has {len(csr)} bytes, at most {MAX_REQUEST_BYTES}")
    try:
        request = x509.load_der_x509_csr(csr)
        key = request.public_key()
        signed = request.is_signature_valid
    except Exception as error:  # the parser's errors share no base class: fuzzing found InvalidVersion, no ValueError
        raise BadRequest("the certificate request cannot be read") from error
    if not signed:
        raise BadRequest("the certificate request is not signed by its key")
    return _p256(key)


def instance_key(der: bytes) -> ec.EllipticCurvePublicKey:
    """Return the P-256 key in `der` (SubjectPublicKeyInfo); raise `BadRequest`.

    Only the one usual spelling is taken: a ban and a token's use hang on these bytes.
    """
    try:
        key = _p256(load_der_public_key(der[:MAX_REQUEST_BYTES]))
    except Exception as error:  # as above
        raise BadRequest("the instance key is not an ECDSA P-256 public key") from error
    if spki(key) != der:
        raise BadRequest("the instance key is not in its plain DER form")
    return key


def is_signed_by(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    """Return whether `signature` is ECDSA-SHA256 by `key` over `message`."""
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def spki(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def random_serial() -> int:
    return 1 + secrets.randbelow(2**128 - 1)


def serial_text(certificate: x509.Certificate) -> str:
    return f"{certificate.serial_number:032x}"


@lru_cache(maxsize=16_384)
def presented(pem: bytes) -> Presented:
    """Return what a certificate that passed the TLS handshake says; raise `BadCertificate`. Remembered by its bytes."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception as error:  # as above
        raise BadCertificate("the certificate names no agent") from error
    uris = alternatives.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1 or not uris[0].startswith(AGENT_URI_PREFIX):
        raise BadCertificate("the certificate names no agent")
    return Presented(
        uris[0].removeprefix(AGENT_URI_PREFIX), serial_text(certificate),
        _ms(certificate.not_valid_before_utc), _ms(certificate.not_valid_after_utc),
    )  # fmt: skip


def _leaf(
    issuer: Issuer, key: ec.EllipticCurvePublicKey, name: str, purpose: x509.ObjectIdentifier
) -> x509.CertificateBuilder:
    known = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = x509.CertificateBuilder(subject_name=_name(name), issuer_name=issuer.certificate.subject)
    builder = builder.public_key(key).serial_number(random_serial())
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known), critical=False)


def _dated(builder: x509.CertificateBuilder, valid_from: int, valid_to: int) -> x509.CertificateBuilder:
    return builder.not_valid_before(_moment(valid_from)).not_valid_after(_moment(valid_to))


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _p256(key: object) -> ec.EllipticCurvePublicKey:
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadRequest("the key must be ECDSA P-256")
    return key


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _moment(at: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at / 1000, datetime.UTC)


def _ms(moment: datetime.datetime) -> int:
    return int(moment.timestamp() * 1000)
