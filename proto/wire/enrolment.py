"""The values of enrolment: the token people hand over, the transcripts both sides sign."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

SERVER_NAME = "muster-collector"
"""The name every collector certificate carries; agents check it whatever address they dial."""

TOKEN_PREFIX = "muster1"  # noqa: S105  a format's name
AGENT_URI_PREFIX = "spiffe://muster/agent/"


class BadToken(ValueError):
    """The text is not an enrolment token."""


@dataclass(frozen=True, slots=True)
class Token:
    """An enrolment token: public id (8 bytes), secret (32 bytes), SHA-256 of the root's SubjectPublicKeyInfo.

    The secret never crosses the wire; the pin lets the agent know the collector before it says a word.
    """

    token_id: bytes
    secret: bytes
    root_pin: bytes

    def text(self) -> str:
        """Return the token as people copy it."""
        return ".".join([TOKEN_PREFIX, *(_encode(part) for part in (self.token_id, self.secret, self.root_pin))])

    def __repr__(self) -> str:
        return f"Token({self.token_id.hex()}, secret hidden)"


def parse_token(text: str) -> Token:
    """Return the token `text` spells; raise `BadToken`."""
    prefix, *parts = text.strip().split(".")
    if prefix != TOKEN_PREFIX or len(parts) != 3:
        raise BadToken(f"a token starts with {TOKEN_PREFIX}. and has four parts")
    token = Token(*(_decode(part) for part in parts))
    if [len(token.token_id), len(token.secret), len(token.root_pin)] != [8, 32, 32]:
        raise BadToken("the token is cut short")
    return token


def enrolment_proof(secret: bytes, nonce: bytes, csr: bytes, instance_key: bytes, server_certificate: bytes) -> bytes:
    """Return HMAC-SHA256 over the enrolment transcript, bound to the server certificate (DER) of this connection."""
    return hmac.new(secret, _transcript(b"muster-enrol-v1", nonce, csr, instance_key, server_certificate),
                    hashlib.sha256).digest()  # fmt: skip


def recovery_transcript(agent_id: str, nonce: bytes, csr: bytes, server_certificate: bytes) -> bytes:
    """Return the bytes the instance key signs (ECDSA-SHA256) to come back."""
    return _transcript(b"muster-recover-v1", agent_id.encode(), nonce, csr, server_certificate)


def _transcript(label: bytes, *parts: bytes) -> bytes:
    return label + b"".join(hashlib.sha256(part).digest() for part in parts)


def _encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def _decode(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadToken("the token holds a character it cannot") from error


@dataclass(frozen=True, slots=True)
class Begin:
    token_id: bytes
    instance_key: bytes


@dataclass(frozen=True, slots=True)
class Challenge:
    nonce: bytes
    server_time_ms: int


@dataclass(frozen=True, slots=True)
class Finish:
    token_id: bytes
    instance_key: bytes
    nonce: bytes
    csr: bytes
    proof: bytes
    hostname: str = ""


@dataclass(frozen=True, slots=True)
class Admission:
    agent_id: str
    certificate_chain: bytes
    data_port: int


@dataclass(frozen=True, slots=True)
class Recover:
    agent_id: str
    nonce: bytes
    csr: bytes
    signature: bytes
