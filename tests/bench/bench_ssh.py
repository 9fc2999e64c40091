"""Configurations over SSH: sessions a second with a device of our own on loopback, and lines made comparable a second.

The device lives in this process, so its half of the cryptography is counted with ours.
"""

from __future__ import annotations

import asyncio
import time

from discovery.ssh import Budget, Pool, Wanted, visit
from discovery.ssh.configuration import configuration
from discovery.ssh.platform import platforms
from tests.bench import Figure
from tests.discovery.ssh.server import device, login, serving

KEY = b"a key of the benchmark's"
SESSIONS, IN_FLIGHT = 48, 16
PORTS = 3_000


def run() -> list[Figure]:
    """Return sessions a second, CPU a session, and lines a CPU-second."""
    seconds, cpu = asyncio.run(_sessions())
    lines = _text().count("\n")
    began = time.process_time()
    found = configuration(_text(), "running", platforms()["cisco_ios"], KEY)
    spent = time.process_time() - began
    assert found is not None
    return [
        Figure("ssh: sessions a second", SESSIONS / seconds, "1/s", note=f"{IN_FLIGHT} in flight, login, two commands"),
        Figure("ssh: CPU a session", cpu * 1000 / SESSIONS, "ms", note="device included"),
        Figure("ssh: lines made comparable", lines / spent, "1/s", at_least=5_000, note=f"{lines} lines, one core"),
    ]


async def _sessions() -> tuple[float, float]:
    """Return the wall clock and the CPU of all sessions, in seconds."""
    short = "version 15.2\nhostname sw1\nend"
    answers = {
        "terminal width 511": "",
        "terminal length 0": "",
        "show running-config": short,
        "show startup-config": short,
    }
    pool, wanted = Pool(IN_FLIGHT), Wanted(platforms()["cisco_ios"], KEY, Budget(seconds=120))
    with serving(device("sw1#", answers)) as (_, target):
        began, spent = time.monotonic(), time.process_time()
        told = await asyncio.gather(*(visit(target, login(), wanted, pool) for _ in range(SESSIONS)))
        seconds, cpu = time.monotonic() - began, time.process_time() - spent
    pool.close()
    assert all(section.complete for [section] in told)
    return seconds, cpu


def _text() -> str:
    ports = (
        f"interface GigabitEthernet{at // 48}/0/{at % 48}\n description desk {at}\n switchport access vlan {at % 400}\n"
        f" ip ospf message-digest-key 1 md5 7 02050D48{at:04d}\n!"
        for at in range(PORTS)
    )
    return "\n".join(["version 15.2", *ports, "end"])
