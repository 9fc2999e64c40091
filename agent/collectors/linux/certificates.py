"""X.509 certificates in the places servers keep them: whose, by whom, until when. Private keys are not read."""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.collectors.base import Collector, Denied, Unsupported
from agent.collectors.bounded import Malformed, read
from agent.collectors.linux.certificate_files import files
from wire.sections import MAX_TEXT, Body

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MAX_FILE_BYTES = 256 * 1024
MAX_IN_FILE = 16
"""More certificates than a chain has make a file a bundle of authorities, which is left out."""

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


def collect(root: Path) -> Body:
    """Return the rows of `certificates`; a file that is not readable or holds no certificate gives none."""
    rows = []
    for path in files(root):
        try:
            found = parse_certificates(read(path, MAX_FILE_BYTES))
        except (Denied, Unsupported, Malformed, OSError):
            continue
        name = f"/{path.relative_to(root)}"
        rows += [row(certificate) | {"path": name} for certificate in found]
    return list({(each["path"], each["fingerprint"]): each for each in rows}.values())


def parse_certificates(content: bytes) -> list[Certificate]:
    """Return the certificates of a PEM or DER file; raise `Malformed`.

    Of a file that also holds its private key (HAProxy wants it so) the key's block is skipped undecoded.
    An entry that cannot be parsed is left out: it is none anyone could use.
    """
    from cryptography.x509 import (  # slow to import
        InvalidVersion,
        load_der_x509_certificate,
        load_pem_x509_certificate,
    )

    parts = (part.partition(_END) for part in content.split(_BEGIN)[1:])
    blocks = [_BEGIN + block + end for block, end, _ in parts if end]
    if len(blocks) > MAX_IN_FILE:
        raise Malformed(f"{len(blocks)} certificates in one file: a bundle of authorities")
    load = load_pem_x509_certificate if blocks else load_der_x509_certificate
    found = []
    with warnings.catch_warnings():  # old certificates break rules that cryptography warns of
        warnings.simplefilter("ignore")
        for block in blocks or ([content] if content[:1] == b"\x30" else []):
            try:
                found.append(load(block))
            except (ValueError, InvalidVersion):
                continue
    return found


def row(certificate: Certificate) -> dict[str, Any]:
    """Return the fields of one certificate, without its path."""
    from cryptography.hazmat.primitives.hashes import SHA256

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "fingerprint": certificate.fingerprint(SHA256()).hex(),
            "subject": _name(certificate, "subject"),
            "issuer": _name(certificate, "issuer"),
            "names": _names(certificate),
            "not_before": _when(certificate.not_valid_before_utc),
            "not_after": _when(certificate.not_valid_after_utc),
            "serial": f"{certificate.serial_number:x}",
        }


def _name(certificate: Certificate, which: str) -> str | None:
    try:
        text: str = getattr(certificate, which).rfc4514_string()
    except ValueError:  # a name in an encoding that is none
        return None
    return text[:MAX_TEXT]


def _names(certificate: Certificate) -> list[str]:
    from cryptography.x509 import (
        DuplicateExtension,
        ExtensionNotFound,
        SubjectAlternativeName,
        UnsupportedGeneralNameType,
    )

    try:
        extension = certificate.extensions.get_extension_for_class(SubjectAlternativeName)
    except (ExtensionNotFound, DuplicateExtension, UnsupportedGeneralNameType, ValueError):
        return []
    values = (str(name.value) for name in extension.value if hasattr(name, "value"))
    return sorted({value[:MAX_TEXT] for value in values})[:1000]


def _when(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


COLLECTOR = Collector("certificates", collect, timeout_s=20.0)
