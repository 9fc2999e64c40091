"""What admitting a machine does to the database, in one transaction: token, agent, source, serial."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.listeners.refusal import forbidden
from collector.security.audit import Actor, recorded
from collector.security.ca import Authority, Leaf
from collector.store import agents, enrol_tokens
from collector.store.agents import NewAgent, Standing


@dataclass(frozen=True, slots=True)
class Joining:
    """A machine that has proved it knows the token's secret; times in epoch milliseconds."""

    token_id: bytes
    instance_key: bytes
    leaf_key: EllipticCurvePublicKey
    hostname: str
    address: str
    at: int
    leaf_ms: int


async def admit(tx: AsyncConnection, authority: Authority, joining: Joining) -> tuple[Standing, Leaf]:
    """Use the token and return the agent with its leaf; raise `Refused` (PERMISSION_DENIED) with nothing changed.

    An instance key that is already an agent is that agent again, whichever token it brings.
    """
    known = await agents.by_instance_key(tx, joining.instance_key)
    if known is not None and known.state != agents.ACTIVE:
        raise forbidden(f"this machine is {known.state}")
    await _use_token(tx, joining)
    made = await _new(tx, authority, joining) if known is None else await _again(tx, authority, joining, known)
    await _tell(tx, joining, *made)
    return made


async def _use_token(tx: AsyncConnection, joining: Joining) -> None:
    token = await enrol_tokens.find(tx, joining.token_id)
    if token is None:
        raise forbidden("the token is not known")
    if token.expires_at <= joining.at:
        raise forbidden("the token has expired")
    if await enrol_tokens.was_used_by(tx, joining.token_id, joining.instance_key):
        return  # the answer to the first time was lost
    if not await enrol_tokens.consume(tx, joining.token_id, joining.instance_key, joining.at):
        raise forbidden("the token has been used")


async def _new(tx: AsyncConnection, authority: Authority, joining: Joining) -> tuple[Standing, Leaf]:
    uid = str(uuid.uuid4())
    leaf = authority.issue(joining.leaf_key, uid, joining.at, joining.leaf_ms)
    new = NewAgent(
        uid=uid, instance_key=joining.instance_key, serial=leaf.serial, certificate_until=leaf.valid_to,
        enrolled_at=joining.at, token_id=joining.token_id, hostname=joining.hostname, address=joining.address,
    )  # fmt: skip
    return await agents.create(tx, new), leaf


async def _again(tx: AsyncConnection, authority: Authority, joining: Joining, known: Standing) -> tuple[Standing, Leaf]:
    leaf = authority.issue(joining.leaf_key, known.uid, joining.at, joining.leaf_ms)
    await agents.offer(tx, known.uid, leaf.serial, leaf.valid_to)
    return replace(known, serial_next=leaf.serial), leaf


async def _tell(tx: AsyncConnection, joining: Joining, standing: Standing, leaf: Leaf) -> None:
    told = {"hostname": joining.hostname, "token": joining.token_id.hex(), "serial": leaf.serial}
    name = f"agent/{standing.uid}"
    async with recorded(tx, Actor(name, f"agent {joining.address}"), joining.at) as act:
        act.tell("agent.enrol", name, after=told)
