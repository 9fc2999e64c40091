"""Who is calling? Asked again for every call, because a connection outlives certificates, bans and replacements."""

from __future__ import annotations

import contextlib
import ipaddress
from typing import Any
from urllib.parse import unquote

from collector.listeners.refusal import forbidden, unauthenticated
from collector.listeners.registry import AgentRegistry
from collector.security import certificates
from collector.security.certificates import BadCertificate, Presented
from collector.store import agents
from collector.store.agents import Standing
from collector.store.failure import WriteFailed


class Authoriser:
    """Turns the certificate of a call into the agent that may make it."""

    def __init__(self, registry: AgentRegistry) -> None:
        self._registry = registry

    async def agent(self, context: Any) -> Standing:
        """Return the agent behind a call on the data listener; raise `Refused` (UNAUTHENTICATED, PERMISSION_DENIED).

        The TLS handshake has already proved the key and the chain to our root; this asks whether that
        certificate is still good now, by the collector's clock, and whether the agent is.
        """
        shown = _certificate(context)
        if not shown.valid_from <= self._registry.clock() < shown.valid_to:
            raise unauthenticated("the certificate is not valid now")
        standing = self._registry.find(shown.uid)
        if standing is None or not _knows(standing, shown.serial):
            await self._registry.reload()  # another process may have admitted or renewed it a moment ago
            standing = self._registry.find(shown.uid)
        return await self._standing(standing, shown)

    async def _standing(self, standing: Standing | None, shown: Presented) -> Standing:
        if standing is None:
            raise unauthenticated("no such agent")
        if standing.state != agents.ACTIVE:
            raise forbidden(f"this agent is {standing.state}")
        if not _knows(standing, shown.serial):
            await self._suspect(standing)
            raise unauthenticated("the certificate has been replaced by another")
        if shown.serial == standing.serial_next:
            await self._promote(standing, shown.serial)
        return standing

    async def _promote(self, standing: Standing, serial: str) -> None:
        # Not written, both serials stay good and the next call tries again: a full disk must not shut agents out.
        with contextlib.suppress(WriteFailed):
            await self._registry.promote(standing, serial)

    async def _suspect(self, standing: Standing) -> None:
        with contextlib.suppress(WriteFailed):  # the next such call tries again
            await self._registry.suspect(standing)


def address_of(peer: str) -> str:
    """Return the IP address in a gRPC peer name such as `ipv4:192.0.2.7:51000`; anything else stays as it is."""
    kind, _, rest = peer.partition(":")
    if kind not in ("ipv4", "ipv6"):
        return peer
    return unquote(rest).rpartition(":")[0].strip("[]")


def network_of(address: str) -> str:
    """Return what one caller can be told apart by: an IPv4 address, or the /64 an IPv6 address is in."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _knows(standing: Standing, serial: str) -> bool:
    return serial in (standing.serial_current, standing.serial_next)


def _certificate(context: Any) -> Presented:
    told = context.auth_context()
    if told.get("ssl_tls_version") != [b"TLSv1.3"]:  # gRPC itself cannot be told to refuse TLS 1.2
        raise unauthenticated("TLS 1.3 is required")
    shown = told.get("x509_pem_cert")
    if not shown:
        raise unauthenticated("a client certificate is required")
    try:
        return certificates.presented(shown[0])
    except BadCertificate as error:
        raise unauthenticated(str(error)) from error
