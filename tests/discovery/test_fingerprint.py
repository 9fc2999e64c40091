"""What a target shows without a credential: keys, certificates, banners, each within its bounds."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from discovery.fingerprint import fingerprint
from discovery.fingerprint.http import BadResponse, Redfish, redfish, response, root, title
from discovery.fingerprint.nut import nut
from discovery.fingerprint.ssh import ssh
from discovery.fingerprint.tls import BadCertificate, certificate, tls
from discovery.fingerprint.wire import BROKEN
from discovery.pace import Rooms

HERE = "127.0.0.1"
SECONDS = 3.0
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve connections on a loopback port, which is returned."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(once, HERE, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:  # those that never come to an end
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


# --- SSH


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Run OpenSSH's server on a loopback port; return the port and the folder of its keys."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        pytest.skip("sshd is not installed (Debian: apt-get install openssh-server)")
    folder = tmp_path_factory.mktemp("sshd")
    with contextlib.suppress(PermissionError):
        Path("/run/sshd").mkdir(exist_ok=True)  # started as root, it wants this folder
    for kind in ("ed25519", "rsa"):
        command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", folder / f"{kind}_key"]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    with socket.socket() as plain:
        plain.bind((HERE, 0))
        port = int(plain.getsockname()[1])
    (folder / "sshd_config").write_text(f"ListenAddress {HERE}\nPort {port}\nPidFile none\nUsePAM no\nMaxStartups 50\n")
    process = subprocess.Popen([program, "-D", "-e", "-f", folder / "sshd_config", "-h", folder / "ed25519_key",
                                "-h", folder / "rsa_key"], stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        _until_it_listens(port)
        yield port, folder
    finally:
        process.terminate()
        process.wait(10)


def _until_it_listens(port: int) -> None:
    ends_at = time.monotonic() + 20
    while time.monotonic() < ends_at:
        with contextlib.suppress(OSError), socket.create_connection((HERE, port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("sshd did not come up")


def printed(file: Path) -> str:
    """Return a key's digest as ssh-keygen prints it."""
    done = subprocess.run(["ssh-keygen", "-lf", file], capture_output=True, text=True, check=True)
    return done.stdout.split()[1]


async def test_the_host_key_of_a_real_server_is_the_one_ssh_keygen_prints(sshd: tuple[int, Path]) -> None:
    port, folder = sshd
    found = await ssh(HERE, port, SECONDS)
    assert found.banner.startswith("SSH-2.0-OpenSSH")
    assert found.host_key == f"ssh-ed25519 {printed(folder / 'ed25519_key.pub')}"


def on_a_socket(folder: Path, exchange: str) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start an sshd that knows one key exchange and serves one connection; return it and the other end."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert program
    config = folder / f"{exchange}.conf"
    config.write_text(f"KexAlgorithms {exchange}\nHostKeyAlgorithms rsa-sha2-256\nPidFile none\n")
    own, theirs = socket.socketpair()
    with theirs:
        command = [program, "-i", "-f", config, "-h", folder / "rsa_key"]
        started = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
    own.setblocking(False)
    return started, own


EXCHANGES = ("ecdh-sha2-nistp256", "diffie-hellman-group14-sha256", "diffie-hellman-group14-sha1")


@pytest.mark.parametrize("exchange", EXCHANGES)
async def test_the_host_key_is_shown_in_other_key_exchanges(sshd: tuple[int, Path], exchange: str) -> None:
    _, folder = sshd
    process, own = on_a_socket(folder, exchange)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()

        async def inward() -> None:
            while data := await reader.read(4096):
                await loop.sock_sendall(own, data)

        task = asyncio.create_task(inward())
        while data := await loop.sock_recv(own, 4096):
            writer.write(data)
        task.cancel()

    async with serving(relay) as port:
        found = await ssh(HERE, port, SECONDS)
        own.close()
    process.wait(10)
    assert found.host_key == f"ssh-rsa {printed(folder / 'rsa_key.pub')}"


@pytest.mark.parametrize(
    ("said", "banner"),
    [
        (b"SSH-2.0-Cisco-1.25\n", "SSH-2.0-Cisco-1.25"),
        (b"welcome\r\nSSH-1.99-x\x1b[31m\r\n", "SSH-1.99-x [31m"),
        (b"SSH-2.0-x\r\n\xff\xff\xff\xff\xff", "SSH-2.0-x"),
        (b"SSH-2.0-x\r\n\x00\x00\x00\x02\x01\x00", "SSH-2.0-x"),
        (b"SSH-2.0-x\r\n\x00\x00\x00\x0c\x0a\x14" + bytes(30), "SSH-2.0-x"),
        (b"SSH-2.0-x\r\n" + (b"\x00\x00\x00\x0c\x04\x02" + bytes(10)) * 50, "SSH-2.0-x"),
    ],
)
async def test_a_server_that_shows_no_key_still_has_a_banner(said: bytes, banner: str) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await asyncio.sleep(0.2)

    async with serving(serve) as port:
        found = await ssh(HERE, port, 1)
    assert (found.banner, found.host_key) == (banner, None)


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.0 400 no\r\n\r\n", b"A" * 100_000, b"x\n" * 1000, b"\xff" * 300 + b"\n"]
)
async def test_what_is_no_ssh_server_breaks(said: bytes) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        await asyncio.sleep(0.2)

    async with serving(serve) as port:
        with pytest.raises(BROKEN):
            await ssh(HERE, port, 1)


