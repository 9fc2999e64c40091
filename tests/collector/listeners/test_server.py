"""Opening and closing the listeners."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import pytest

from collector.config import Settings
from collector.intake import Intake
from collector.listeners import server
from collector.listeners.registry import AgentRegistry
from collector.listeners.server import CannotListen, PortTaken, host_names
from collector.security import ca
from collector.store.engine import Store
from tests.collector.listeners.client import Machine, server_chain
from tests.collector.listeners.conftest import Running
from tests.collector.listeners.test_enrolment import check_in


async def opened(store: Store, data: Path, **chosen: object) -> server.Listeners:
    settings = Settings(data=data, **{"grpc_port": 0, "enroll_port": 0, **chosen})
    return await server.start(settings, AgentRegistry(store), ca.open_or_create(data), Intake(store))


async def test_a_taken_port_is_named(sqlite_store: Store, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for name in ("grpc_port", "enroll_port"):
            with pytest.raises(PortTaken, match=f"port {port} on 127.0.0.1 is taken by another program"):
                await opened(sqlite_store, tmp_path, **{name: port})


async def test_two_collectors_do_not_share_a_port(collector: Running, sqlite_store: Store, tmp_path: Path) -> None:
    with pytest.raises(PortTaken):
        await opened(sqlite_store, tmp_path, grpc_port=collector.listeners.data_port)


async def test_after_a_start_that_failed_no_port_is_held(sqlite_store: Store, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        data_port = free.getsockname()[1]
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortTaken):
            await opened(sqlite_store, tmp_path, grpc_port=data_port, enroll_port=other.getsockname()[1])
    listeners = await opened(sqlite_store, tmp_path, grpc_port=data_port)
    assert listeners.data_port == data_port
    await listeners.stop(0)


async def test_an_address_that_is_not_ours_is_named(sqlite_store: Store, tmp_path: Path) -> None:
    with pytest.raises(CannotListen, match=r"cannot listen on 192.0.2.1 port"):
        await opened(sqlite_store, tmp_path, host="192.0.2.1")


async def test_it_listens_on_ipv6(sqlite_store: Store, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
    listeners = await opened(sqlite_store, tmp_path, host="::1")
    with socket.create_connection(("::1", listeners.enrol_port), 5):
        pass
    await listeners.stop(0)


async def test_agents_stay_enrolled_over_a_restart_with_a_new_server_certificate(
    collector: Running, tmp_path: Path
) -> None:
    machine = await collector.agent()
    before = server_chain(collector.listeners.enrol_port)
    await collector.listeners.stop(0)
    registry = AgentRegistry(collector.store)
    await registry.start()
    again = await server.start(collector.settings, registry, ca.open_or_create(tmp_path), collector.intake)
    assert server_chain(again.enrol_port)[0] != before[0]
    assert server_chain(again.enrol_port)[1] == before[1]
    moved = Machine(**{**vars(machine), "data_port": again.data_port})
    await check_in(moved)
    await again.stop(0)
    await registry.stop()


def test_the_certificate_names_what_people_dial() -> None:
    assert {"localhost", "127.0.0.1", "::1", socket.gethostname(), "collector.example"} == {
        *host_names("collector.example")
    }
    for wildcard in ("0.0.0.0", "::"):
        names = host_names(wildcard)
        assert wildcard not in names
        addresses = [name for name in names if ":" in name or name.replace(".", "").isdigit()]
        assert all(ipaddress.ip_address(name) for name in addresses)
