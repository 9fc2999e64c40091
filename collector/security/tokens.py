"""Enrolment tokens: made for a person to carry, checked without a secret in the database.

A token's secret is an HMAC of its public id under a key of this installation, so the table `enrol_token`
can be read, copied and restored without giving anything away.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.audit import Act
from collector.security.ca import Authority
from collector.store import enrol_tokens
from collector.store.enrol_tokens import EnrolToken
from wire.enrolment import Token

MAX_LIFE_S = 30 * 86_400
MAX_USES = 10_000


class BadTerms(ValueError):
    """A token may not be made like this; the message says why."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a token is good for: seconds it lives, machines it admits, a note for people."""

    life_s: int = 3600
    uses: int = 1
    note: str = ""

    def check(self) -> None:
        """Raise `BadTerms` when they are beyond what may be granted."""
        if not 1 <= self.life_s <= MAX_LIFE_S:
            raise BadTerms(f"a token lives 1 to {MAX_LIFE_S} seconds, not {self.life_s}")
        if not 1 <= self.uses <= MAX_USES:
            raise BadTerms(f"a token admits 1 to {MAX_USES} machines, not {self.uses}")


async def mint(act: Act, authority: Authority, terms: Terms | None = None) -> Token:
    """Record a new token and return it, the only time its secret is seen; raise `BadTerms`."""
    terms = terms or Terms()
    terms.check()
    token_id, until = secrets.token_bytes(8), act.at + terms.life_s * 1000
    await enrol_tokens.add(act.tx, EnrolToken(token_id, act.at, until, act.by, terms.note, terms.uses))
    told = {"uses": terms.uses, "expires_at": until, "note": terms.note}
    act.tell("enrolment_token.create", _name(token_id), after=told)
    return Token(token_id, secret_of(authority, token_id), authority.root_pin)


async def listed(connection: AsyncConnection) -> list[EnrolToken]:
    """Return every token, newest first, without their secrets."""
    return await enrol_tokens.listed(connection)


async def revoke(act: Act, token_id: bytes) -> bool:
    """End a token at once; agents it admitted stay. Return whether there was one to end."""
    if not await enrol_tokens.revoke(act.tx, token_id, act.at):
        return False
    act.tell("enrolment_token.revoke", _name(token_id))
    return True


def _name(token_id: bytes) -> str:
    return f"enrolment-token/{token_id.hex()}"


def secret_of(authority: Authority, token_id: bytes) -> bytes:
    """Return the 32-byte secret of the token with that id, whether or not it was ever minted."""
    return hmac.new(authority.token_key, token_id, hashlib.sha256).digest()
