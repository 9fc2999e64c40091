"""A tiny agent for tests: real keys, real TLS, real gRPC; it says exactly what a test wants said."""

from __future__ import annotations

import contextlib
import ssl
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from wire import codec
from wire.enrolment import (
    SERVER_NAME,
    Admission,
    Begin,
    Challenge,
    Finish,
    Recover,
    Token,
    enrolment_proof,
    recovery_transcript,
)
from wire.observation import Envelope, Report

EPOCH = bytes(range(16))


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pem(key: Any) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def csr_of(key: Any) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "whatever it asks")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.DER)


def envelope(seq: int, payload: bytes = b"payload", crc: int | None = None) -> Envelope:
    return Envelope(seq, payload, zlib.crc32(payload) if crc is None else crc)


def report_of(*envelopes: Envelope, epoch: bytes = EPOCH) -> bytes:
    return codec.encode_report(Report(epoch, tuple(envelopes)))


def server_chain(port: int) -> list[bytes]:
    """Return the certificates (DER) the listener at `port` presents, leaf first."""
    import socket

    context = ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", port), 5) as raw, context.wrap_socket(raw) as tls:
        return [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in tls._sslobj.get_unverified_chain()]


def failure(error: grpc.aio.AioRpcError) -> tuple[grpc.StatusCode, dict[str, str]]:
    return error.code(), {key: str(value) for key, value in error.trailing_metadata() or ()}


@dataclass
class Machine:
    """A machine with its instance key, and what it has been given."""

    root: bytes
    enrol_port: int
    instance: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    leaf_key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    uid: str = ""
    chain: bytes = b""
    data_port: int = 0

    async def begin(self, token_id: bytes = b"", instance_key: bytes | None = None) -> Challenge:
        key = spki(self.instance) if instance_key is None else instance_key
        async with self.enrolment() as call:
            return codec.decode_challenge(await call("Begin", codec.encode_begin(Begin(token_id, key))))

    async def finish(
        self, token: Token, nonce: bytes, *, csr: bytes | None = None, proof: bytes | None = None
    ) -> Admission:
        csr = csr_of(self.leaf_key) if csr is None else csr
        instance = spki(self.instance)
        proof = proof or enrolment_proof(token.secret, nonce, csr, instance, server_chain(self.enrol_port)[0])
        asked = codec.encode_finish(Finish(token.token_id, instance, nonce, csr, proof, "host-1"))
        async with self.enrolment() as call:
            admission = codec.decode_admission(await call("Finish", asked))
        self.uid, self.chain, self.data_port = admission.agent_id, admission.certificate_chain, admission.data_port
        return admission

    async def enrol(self, token: Token) -> Admission:
        return await self.finish(token, (await self.begin(token.token_id)).nonce)

    async def recover(self, *, key: ec.EllipticCurvePrivateKey | None = None) -> None:
        nonce = (await self.begin()).nonce
        self.leaf_key = new_key()
        csr = csr_of(self.leaf_key)
        transcript = recovery_transcript(self.uid, nonce, csr, server_chain(self.enrol_port)[0])
        signature = (key or self.instance).sign(transcript, ec.ECDSA(hashes.SHA256()))
        async with self.enrolment() as call:
            answer = await call("Recover", codec.encode_recover(Recover(self.uid, nonce, csr, signature)))
        self.chain, self.data_port = codec.decode_recovered(answer)

    async def renew(self) -> bytes:
        """Ask for a leaf for a new key; take it into use; return the chain in use before."""
        key, before = new_key(), self.chain
        async with self.data() as call:
            self.chain = codec.decode_renewed(await call("Renew", codec.encode_renew(csr_of(key))))
        self.leaf_key = key
        return before

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.chain)

    def enrolment(self) -> Any:
        return calls(self.enrol_port, codec.ENROLMENT_SERVICE, grpc.ssl_channel_credentials(self.root))

    def data(self) -> Any:
        credentials = grpc.ssl_channel_credentials(self.root, pem(self.leaf_key), self.chain)
        return calls(self.data_port, codec.AGENT_SERVICE, credentials)


@contextlib.asynccontextmanager
async def calls(port: int, service: str, credentials: grpc.ChannelCredentials) -> AsyncIterator[Any]:
    """A connection of its own; yields `await call(method, request_bytes, timeout)`."""
    options = [("grpc.ssl_target_name_override", SERVER_NAME), ("grpc.use_local_subchannel_pool", 1),
               ("grpc.max_send_message_length", -1)]  # fmt: skip
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options=options) as channel:

        async def call(method: str, request: bytes, timeout: float = 10) -> bytes:
            answer: bytes = await channel.unary_unary(f"/{service}/{method}")(request, timeout=timeout)
            return answer

        yield call
