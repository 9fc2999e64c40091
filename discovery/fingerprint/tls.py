"""What a TLS server's certificate says. Nothing of it is believed: any will do, expired and self-made ones too."""

from __future__ import annotations

import ssl
import warnings
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from discovery.fingerprint.wire import connected
from discovery.text import cleaned, shown

MAX_NAMES: Final = 32
MAX_BYTES: Final = 64 * 1024


class BadCertificate(ValueError):
    """A certificate that cannot be read."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """`names`: what the subject alternative name holds. `key`: SHA-256 of the public key (SPKI), to pin it."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    ends: str
    key: str


async def tls(address: str, port: int, seconds: float) -> Certificate:
    """Return the certificate a server shows. Raises one of `wire.BROKEN`."""
    async with connected(address, port, seconds, anyone()) as wire:
        return certificate(wire.certificate or b"")


@cache
def anyone() -> ssl.SSLContext:
    """Return a context that speaks to anyone, in the oldest TLS there is: it looks, and says nothing secret."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def certificate(der: bytes) -> Certificate:
    """Read a certificate; raise `BadCertificate`."""
    if not 0 < len(der) <= MAX_BYTES:
        raise BadCertificate(f"{len(der)} octets")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a library thinks of old certificates
        try:
            return _read(x509.load_der_x509_certificate(der))
        except Exception as error:  # the library declares little of what malformed extensions raise
            raise BadCertificate(type(error).__name__) from error


def _read(found: x509.Certificate) -> Certificate:
    key = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Certificate(
        _common(found.subject), _common(found.issuer), _names(found),
        found.not_valid_after_utc.isoformat(), sha256(key).hexdigest(),
    )  # fmt: skip


def _common(name: x509.Name) -> str:
    """Return the common name, the whole name when there is none."""
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    said = found[0].value if found else name.rfc4514_string()
    return shown(cleaned(said if isinstance(said, str) else said.decode("utf-8", "replace")))


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    spelled = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    return tuple(shown(cleaned(each)) for each in spelled[:MAX_NAMES])