# --- time


@pytest.mark.parametrize("look", [ssh, tls, nut, redfish])
async def test_who_says_nothing_or_drips_is_left_in_time(look: Callable[[str, int, float], Awaitable[object]]) -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    async with serving(drip) as port:
        began = time.monotonic()
        with pytest.raises(BROKEN):
            await look(HERE, port, 0.5)
        assert time.monotonic() - began < 1.5


# --- TLS and HTTP


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bmc-17.example.net")])
    names = x509.SubjectAlternativeName([x509.DNSName("bmc-17.example.net"), x509.IPAddress(ip_address("192.0.2.17"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(datetime(2015, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2016, 1, 1, tzinfo=UTC))
        .add_extension(names, critical=False).sign(key, SHA256())
    )  # fmt: skip
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, made


UUID = "92384634-2938-2342-8820-489239905423"
ROOT = f'{{"RedfishVersion":"1.17.0","Vendor":"Contoso","Product":"Rack 7","UUID":"{UUID}"}}'.encode()


async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    asked = await reader.readuntil(b"\r\n\r\n")
    if asked.startswith(b"GET /redfish/v1/ "):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(ROOT), ROOT))
    else:
        page = b"<html><head><Title lang=en> iBMC &amp; more\x1b[2J\n</Title></head>"
        writer.write(b'HTTP/1.1 401 no\r\nServer: lighttpd/1.4\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n' + page)
    await writer.drain()


async def test_a_management_controller_shows_certificate_page_and_root(
    identity: tuple[ssl.SSLContext, x509.Certificate],
) -> None:
    context, made = identity
    async with serving(web, context) as port:
        found = await fingerprint(HERE, None, {"https": port}, SECONDS, Rooms(9, 9, 2).of(HERE))
    spki = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert found.certificate
    assert found.certificate.subject == "bmc-17.example.net"
    assert found.certificate.names == ("bmc-17.example.net", "192.0.2.17")
    assert found.certificate.key == hashlib.sha256(spki).hexdigest()
    assert found.certificate.ends == "2016-01-01T00:00:00+00:00"
    assert found.page
    assert (found.page.status, found.page.server, found.page.title) == (401, "lighttpd/1.4", "iBMC & more [2J")
    assert found.redfish == Redfish("1.17.0", "Contoso", "Rack 7", UUID)


async def test_nothing_is_shown_of_closed_ports() -> None:
    with socket.socket() as closed:
        closed.bind((HERE, 0))
        ports = dict.fromkeys(("ssh", "http", "https", "nut"), closed.getsockname()[1])
        found = await fingerprint(HERE, None, ports, 1, Rooms(9, 9, 2).of(HERE))
    assert found.shown() == {}


async def test_no_more_connections_are_open_at_once_than_one_target_may_have() -> None:
    most = now = 0

    async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.2)
        now -= 1

    async with serving(count) as port:
        await fingerprint(HERE, None, dict.fromkeys(("ssh", "http", "https", "nut"), port), 1, Rooms(9, 9, 2).of(HERE))
    assert most == 2


async def test_a_ups_server_says_its_version() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readline() == b"VER\n"
        writer.write(b"Network UPS Tools upsd 2.8.0 - http://www.networkupstools.org/\n")

    async with serving(serve) as port:
        assert (await nut(HERE, port, SECONDS)).startswith("Network UPS Tools upsd 2.8.0")


# --- readers, whatever comes


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_response_or_a_bad_one(data: bytes) -> None:
    for each in (data, b"HTTP/1.1 200 OK\r\n" + data, b"HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n" + data):
        try:
            told = response(each)
            title(told.body)
            root(told)
        except BadResponse:
            pass


@pytest.mark.parametrize(
    "body", [b"[" * 60_000, b'{"a":' * 20_000, b'{"RedfishVersion": 1', b"[]", b"1e999999", b"\xff"]
)
def test_what_is_no_root_of_redfish_is_refused(body: bytes) -> None:
    with pytest.raises(BadResponse):
        root(response(b"HTTP/1.1 200 OK\r\n\r\n" + body))


def test_a_title_without_an_end_costs_no_time() -> None:
    began = time.monotonic()
    assert title(b"<title>" * 9_000) == ""
    assert title(b"<title" + b" " * 60_000) == ""
    assert time.monotonic() - began < 1


@given(st.binary(min_size=1, max_size=200), st.data())
def test_any_bytes_are_a_certificate_or_a_bad_one(data: bytes, more: st.DataObject) -> None:
    with pytest.raises(BadCertificate):
        certificate(data)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_certificate_with_broken_bytes_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    der = bytearray(_der())
    for at, value in changes:
        der[at % len(der)] = value
    with contextlib.suppress(BadCertificate):
        certificate(bytes(der))


def _der() -> bytes:
    if not _MADE:
        key = ec.derive_private_key(7, ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")])
        now = datetime(2026, 1, 1, tzinfo=UTC)
        made = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
            .not_valid_before(now).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("a.example.net")]), critical=False)
            .sign(key, SHA256())
        )  # fmt: skip
        _MADE.append(made.public_bytes(Encoding.DER))
    return _MADE[0]


_MADE: list[bytes] = []
