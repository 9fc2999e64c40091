"""A small collector: both listeners over real TLS, a CA of its own, everything in memory, faults on request."""

from __future__ import annotations

import hashlib
import os
import queue
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wire import codec, sweep_codec
from wire.enrolment import (
    AGENT_URI_PREFIX,
    SERVER_NAME,
    Admission,
    Challenge,
    Token,
    enrolment_proof,
    recovery_transcript,
)
from wire.observation import Acknowledgement, Envelope, Instructions, Refusal
from wire.sweep import Cancel, Idle, Progress, SweepTask

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER


class Authority:
    """A root, what it issues, and the token that pins it."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP384R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test root")])
        now = datetime.now(UTC)
        self.root = (
            x509.CertificateBuilder(
                name, name, self.key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=9)
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA384())
        )
        self.root_pem = self.root.public_bytes(PEM)

    def token(self) -> Token:
        spki = self.key.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return Token(os.urandom(8), os.urandom(32), hashlib.sha256(spki).digest())

    def issue(
        self, public_key: Any, name: x509.GeneralName, life_s: float, is_server: bool = False
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if is_server else ExtendedKeyUsageOID.CLIENT_AUTH
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.root.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + timedelta(seconds=life_s))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectAlternativeName([name]), critical=True)
            .sign(self.key, hashes.SHA384())
        )


@dataclass
class Collector:
    """What the small collector knows and how it is to behave. `fault` may raise a status before any call is served."""

    authority: Authority = field(default_factory=Authority)
    leaf_life_s: float = 3_600.0
    tokens: dict[bytes, Token] = field(default_factory=dict)
    agents: dict[bytes, str] = field(default_factory=dict)  # instance key → agent id
    serials: dict[str, list[int]] = field(default_factory=dict)  # agent id → the serials that are accepted
    received: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    check_ins: list[Any] = field(default_factory=list)
    instructions: Instructions = field(default_factory=lambda: Instructions(0, 5, 900))
    want_sections: tuple[str, ...] = ()
    refuse: Callable[[Envelope], str | None] = lambda envelope: None
    fault: Callable[[str, Any], None] = lambda method, context: None
    tasks: queue.SimpleQueue[SweepTask | Cancel | None] = field(default_factory=queue.SimpleQueue)  # None ends a stream
    idle: list[Idle] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    unwanted: set[str] = field(default_factory=set)  # sweeps whose progress is answered with cancel
    clock_offset_s: float = 0.0
    enrol_port: int = 0
    data_port: int = 0

    def new_token(self) -> Token:
        token = self.authority.token()
        self.tokens[token.token_id] = token
        return token

    # --- listeners

    def start(self, enrol_port: int = 0, data_port: int = 0) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        server = self.authority.issue(key.public_key(), x509.DNSName(SERVER_NAME), 86_400, is_server=True)
        self.server_der = server.public_bytes(DER)
        pair = (
            key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
            server.public_bytes(PEM) + self.authority.root_pem,
        )
        self._servers: list[Any] = []
        enrolment = {"Begin": self._begin, "Finish": self._finish, "Recover": self._recover}
        agent = {"CheckIn": self._check_in, "Report": self._report, "Renew": self._renew, "Progress": self._progress}
        self.enrol_port = self._listen(
            codec.ENROLMENT_SERVICE, enrolment, grpc.ssl_server_credentials([pair]), enrol_port
        )
        mutual = grpc.ssl_server_credentials([pair], self.authority.root_pem, require_client_auth=True)
        self.data_port = self._listen(codec.AGENT_SERVICE, agent, mutual, data_port)

    def _listen(self, service: str, methods: dict[str, Any], credentials: Any, port: int) -> int:
        options = [("grpc.max_receive_message_length", 9 * 1024 * 1024), ("grpc.so_reuseport", 0)]
        server = grpc.server(ThreadPoolExecutor(8), options=options)
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(self._guarded(name, serve)) for name, serve in methods.items()
        }
        handlers["Tasks"] = grpc.unary_stream_rpc_method_handler(self._wait)
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, handlers)])
        bound: int = server.add_secure_port(f"127.0.0.1:{port}", credentials)
        server.start()
        self._servers.append(server)
        return bound

    def _guarded(self, name: str, serve: Callable[[bytes, Any], bytes]) -> Callable[[bytes, Any], bytes]:
        def guarded(data: bytes, context: Any) -> bytes:
            self.calls.append(name)
            self.fault(name, context)
            return serve(data, context)

        return guarded

    def stop(self) -> None:
        for server in self._servers:
            server.stop(0).wait()

    # --- enrolment

    def _begin(self, data: bytes, context: Any) -> bytes:
        codec.decode_begin(data)
        self.nonce = os.urandom(32)
        return codec.encode_challenge(Challenge(self.nonce, round((time.time() + self.clock_offset_s) * 1000)))

    def _finish(self, data: bytes, context: Any) -> bytes:
        said = codec.decode_finish(data)
        token = self.tokens.get(said.token_id)
        proof = token and enrolment_proof(token.secret, said.nonce, said.csr, said.instance_key, self.server_der)
        if said.nonce != self.nonce or said.proof != proof:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "the proof does not hold")
        agent_id = self.agents.setdefault(said.instance_key, str(uuid.uuid4()))
        return codec.encode_admission(Admission(agent_id, self._leaf(agent_id, said.csr, replace=True), self.data_port))

    def _recover(self, data: bytes, context: Any) -> bytes:
        said = codec.decode_recover(data)
        key = next(key for key, agent_id in self.agents.items() if agent_id == said.agent_id)
        public = serialization.load_der_public_key(key)
        assert isinstance(public, ec.EllipticCurvePublicKey)
        transcript = recovery_transcript(said.agent_id, said.nonce, said.csr, self.server_der)
        public.verify(said.signature, transcript, ec.ECDSA(hashes.SHA256()))
        assert said.nonce == self.nonce
        return codec.encode_recovered(self._leaf(said.agent_id, said.csr, replace=True), self.data_port)

    def _leaf(self, agent_id: str, csr: bytes, replace: bool) -> bytes:
        request = x509.load_der_x509_csr(csr)
        assert request.is_signature_valid
        name = x509.UniformResourceIdentifier(AGENT_URI_PREFIX + agent_id)
        leaf = self.authority.issue(request.public_key(), name, self.leaf_life_s)
        self.serials[agent_id] = [leaf.serial_number] if replace else [self.serials[agent_id][0], leaf.serial_number]
        return leaf.public_bytes(PEM) + self.authority.root_pem

    # --- data

    def _agent(self, context: Any) -> str:
        """Return the agent a call comes from; the first call with a renewed serial is the last of the old one."""
        leaf = x509.load_pem_x509_certificate(context.auth_context()["x509_pem_cert"][0])
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        agent_id = names.get_values_for_type(x509.UniformResourceIdentifier)[0].removeprefix(AGENT_URI_PREFIX)
        serials = self.serials.get(agent_id, [])
        if leaf.serial_number not in serials:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "not the current certificate")
        if leaf.serial_number == serials[-1]:
            self.serials[agent_id] = [leaf.serial_number]
        return agent_id

    def _check_in(self, data: bytes, context: Any) -> bytes:
        self._agent(context)
        self.check_ins.append(codec.decode_check_in(data))
        instructions, self.instructions = self.instructions, Instructions(0, self.instructions.next_check_in_s, 900)
        return codec.encode_instructions(instructions)

    def _report(self, data: bytes, context: Any) -> bytes:
        self._agent(context)
        report = codec.decode_report(data)
        refused = []
        for envelope in report.envelopes:
            if (why := self.refuse(envelope)) is not None:
                refused.append(Refusal(envelope.seq, why))
            else:
                self.received[report.spool_epoch, envelope.seq] = envelope.observation
        taken = {envelope.seq for envelope in report.envelopes} - {refusal.seq for refusal in refused}
        wants, self.want_sections = self.want_sections, ()
        return codec.encode_acknowledgement(Acknowledgement(max(taken, default=0), tuple(refused), wants))

    def _renew(self, data: bytes, context: Any) -> bytes:
        agent_id = self._agent(context)
        return codec.encode_renewed(self._leaf(agent_id, codec.decode_renew(data), replace=False))

    # --- probes

    def _wait(self, data: bytes, context: Any) -> Iterator[bytes]:
        self._agent(context)
        self.calls.append("Tasks")
        self.fault("Tasks", context)
        self.idle.append(sweep_codec.decode_idle(data))
        while context.is_active():
            try:
                word = self.tasks.get(timeout=0.1)
            except queue.Empty:
                continue
            if word is None:
                return
            yield sweep_codec.encode_task(word)

    def _progress(self, data: bytes, context: Any) -> bytes:
        self._agent(context)
        told = sweep_codec.decode_progress(data)
        self.progress.append(told)
        return sweep_codec.encode_answer(told.sweep_uid in self.unwanted)

    @property
    def observations(self) -> list[Any]:
        """What was received, in order of epoch and number, decoded."""
        return [codec.decode_observation(data) for _, data in sorted(self.received.items())]
