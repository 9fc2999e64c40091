"""A receiver as a process of its own, against net-snmp's own senders and logger: frames out, one task in."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conftest import free_port
from tests.discovery.receiver.listening import COMMUNITY, said, user
from tests.discovery.snmp.combinations import AUTH_SECRET, AUTHS, PRIV_SECRET, PRIVS, user_name
from tests.discovery.snmp.notices import IF_INDEX, IF_NAME, LINK_DOWN, trap
from wire.sections import SECTIONS, check

needs_net_snmp = pytest.mark.skipif(not shutil.which("snmptrap"), reason="snmptrap is not installed (Debian: snmp)")
needs_logger = pytest.mark.skipif(not shutil.which("logger"), reason="logger is not installed (Debian: bsdutils)")
WITHIN_S = 60
LINK_UP = "1.3.6.1.6.3.1.1.5.4"
PATIENT, HASTY = ["-t", 10], ["-t", 1, "-r", 0]


@dataclass
class Process:
    """A running receiver, and what it has said."""

    popen: asyncio.subprocess.Process
    traps: int
    syslog: int
    heads: list[dict[str, Any]] = field(default_factory=list)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row for head in self.heads for section in head.get("sections", ()) for row in section["rows"]]

    @property
    def counts(self) -> dict[str, int]:
        return next((head["counts"] for head in reversed(self.heads) if "counts" in head), {})

    async def read(self) -> bool:
        """Take in the next frame; return False when there is none."""
        assert self.popen.stdout
        line = await asyncio.wait_for(self.popen.stdout.readline(), WITHIN_S)
        if not line:
            return False
        head = json.loads(line)
        body = await self.popen.stdout.readexactly(head["bytes"])
        for section in head.get("sections", ()):
            section["rows"] = check(SECTIONS["events"], json.loads(body))
        self.heads.append(head)
        return True

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            assert await self.read(), f"it ended: {self.heads[-1]}"

    async def end(self) -> None:
        assert self.popen.stdin
        self.popen.stdin.write(b"end\n")
        while await self.read():
            pass


@contextlib.asynccontextmanager
async def started(place: str = "127.0.0.1", **other: Any) -> AsyncIterator[Process]:
    traps, syslog = free_port(), free_port()
    popen = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "discovery.receiver", stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=1 << 24
    )
    assert popen.stdin
    popen.stdin.write(json.dumps(said(traps=[place, traps], syslog=[place, syslog], **other)).encode() + b"\n")
    process = Process(popen, traps, syslog)
    try:
        await process.until(lambda: bool(process.heads))
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            popen.kill()
        await popen.communicate()


async def run(*words: object) -> int:
    """Run a program of the system; return its exit code."""
    environment = {"PATH": "/usr/bin:/bin", "MIBS": "", "SNMP_PERSISTENT_DIR": "/nonexistent"}
    popen = await asyncio.create_subprocess_exec(*map(str, words), env=environment, stderr=subprocess.DEVNULL)
    return await asyncio.wait_for(popen.wait(), WITHIN_S)


# --- SNMP


@needs_net_snmp
async def test_traps_and_informs_of_net_snmp_are_heard_in_every_version() -> None:
    port = [f"{IF_INDEX}.3", "i", "3", f"{IF_NAME}.3", "s", "Gi1/0/3"]
    async with started() as process:
        peer, known = f"127.0.0.1:{process.traps}", ["-c", COMMUNITY]
        assert await run("snmptrap", "-v1", *known, peer, "1.3.6.1.4.1.318", "127.0.0.1", 6, 5, "") == 0
        assert await run("snmptrap", "-v2c", *known, peer, "", LINK_DOWN, *port) == 0
        assert await run("snmpinform", "-v2c", *known, "-t", 10, peer, "", "1.3.6.1.6.3.1.1.5.4", *port) == 0, (
            "no answer"
        )
        assert await run("snmpinform", "-v2c", "-c", "guessed", "-t", 1, "-r", 0, peer, "", LINK_DOWN) != 0
        await process.until(lambda: len(process.rows) == 3)
        await process.end()
    assert {(row["kind"], row.get("object")) for row in process.rows} == {
        ("ups_on_battery", None), ("link_down", "Gi1/0/3"), ("link_up", "Gi1/0/3"),
    }  # fmt: skip
    assert (process.counts["traps"], process.counts["informs"], process.counts["unknown_community"]) == (2, 1, 1)
    assert process.heads[0]["ready"]
    assert "ended" in process.heads[-1]
    assert COMMUNITY not in json.dumps(process.heads)


@needs_net_snmp
async def test_traps_of_v3_are_heard_with_every_algorithm_of_net_snmp() -> None:
    combinations = [(auth, priv) for auth in AUTHS for priv in (None, *PRIVS)]
    leases = [user(user_name(auth, priv), auth, priv or "") for auth, priv in combinations]
    async with started(leases=leases) as process:
        for auth, priv in combinations:
            secured = ["-l", "authPriv", "-x", PRIVS[priv], "-X", PRIV_SECRET] if priv else ["-l", "authNoPriv"]
            name = ["-u", user_name(auth, priv), "-a", AUTHS[auth], "-A", AUTH_SECRET]
            engine = f"0x8000000001020{combinations.index((auth, priv)):03x}"
            told = ["", LINK_DOWN, f"{IF_NAME}.3", "s", user_name(auth, priv)]
            code = await run("snmptrap", "-v3", "-e", engine, *name, *secured, f"127.0.0.1:{process.traps}", *told)
            assert code == 0, name
        await process.end()
    assert {row["object"] for row in process.rows} == {user_name(auth, priv) for auth, priv in combinations}
    assert all(row["authentic"] for row in process.rows)


@needs_net_snmp
async def test_informs_of_v3_find_our_engine_by_themselves_and_are_answered() -> None:
    async with started(leases=[user("ops", "sha256", "aes128"), user("open")]) as process:
        peer = f"127.0.0.1:{process.traps}"
        ops = ["-u", "ops", "-l", "authPriv", "-a", "SHA-256", "-A", AUTH_SECRET, "-x", "AES", "-X"]
        plain = ["-l", "noAuthNoPriv", "-u"]
        assert await run("snmpinform", "-v3", *ops, PRIV_SECRET, *PATIENT, peer, "", LINK_DOWN) == 0
        assert await run("snmpinform", "-v3", *plain, "open", *PATIENT, peer, "", LINK_DOWN) == 0
        assert await run("snmpinform", "-v3", *ops, "wrong-secret", *HASTY, peer, "", LINK_DOWN) != 0
        assert await run("snmpinform", "-v3", *plain, "nobody", *HASTY, peer, "", LINK_DOWN) != 0
        await process.end()
    assert [row["authentic"] for row in process.rows] == [True, False]
    assert process.counts["informs"] == 2
    assert process.counts["unknown_user"] == 1


# --- syslog


@needs_logger
async def test_lines_of_logger_are_heard_over_udp_and_tcp_in_both_formats() -> None:
    ways = [["--udp", "--rfc5424"], ["--udp", "--rfc3164"], ["--tcp", "--rfc5424", "--octet-count"],
            ["--tcp", "--rfc3164"]]  # fmt: skip
    async with started() as process:
        to = ["--server", "127.0.0.1", "--port", process.syslog, "--priority", "local7.notice", "--tag", "sw1"]
        for number, how in enumerate(ways):
            text = f"%SYS-5-CONFIG_I: Configured from console by wang{number} on vty0 (192.0.2.9)"
            assert await run("logger", *how, *to, text) == 0
        await process.until(lambda: len(process.rows) == len(ways))
    assert {row["actor"] for row in process.rows} == {f"wang{number}" for number in range(len(ways))}
    assert {(row["kind"], row["origin"], row["source"]) for row in process.rows} == {
        ("config_changed", "192.0.2.9", "syslog")
    }


async def test_a_receiver_on_all_addresses_of_both_families_knows_an_ipv4_sender_by_its_usual_address() -> None:
    async with started(place="::") as process:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            plain.sendto(trap(community=COMMUNITY), ("127.0.0.1", process.traps))
        await process.until(lambda: bool(process.rows))
    assert [head["address"] for head in process.heads if "address" in head] == ["127.0.0.1"]


# --- what is wrong


async def test_of_a_flood_every_datagram_is_accounted_for_and_few_rows_come_of_it() -> None:
    flood = 30_000

    def accounted() -> int:
        return sum(process.counts.get(name, 0) for name in ("traps", "too_fast", "lost"))

    async with started() as process:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            plain.connect(("127.0.0.1", process.traps))
            data = trap(community=COMMUNITY)
            await asyncio.to_thread(lambda: [plain.send(data) for _ in range(flood)])
        await process.until(lambda: accounted() == flood)
        await process.end()
    assert accounted() == flood
    assert sum(row["count"] for row in process.rows) == flood - process.counts.get("lost", 0)
    assert len(process.rows) <= 20


async def test_a_port_that_is_taken_is_named_and_nothing_else_is_said() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        popen = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "discovery.receiver", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        port = taken.getsockname()[1]
        request = json.dumps(said(traps=["127.0.0.1", port])).encode() + b"\n"
        out, _ = await asyncio.wait_for(popen.communicate(request), WITHIN_S)
    told = json.loads(out)
    assert told["failed"].startswith(f"127.0.0.1 port {port} cannot be had: ")
    assert popen.returncode == 2


async def test_connections_are_few_and_what_nobody_can_cut_into_lines_ends_one() -> None:
    async with started() as process:
        opened = [await asyncio.open_connection("127.0.0.1", process.syslog) for _ in range(10)]
        for refused, _ in opened[8:]:
            assert await asyncio.wait_for(refused.read(), WITHIN_S) == b""
        reader, writer = opened[0]
        writer.write(b"99999999 not a length")
        assert await asyncio.wait_for(reader.read(), WITHIN_S) == b""
        opened[1][1].write(b"<12>app: still heard\n")
        await process.until(lambda: bool(process.rows))
        await process.end()
        for _, each in opened:
            each.close()
    assert process.counts["streams_refused"] == 2
    assert process.counts["malformed"] == 1


async def test_it_ends_when_nobody_is_there_to_tell() -> None:
    async with started() as process:
        assert process.popen.stdin
        process.popen.stdin.close()
        while await process.read():
            pass
        assert await asyncio.wait_for(process.popen.wait(), WITHIN_S) == 0
