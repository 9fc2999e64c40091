"""A receiver as a process of its own, against logger and what nobody should send: frames out, one task in."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import sys

import pytest

from tests.discovery.receiver.listening import COMMUNITY, said
from tests.discovery.receiver.process import WITHIN_S, run, started
from tests.discovery.snmp.notices import trap

needs_logger = pytest.mark.skipif(not shutil.which("logger"), reason="logger is not installed (Debian: bsdutils)")


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
