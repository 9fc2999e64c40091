"""OpenSSH's sshd on loopback: what is read of a Linux host through it is what the agent reads there itself."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.collectors.linux import cpu, interfaces, listening_ports, memory, os_release, packages, services, users
from discovery.credentials import Credential, Login
from discovery.explore.findings import Section
from discovery.failures import Failed
from discovery.fingerprint.ssh import ssh
from discovery.scope import scope_of
from discovery.secret import Secret
from discovery.ssh import Budget, Pool, Target, Wanted, visit
from discovery.ssh.platform import recognise
from tests.peers.sshd import KEYGEN, SSHD, Sshd, command, configured
from wire.observation import Status
from wire.sections import SECTIONS, arrange, row_key

PRIVILEGE_SEPARATION = Path("/run/sshd")
"""sshd wants it when root starts it; where the package's service never ran, nobody has made it yet."""

pytestmark = [
    pytest.mark.skipif(SSHD is None or KEYGEN is None, reason="needs sshd (openssh-server)"),
    pytest.mark.xdist_group("sshd"),
]

KEY = b"a key of the caller's own"


@contextlib.contextmanager
def privilege_separation() -> Iterator[None]:
    missing = os.geteuid() == 0 and not PRIVILEGE_SEPARATION.exists()
    if missing:
        PRIVILEGE_SEPARATION.mkdir(mode=0o755)
    yield
    if missing:
        PRIVILEGE_SEPARATION.rmdir()


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@contextlib.contextmanager
def running(folder: Path, more: str = "") -> Iterator[Sshd]:
    """Run sshd with host keys and an authorised key of its own; yield what a client needs."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = configured(folder, "127.0.0.1", port, more)
    with privilege_separation(), (folder / "log").open("wb") as log:
        process = subprocess.Popen(command(folder), stderr=log, stdin=subprocess.DEVNULL)
        try:
            _wait(port)
            yield server
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError("sshd does not listen")


@pytest.fixture(scope="module")
def told(sshd: Sshd) -> dict[str, Section]:
    return asyncio.run(_survey(sshd.port, sshd.private))


async def _survey(port: int, private: str) -> dict[str, Section]:
    seen = await ssh("127.0.0.1", port, 5)
    return await _visit(Target("127.0.0.1", seen.host_key or "", port), private, seen.banner)


async def _visit(target: Target, private: str, banner: str = "SSH-2.0-OpenSSH_9.2") -> dict[str, Section]:
    platform = recognise(None, "", banner)
    assert platform is not None
    pool = Pool(1)
    try:
        found = await visit(target, _login(private), Wanted(platform, KEY, Budget(seconds=60)), pool)
    finally:
        pool.close()
    return {each.name: each for each in found}


def _login(private: str) -> Credential:
    return Credential("key", "ssh_key", Login(getpass.getuser(), Secret(private)), scope_of(["127.0.0.1"]))


AGENT: dict[str, Any] = {
    "os": os_release, "cpu": cpu, "memory": memory, "interfaces": interfaces, "packages": packages, "users": users,
}  # fmt: skip


@pytest.mark.parametrize("name", AGENT)
def test_a_host_says_over_ssh_what_its_agent_says(told: dict[str, Section], name: str) -> None:
    section, shape = told[name], SECTIONS[name]
    assert (section.status, section.complete) == (Status.OK, True), section.reason
    mine = arrange(shape, AGENT[name].collect(Path("/")))
    if isinstance(section.body, dict):
        assert isinstance(mine, dict)
        assert len(section.body) > 1
        assert section.body == {field: mine.get(field) for field in section.body}
        return
    by_key = {row_key(shape, row): row for row in mine}
    assert by_key.keys() == {row_key(shape, row) for row in section.body}
    for row in section.body:
        theirs = by_key[row_key(shape, row)]
        assert row == {field: theirs.get(field) for field in row}


def test_the_port_that_answers_is_among_the_listening_ones(told: dict[str, Section], sshd: Sshd) -> None:
    section = told["listening_ports"]
    assert section.status is Status.OK, section.reason
    [mine] = [row for row in section.body if row["port"] == sshd.port]  # type: ignore[index]
    assert (mine["protocol"], mine["address"], mine["user"]) == ("tcp", "127.0.0.1", getpass.getuser())
    agents = {(row["protocol"], row["address"], row["port"]) for row in listening_ports.collect(Path("/"))}
    assert ("tcp", "127.0.0.1", sshd.port) in agents


def test_services_are_told_where_systemd_runs(told: dict[str, Section]) -> None:
    if not Path("/run/systemd/system").is_dir():
        assert told["services"].status is Status.UNSUPPORTED
        return
    mine = {row["name"] for row in services.collect(Path("/"))}
    assert {row["name"] for row in told["services"].body} == mine  # type: ignore[index]


def test_its_configuration_holds_the_files_it_starts_with(told: dict[str, Section]) -> None:
    section = told["configuration"]
    assert (section.status, section.complete) == (Status.OK, True), section.reason
    [row] = section.body
    assert row["kind"] == "startup"  # type: ignore[index]
    assert f"### /etc/hosts\n{Path('/etc/hosts').read_text().splitlines()[0]}\n" in row["text"]  # type: ignore[index]


async def test_the_pinned_one_of_several_host_keys_is_asked_for(sshd: Sshd) -> None:
    found = await _visit(Target("127.0.0.1", f"ssh-rsa {sshd.rsa}", sshd.port), sshd.private)
    assert found["os"].status is Status.OK
    with pytest.raises(Failed, match="host_key_changed"):
        await _visit(Target("127.0.0.1", "ssh-rsa SHA256:" + "A" * 43, sshd.port), sshd.private)


OLD = "KexAlgorithms {}\nHostKeyAlgorithms ssh-rsa\nCiphers aes128-cbc\nMACs hmac-sha1\n"


@pytest.mark.parametrize("exchange", ["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"])
def test_a_server_that_knows_nothing_better_is_reached_when_that_is_asked_for(tmp_path: Path, exchange: str) -> None:
    with running(tmp_path, OLD.format(exchange)) as server:
        target = Target("127.0.0.1", f"ssh-rsa {server.rsa}", server.port)
        with pytest.raises(Failed, match="malformed: no algorithm in common"):
            asyncio.run(_visit(target, server.private))
        found = asyncio.run(_visit(replace(target, legacy=True), server.private))
        assert found["os"].status is Status.OK
        another = replace(target, host_key="ssh-rsa SHA256:" + "A" * 43, legacy=True)
        with pytest.raises(Failed, match="host_key_changed"):
            asyncio.run(_visit(another, server.private))
