"""A Redfish service over TLS on loopback, as tests want it: honest, forgetful or hostile. What it hears is kept."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from discovery.credentials import Login
from discovery.secret import Secret

LOGIN = Login("inspector", Secret("correct horse"))
TOKEN = "b7f2c1"
SESSION = "/redfish/v1/SessionService/Sessions/7"


@dataclass(frozen=True, slots=True)
class Heard:
    """One request; header names in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. `endless`: goes on for ever. `raw`: sent as it is, then the connection ends."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    endless: bool = False
    raw: bytes = b""
    seconds: float = 0.0

    @property
    def octets(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answers = Callable[[Heard], Reply]
NOTHING = Reply({"error": {"code": "Base.1.8.ResourceMissingAtURI"}}, 404)


@dataclass(slots=True)
class Service:
    port: int = 0
    heard: list[Heard] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.heard]


def honest(documents: Mapping[str, Any], sessions: bool = True) -> Answers:
    """Return what serves documents by path, the root to all and the rest to those who have logged in."""

    def answer(heard: Heard) -> Reply:
        path = heard.path.rstrip("/")
        if path == "/redfish/v1":
            return Reply(documents[path])
        if heard.method == "POST":
            return _session(heard) if sessions else Reply({}, 405)
        if heard.method == "DELETE":
            return Reply({}, 204)
        if heard.headers.get("x-auth-token") != TOKEN and "authorization" not in heard.headers:
            return Reply({}, 401)
        return Reply(documents[path]) if path in documents else NOTHING

    return answer


def _session(heard: Heard) -> Reply:
    right = {"UserName": LOGIN.user, "Password": LOGIN.secret.reveal()}
    if json.loads(heard.body) != right:
        return Reply({"error": {"code": "Base.1.8.GeneralError"}}, 401)
    location = f"https://bmc.example.net{SESSION}"
    return Reply({"@odata.id": SESSION}, 201, {"X-Auth-Token": TOKEN, "Location": location})


@contextlib.asynccontextmanager
async def serving(answers: Answers, folder: Path, name: str = "bmc") -> AsyncIterator[Service]:
    """Serve on a port of loopback."""
    service = Service()
    tasks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                while await _one(reader, writer, answers, service):
                    pass
        finally:
            writer.transport.abort()
            tasks.discard(task)

    server = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=context(folder, name))
    service.port = server.sockets[0].getsockname()[1]
    try:
        yield service
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Answers, service: Service) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    heard = Heard(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
    service.heard.append(heard)
    reply = answers(heard)
    await asyncio.sleep(reply.seconds)
    if reply.raw:
        writer.write(reply.raw)
        await writer.drain()
        return False
    await _write(writer, reply)
    if headers.get("connection") != "close":
        return True
    writer.close()
    await writer.wait_closed()
    return False


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> None:
    said = {"Content-Type": "application/json", **reply.headers}
    if not reply.endless:
        said["Content-Length"] = str(len(reply.octets))
    lines = [f"HTTP/1.1 {reply.status} X", *(f"{name}: {value}" for name, value in said.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    writer.write(reply.octets)
    await writer.drain()
    while reply.endless and not writer.is_closing():
        writer.write(b" " * 65536)
        await writer.drain()
        await asyncio.sleep(0)  # a drain that need not wait lets nobody else have a turn


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Return files of a self-signed certificate and its key."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    signed = builder.add_extension(x509.BasicConstraints(True, None), critical=True).sign(key, hashes.SHA256())
    shown, secret = folder / f"{name}.crt", folder / f"{name}.key"
    shown.write_bytes(signed.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return shown, secret


def context(folder: Path, name: str) -> ssl.SSLContext:
    shown, secret = folder / f"{name}.crt", folder / f"{name}.key"
    if not shown.exists():
        certificate(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, secret)
    return context
