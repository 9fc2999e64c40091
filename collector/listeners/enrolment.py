"""The enrolment listener's calls: how a machine joins, and how it comes back after its certificate ran out."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import grpc
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.ingest import clean
from collector.listeners.admission import Joining, admit
from collector.listeners.authorise import network_of
from collector.listeners.limits import Buckets, EnrolmentLimits
from collector.listeners.nonces import Nonces
from collector.listeners.refusal import Refused, forbidden, invalid
from collector.listeners.registry import AgentRegistry
from collector.security import certificates, tokens
from collector.security.audit import Actor
from collector.security.ca import Authority, Leaf
from collector.security.certificates import BadRequest
from collector.store import agents
from collector.store.agents import Standing
from wire import codec
from wire.enrolment import Admission, Challenge, Finish, Recover, enrolment_proof, recovery_transcript

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Terms:
    """What every admission needs to say: the leaf's life, the data listener's port, our certificate (DER)."""

    leaf_ms: int
    data_port: int
    server_certificate: bytes


class Enrolment:
    """Begin, Finish, Recover. Each takes and returns wire bytes; raises `Refused`, `Undecodable`, `StoreFailed`."""

    def __init__(self, registry: AgentRegistry, authority: Authority, terms: Terms, limits: EnrolmentLimits) -> None:
        self._registry, self._authority, self._terms = registry, authority, terms
        self._begins = Buckets(limits.per_second, limits.burst)
        self._nonces = Nonces(limits.outstanding)

    async def begin(self, request: bytes, address: str) -> bytes:
        """Hand out a nonce, bound to the instance key that asks for it."""
        network = network_of(address)
        self._begins.take(network)
        begin = codec.decode_begin(request)
        if len(begin.token_id) not in (0, 8):
            raise invalid("a token id has 8 bytes")
        try:
            certificates.instance_key(begin.instance_key)
        except BadRequest as error:
            raise invalid(str(error)) from error
        nonce = self._nonces.issue(begin.instance_key, network)
        return codec.encode_challenge(Challenge(nonce, self._registry.clock()))

    async def finish(self, request: bytes, address: str) -> bytes:
        """Admit a machine that knows the token's secret. The same key again is the same agent with a fresh leaf."""
        finish = codec.decode_finish(request)
        self._redeem(finish.nonce, finish.instance_key)
        self._check_proof(finish)
        standing, leaf = await self._admit(
            Joining(
                token_id=finish.token_id, instance_key=finish.instance_key, leaf_key=_leaf_key(finish.csr),
                hostname=clean(finish.hostname), address=address, at=self._registry.clock(),
                leaf_ms=self._terms.leaf_ms,
            )
        )  # fmt: skip
        log.info("agent enrolled", agent=standing.uid, address=address, token=finish.token_id.hex())
        return codec.encode_admission(Admission(standing.uid, leaf.chain, self._terms.data_port))

    async def recover(self, request: bytes, address: str) -> bytes:
        """Give a fresh leaf to an agent that proves its instance key. A ban always wins."""
        recover = codec.decode_recover(request)
        standing = await self._find(recover.agent_id)
        self._redeem(recover.nonce, standing.instance_key)
        self._check_signature(recover, standing)
        if standing.state != agents.ACTIVE:
            raise forbidden(f"this agent is {standing.state}")
        key, at = _leaf_key(recover.csr), self._registry.clock()
        leaf = self._authority.issue(key, standing.uid, at, self._terms.leaf_ms)
        who = Actor(f"agent/{standing.uid}", f"agent {address}")
        await self._registry.readmit(standing, leaf.serial, leaf.valid_to, who)
        log.info("agent recovered", agent=standing.uid, address=address)
        return codec.encode_recovered(leaf.chain, self._terms.data_port)

    async def _admit(self, joining: Joining) -> tuple[Standing, Leaf]:
        leaves: list[Leaf] = []

        async def write(tx: AsyncConnection) -> Standing:
            standing, leaf = await admit(tx, self._authority, joining)
            leaves.append(leaf)
            return standing

        standing = await self._registry.change(write)
        return standing, leaves[0]

    async def _find(self, uid: str) -> Standing:
        if self._registry.find(uid) is None:
            await self._registry.reload()
        standing = self._registry.find(uid)
        if standing is None:
            raise forbidden("no such agent")
        return standing

    def _redeem(self, nonce: bytes, instance_key: bytes) -> None:
        if not self._nonces.redeem(nonce, instance_key):
            raise Refused(grpc.StatusCode.ABORTED, "the challenge is not good any more: begin again")

    def _check_proof(self, finish: Finish) -> None:
        # Proved before the database is asked or the request parsed: a stranger reaches neither.
        secret = tokens.secret_of(self._authority, finish.token_id)
        expected = enrolment_proof(
            secret, finish.nonce, finish.csr, finish.instance_key, self._terms.server_certificate
        )
        if not hmac.compare_digest(expected, finish.proof):
            log.warning("enrolment refused: wrong proof", token=finish.token_id.hex()[:16])
            raise forbidden("the proof is wrong: not this token, or not this collector")

    def _check_signature(self, recover: Recover, standing: Standing) -> None:
        transcript = recovery_transcript(standing.uid, recover.nonce, recover.csr, self._terms.server_certificate)
        key = certificates.instance_key(standing.instance_key)
        if not certificates.is_signed_by(key, recover.signature, transcript):
            log.warning("recovery refused: wrong signature", agent=standing.uid)
            raise forbidden("the signature is wrong: not this agent's instance key, or not this collector")


def _leaf_key(csr: bytes) -> EllipticCurvePublicKey:
    try:
        return certificates.requested_key(csr)
    except BadRequest as error:
        raise invalid(str(error)) from error
