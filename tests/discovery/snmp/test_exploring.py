"""Exploring a real agent: the same scripts that answer from recordings, over the wire."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Literal

import pytest

from discovery.device import Device
from discovery.explore import Profile, explore
from discovery.identify import identify
from discovery.library import Library
from discovery.snmp import Community, Engine, Session
from wire.observation import Status


@pytest.mark.parametrize("version", [1, 2])
async def test_a_host_is_explored_over_the_wire(snmpd: int, engine: Engine, version: Literal[1, 2]) -> None:
    session, device = Session(engine, ("127.0.0.1", snmpd), Community("roster", version)), Device()
    known = await session.run(identify(Library().current(), device))
    found = await session.run(explore(known, device, Profile(address="127.0.0.1")))
    sections = {section.name: section for section in found.sections}
    assert all(section.complete for section in found.sections), [each for each in found.sections if not each.complete]
    names = {row["name"] for row in sections["interfaces"].body if isinstance(row, dict)}
    assert names == {name for _, name in socket.if_nameindex()}
    told = sections["device"].body
    assert isinstance(told, dict)
    assert (told["name"], told["address"]) == ("sw-lab-07", "127.0.0.1")
    assert sections["vlans" if known.class_ == "network" else "filesystems"].status is not Status.FAILED


def kernel_memory() -> int:
    return int(Path("/proc/meminfo").read_text().split()[1]) * 1024


async def test_memory_is_what_the_kernel_says(snmpd: int, engine: Engine) -> None:
    session, device = Session(engine, ("127.0.0.1", snmpd), Community("roster", 2)), Device()
    known = await session.run(identify(Library().current(), device))
    found = await session.run(explore(known, device))
    memory = next(section.body for section in found.sections if section.name == "memory")
    assert isinstance(memory, dict)
    assert abs(memory["total_bytes"] - kernel_memory()) < kernel_memory() * 0.01
