"""A real rsyslogd that forwards what it hears to our receiver, over UDP and in both framings of TCP: an event."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.discovery.receiver.process import started
from tests.peers.daemons import program

LINE = "<189>Jan 15 08:00:00 core-1 45: %SYS-5-CONFIG_I: Configured from console by admin on vty0 (192.0.2.7)"
FORWARDED = {
    "udp": 'protocol="udp"',
    "tcp, octets counted": 'protocol="tcp" TCP_Framing="octet-counted"',
    "tcp, a line each": 'protocol="tcp" TCP_Framing="traditional"',
}
WITHIN_S = 30.0


@contextmanager
def rsyslogd(folder: Path, forwarded: str, to: int) -> Iterator[int]:
    """Run a daemon that hears UDP at a port, which is returned, and forwards it whole."""
    path, port = program("rsyslogd", "rsyslog"), free_port()
    config = folder / "rsyslog.conf"
    config.write_text("\n".join([
        f'global(workDirectory="{folder}")', 'module(load="imudp")',
        f'input(type="imudp" address="127.0.0.1" port="{port}")',
        'template(name="whole" type="string" string="%rawmsg%")',
        f'action(type="omfwd" target="127.0.0.1" port="{to}" template="whole" {forwarded})', "",
    ]))  # fmt: skip
    command = [path, "-n", "-f", str(config), "-i", str(folder / "pid")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_bound(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def until_bound(port: int) -> None:
    """Wait until somebody has the UDP port."""
    ends = time.monotonic() + WITHIN_S
    while time.monotonic() < ends:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return
        time.sleep(0.05)
    raise AssertionError("rsyslogd does not listen")


@pytest.mark.parametrize("how", FORWARDED)
async def test_a_line_that_rsyslog_forwards_says_who_changed_the_configuration(how: str, tmp_path: Path) -> None:
    async with started() as process:
        with rsyslogd(tmp_path, FORWARDED[how], process.syslog) as port:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(LINE.encode(), ("127.0.0.1", port))
            await process.until(lambda: bool(process.rows))
        [row] = process.rows
        assert (row["kind"], row["actor"], row["origin"], row["source"]) == (
            "config_changed", "admin", "192.0.2.7", "syslog",
        )  # fmt: skip
