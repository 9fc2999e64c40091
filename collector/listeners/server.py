"""Opens and closes the two gRPC listeners."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from typing import Any

import grpc
import psutil

from collector import address
from collector.config import Settings
from collector.intake import Intake
from collector.listeners.authorise import Authoriser
from collector.listeners.data import Data, Wants, leaf_ms
from collector.listeners.enrolment import Enrolment, Terms
from collector.listeners.limits import EnrolmentLimits
from collector.listeners.methods import handler
from collector.listeners.registry import AgentRegistry
from collector.listeners.tasks import Tasks
from collector.security.ca import Authority, ServerIdentity
from collector.security.vault import Vault
from wire import codec

OPTIONS = (
    ("grpc.max_receive_message_length", 9 * 1024 * 1024),
    ("grpc.max_metadata_size", 8192),
    ("grpc.max_concurrent_streams", 16),
    ("grpc.so_reuseport", 0),  # two collectors must not share a port unnoticed
    ("grpc.max_connection_age_ms", 600_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
    ("grpc.max_connection_idle_ms", 900_000),
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 20_000),
    ("grpc.http2.max_ping_strikes", 2),
    # By default a burst of more than 1,000 calls loses some as CANCELLED; who is turned away is our decision.
    ("grpc.server.max_pending_requests", 20_000),
    ("grpc.server.max_pending_requests_hard_limit", 30_000),
    ("grpc.max_allowed_incoming_connections", 20_000),
)
ENROLMENT_MESSAGE_BYTES = 65_536
USUAL_LIMITS = EnrolmentLimits()


class CannotListen(Exception):
    """A listener's address cannot be had; the message says which and why."""


class PortTaken(CannotListen):
    """Another program listens there."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Both listeners, open. `data` holds the figures of its limits, `tasks` the probes that wait."""

    data_port: int
    enrol_port: int
    data: Data
    tasks: Tasks
    _servers: tuple[Any, ...]

    async def stop(self, grace: float = 5.0) -> None:
        """Take no new call, give those inside `grace` seconds, close."""
        await self.tasks.close()
        for server in self._servers:
            await server.stop(grace)


async def start(  # noqa: PLR0913  the one place that puts the listeners together
    settings: Settings, registry: AgentRegistry, authority: Authority, intake: Intake,
    wants: Wants = lambda _: (), limits: EnrolmentLimits = USUAL_LIMITS, vault: Vault | None = None,
) -> Listeners:  # fmt: skip
    """Open both listeners with a fresh server certificate; raise `CannotListen`. `registry` must have been started.

    `vault`: what is lent to probes; without it the installation's own is opened.
    """
    identity = authority.server_identity(host_names(settings.host), registry.clock())
    authoriser = Authoriser(registry)
    data = Data(settings, registry, authority, intake, wants)
    tasks = Tasks(registry, vault or Vault.open(settings.data, os.environ), settings.max_pending_bytes)
    data_server = _server(handler(codec.AGENT_SERVICE, authoriser, data, tasks))
    data_port = _bind(data_server, settings.host, settings.grpc_port, _credentials(identity, authority.root_pem))
    enrolment = Enrolment(registry, authority, Terms(leaf_ms(settings), data_port, identity.der), limits)
    enrol_server = _server(handler(codec.ENROLMENT_SERVICE, authoriser, enrolment), ENROLMENT_MESSAGE_BYTES)
    try:
        enrol_port = _bind(enrol_server, settings.host, settings.enroll_port, _credentials(identity))
    except CannotListen:
        await data_server.start()  # one that was never started does not let go of its port
        await data_server.stop(None)
        raise
    for server in (data_server, enrol_server):
        await server.start()
    return Listeners(data_port, enrol_port, data, tasks, (enrol_server, data_server))


def host_names(host: str) -> list[str]:
    """Return every name and address a client may know this machine by when it listens on `host`."""
    names = ["localhost", "127.0.0.1", "::1", socket.gethostname()]
    if address.is_wildcard(host):
        found = [each.address for of_one in psutil.net_if_addrs().values() for each in of_one]
        names += [each for each in found if address.is_address(each) and "%" not in each]
    else:
        names.append(host)
    return [name for name in names if name and name.isascii()]


def _server(methods: grpc.GenericRpcHandler, max_message: int | None = None) -> Any:
    options = dict(OPTIONS)
    if max_message is not None:
        options["grpc.max_receive_message_length"] = max_message
    return grpc.aio.server(handlers=(methods,), options=list(options.items()))


def _credentials(identity: ServerIdentity, client_root: bytes | None = None) -> grpc.ServerCredentials:
    pair = (identity.key, identity.chain)
    return grpc.ssl_server_credentials([pair], client_root, require_client_auth=client_root is not None)


def _bind(server: Any, host: str, port: int, credentials: grpc.ServerCredentials) -> int:
    _try(host, port)
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        return int(server.add_secure_port(target, credentials))
    except RuntimeError as error:
        raise CannotListen(f"cannot listen on {host} port {port}") from error


def _try(host: str, port: int) -> None:
    """Raise `CannotListen` if the address cannot be had: gRPC would only say that it failed, a socket says why."""
    try:
        family, kind, protocol, _, wanted = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(wanted)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"port {port} on {host} is taken by another program") from error
        raise CannotListen(f"cannot listen on {host} port {port}: {error.strerror}") from error
