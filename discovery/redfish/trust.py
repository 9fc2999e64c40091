"""Whom a password is shown to: the holder of a pinned key, of a certificate by an authority, or at first use anybody.

A key is the SHA-256 of the public key (SPKI), lower-case hex, as `discovery.fingerprint.tls` shows it.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from discovery.failures import Failed
from discovery.fingerprint.tls import BadCertificate, certificate

SECURED: Final = "connection.start_tls.complete"
"""The event of HTTP Core at which a connection is secured, and nothing was sent over it yet."""


@dataclass(frozen=True, slots=True)
class Trust:
    """`key`: the pin. `authorities`: a file of PEM certificates, with `name`, the name that the certificate must bear.

    With neither, the first key that is shown is held on to for the visit, and is to be pinned by who vouches for it.
    """

    key: str = ""
    authorities: Path | None = None
    name: str = ""

    def context(self) -> ssl.SSLContext:
        """Return a client's context. Raises Failed when the authorities cannot be read."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Controllers live long: keys of 1024 bits and SHA-1 are what many of them can; the pin does not rest on either.
        context.set_ciphers("DEFAULT:@SECLEVEL=0" if self.authorities is None else "DEFAULT")
        if self.authorities is None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        try:
            context.load_verify_locations(self.authorities)
        except (OSError, ssl.SSLError):
            raise Failed("unpinned", "the authorities cannot be read") from None
        return context


@dataclass(slots=True)
class Guard:
    """Looks at every connection of a visit before anything is sent over it; `key` is what it has seen."""

    trust: Trust
    key: str = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.trust.key

    async def __call__(self, event: str, told: Mapping[str, Any]) -> None:
        """Take an event of HTTP Core. Raises Failed, the connection closed, when it leads to somebody else."""
        if event != SECURED:
            return
        stream = told["return_value"]
        try:
            self.check(stream.get_extra_info("ssl_object").getpeercert(binary_form=True) or b"")
        except Failed:
            await stream.aclose()
            raise

    def check(self, der: bytes) -> None:
        """Compare a certificate with the pin; the first one is the pin where there was none."""
        try:
            shown = certificate(der).key
        except BadCertificate:
            raise Failed("malformed", "a certificate that cannot be read") from None
        if self.key and shown != self.key:
            raise Failed("host_key_changed", f"now {shown}")
        self.key = shown
