"""Listening sockets are those the kernel has, with the process behind each."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors import portable
from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import listening_ports, sockets
from tests.agent.collectors.catalogue import kept

CAPTURED = Path(__file__).parent / "captured"
ROOT = Path("/")
TABLES = {name: (CAPTURED / "proc/net" / name).read_bytes() for name in sockets.TABLES}


@pytest.fixture
def opened() -> Iterator[list[socket.socket]]:
    """TCP and UDP sockets on loopback of both families, one TCP connection and one connected UDP socket."""
    with ExitStack() as stack:
        found = []
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                each = stack.enter_context(socket.socket(family, kind))
                each.bind((address, 0))
                if kind == socket.SOCK_STREAM:
                    each.listen()
                found.append(each)
        stack.enter_context(socket.create_connection(found[0].getsockname()))
        talker = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        talker.connect(found[1].getsockname())
        yield found


def parse_ss(listing: str) -> set[tuple[str, str, int]]:
    found = set()
    for line in listing.splitlines():
        protocol, _, _, _, local, *_ = line.split()
        address, _, port = local.rpartition(":")
        address = address.partition("%")[0].strip("[]")
        found.add((protocol, "::" if address == "*" else address, int(port)))
    return found


def keys(rows: Any) -> set[tuple[str, str, int]]:
    return {(row["protocol"], row["address"], row["port"]) for row in rows}


@pytest.mark.skipif(shutil.which("ss") is None, reason="ss (iproute2) is not installed")
def test_the_rows_equal_ss(opened: list[socket.socket]) -> None:
    before = parse_ss(_ss())
    rows = kept("listening_ports", listening_ports.collect(ROOT))
    _between(keys(rows), before, parse_ss(_ss()))
    assert len(keys(rows) & {(kind(each), *each.getsockname()[:2]) for each in opened}) == 4


def _ss() -> str:
    return subprocess.run(["ss", "-Hlntu"], check=True, capture_output=True, text=True).stdout


def _between(
    seen: set[tuple[str, str, int]], before: set[tuple[str, str, int]], after: set[tuple[str, str, int]]
) -> None:
    """Other programs open and close sockets all the time: what stood before and after was seen, and nothing else."""
    assert before & after <= seen
    assert seen <= before | after


def kind(opened: socket.socket) -> str:
    return "tcp" if opened.type == socket.SOCK_STREAM else "udp"


def test_a_socket_is_told_with_its_process_program_and_user(opened: list[socket.socket]) -> None:
    rows = {(row["protocol"], row["address"], row["port"]): row for row in listening_ports.collect(ROOT)}
    for each in opened:
        row = rows[(kind(each), *each.getsockname()[:2])]
        assert row["executable"] == os.path.realpath(sys.executable)
        assert row["process"] == Path("/proc/self/comm").read_text().strip()
        assert row["user"] == pwd.getpwuid(os.getuid()).pw_name


def test_psutil_tells_the_same_sockets(opened: list[socket.socket]) -> None:
    before = keys(listening_ports.collect(ROOT))
    rows = kept("listening_ports", portable.listening_ports(ROOT))
    _between(keys(rows), before, keys(listening_ports.collect(ROOT)))


def test_captured_tables_become_listeners() -> None:
    found = [each for name, table in TABLES.items() for each in sockets.parse_table(name, table.splitlines())]
    assert [(each.protocol, each.address, each.port, each.inode) for each in found] == [
        ("tcp", "0.0.0.0", 2024, 639),
        ("tcp", "127.0.0.1", 45432, 86093),
        ("tcp", "::1", 45432, 86094),
        ("tcp", "::", 48080, 86095),
        ("udp", "0.0.0.0", 45123, 86096),
        ("udp", "::1", 45123, 86097),
    ]


@pytest.mark.parametrize(
    ("digits", "order", "address"),
    [
        (b"0100007F", "little", "127.0.0.1"),
        (b"7F000001", "big", "127.0.0.1"),
        (b"0000000000000000FFFF00000100007F", "little", "::ffff:127.0.0.1"),
        (b"B80D0120000000000000000001000000", "little", "2001:db8::1"),
        (b"20010DB8000000000000000000000001", "big", "2001:db8::1"),
    ],
)
def test_an_address_is_read_in_the_hosts_byte_order(digits: bytes, order: str, address: str) -> None:
    assert sockets.parse_address(digits, order) == address


def test_old_kernels_half_open_connections_among_the_listeners_hide_none() -> None:
    head, listener = TABLES["tcp"].splitlines()[:2]
    half_open = listener.replace(b" 0A ", b" 03 ")
    assert len(sockets.parse_table("tcp", [head, listener, half_open, half_open, listener])) == 2


def test_after_many_other_sockets_the_listeners_are_through() -> None:
    head, listener, _, connection, _ = TABLES["tcp"].splitlines()
    seen = []

    def lines() -> Iterator[bytes]:
        yield from (head, listener)
        while True:
            seen.append(1)
            yield connection

    assert len(sockets.parse_table("tcp", lines())) == 1
    assert len(seen) == sockets.ENOUGH_OTHERS


def holds(root: Path, pid: int, *inodes: int) -> None:
    (root / f"proc/{pid}/fd").mkdir(parents=True)
    for number, inode in enumerate(inodes):
        (root / f"proc/{pid}/fd/{number}").symlink_to(f"socket:[{inode}]")


def test_of_several_holders_the_first_process_counts_and_init_last(tmp_path: Path) -> None:
    holds(tmp_path, 1, 50, 60)
    holds(tmp_path, 812, 50)
    holds(tmp_path, 813, 50)
    assert sockets.owners(tmp_path, {50, 60, 70}) == {50: 812, 60: 1}


def test_without_the_right_to_look_the_row_has_no_process(tmp_path: Path) -> None:
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/tcp").write_bytes(TABLES["tcp"])
    (row, _) = kept("listening_ports", listening_ports.collect(tmp_path))
    assert row == {"protocol": "tcp", "address": "0.0.0.0", "port": 2024, "user": "0"}


def test_a_machine_without_proc_net_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        listening_ports.collect(tmp_path)


@given(st.lists(st.binary() | st.sampled_from([line for table in TABLES.values() for line in table.splitlines()])))
def test_any_lines_are_listeners_or_malformed(lines: list[bytes]) -> None:
    for table in sockets.TABLES:
        with suppress(Malformed):
            sockets.parse_table(table, lines)


@pytest.mark.parametrize(
    ("protocol", "address", "port", "transient"),
    [
        ("tcp", "127.0.0.1", 40001, True),
        ("tcp", "::ffff:127.0.0.1", 40001, True),
        ("udp", "0.0.0.0", 40001, True),
        ("tcp", "0.0.0.0", 40001, False),
        ("tcp", "127.0.0.1", 5432, False),
    ],
)
def test_only_a_port_the_kernel_chose_and_that_leads_nowhere_is_transient(
    protocol: str, address: str, port: int, transient: bool
) -> None:
    found = sockets.Listener(protocol, address, port, uid=0, inode=1)
    assert listening_ports.is_transient(found, range(32768, 61000)) is transient
