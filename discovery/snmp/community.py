"""The community-based security model: a name in clear text, and silence for who has it wrong."""

from __future__ import annotations

from functools import lru_cache

from discovery.failures import Failed
from discovery.snmp.ber import Malformed
from discovery.snmp.credential import Community
from discovery.snmp.engine import Send, Terms
from discovery.snmp.message import V1, V2C, V3, Envelope, Pdu, Template, community_head, community_message, pdu_rest


class CommunityMessage:
    """A question under a community's name."""

    __slots__ = ("seal",)

    def __init__(self, beginning: bytes, request: Template) -> None:
        """Take a `community_head` and a PDU."""
        self.seal = community_message(beginning, request).numbered

    def open(self, data: bytes, opened: Envelope) -> Pdu:
        if opened.version == V3:
            raise Malformed("an answer of another version")
        return pdu_rest(data, opened)


_message = lru_cache(maxsize=1024)(CommunityMessage)
"""A message keeps nothing of its asker: the same question to the next thousand devices is encoded once."""


class CommunityModel:
    """Asks with a community."""

    def __init__(self, community: Community) -> None:
        self.version = V1 if community.version == 1 else V2C
        self._beginning = community_head(self.version, community.name.encode())
        self._accepted = False

    async def ask(self, request: Template, send: Send, terms: Terms) -> Pdu:
        """Return what is answered to `request`. Raises Failed."""
        try:
            told = await send(_message(self._beginning, request), terms)
        except Failed as failed:
            if failed.cause == "timeout" and not self._accepted:
                raise Failed("credential_refused", "silent to this community, not to others") from failed
            raise
        self._accepted = True
        return told
