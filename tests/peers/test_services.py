"""A server in a network of its own, and what a sweep reaches there: SNMP with every algorithm, SSH, Redfish, NUT.

Each way to speak SNMP has an address of its own, so that one sweep takes all of them.
"""

from __future__ import annotations

import getpass
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from discovery.authenticate import Access
from discovery.credentials import Community, Credential, Login, SnmpUser
from discovery.doors import DOORS
from discovery.limits import Profile
from discovery.nut.client import read
from discovery.scope import scope_of
from discovery.secret import Secret
from discovery.snmp.credential import Auth, Priv
from tests.discovery.snmp.combinations import AUTH_SECRET, AUTHS, PRIV_SECRET, PRIVS, user_lines, user_name
from tests.peers import emulator, sshd, upsd
from tests.peers.daemons import snmpd
from tests.peers.namespaces import Host, Network, until
from tests.peers.sweeping import swept
from wire.observation import Status

pytestmark = pytest.mark.xdist_group("namespaces")

SERVER, SERVER6 = "10.79.0.1", "fd79::1"
WAYS: Final[dict[int, tuple[Auth | None, Priv | None]]] = dict(
    enumerate([(None, None), *((auth, priv) for auth in AUTHS for priv in (None, *PRIVS))], start=1)
)
"""Every way SNMPv3 goes there, by the last part of its address."""

MIB_2: Final = ".1.3.6.1.2.1"
"""All that is shown here: one agent plays forty devices, and its own numbers are of no use to any of them."""


@dataclass(frozen=True, slots=True)
class Site:
    probe: Host
    server: Host


@pytest.fixture(scope="module")
def site(net: Network) -> Site:
    probe, server = net.host("probe"), net.host("server")
    net.cable(probe, "eth0", server, "eth0")
    probe.ip("addr add 10.79.0.254/23 dev eth0", "addr add fd79::fe/64 dev eth0 nodad")
    server.ip(f"addr add {SERVER}/23 dev eth0", f"addr add {SERVER6}/64 dev eth0 nodad")
    return Site(probe, server)


# --- SNMP


def key(number: int, auth: Auth | None, priv: Priv | None) -> Credential:
    """Return the credential of one way, which may go to its own address only."""
    secret, other = Secret(AUTH_SECRET) if auth else None, Secret(PRIV_SECRET) if priv else None
    holds = SnmpUser(user_name(auth, priv) if auth else "plain", auth, secret, priv, other)
    return Credential(f"v3-{number}", "snmp_user", holds, scope_of([f"10.79.1.{number}"]))


def test_every_way_net_snmp_speaks_is_taken_at_an_address_of_its_own(site: Site) -> None:
    keys = [key(number, *way) for number, way in WAYS.items()]
    keys += [Credential("v2c", "snmp_community", Community(Secret("roster")), scope_of([SERVER]))]
    keys += [replace(key(0, "sha256", "aes128"), id="v6", scope=scope_of([SERVER6]))]
    site.server.ip(*(f"addr add 10.79.1.{number}/32 dev eth0" for number in WAYS))
    snmpd(site.server, f"rocommunity roster default {MIB_2}", *user_lines(MIB_2))
    wanted = {f"10.79.1.{number}": f"v3-{number}" for number in WAYS} | {SERVER: "v2c", SERVER6: "v6"}
    found = swept(site.probe, list(wanted), Access(keys, DOORS), Profile())
    assert {address: each.row.credential for address, each in found.items()} == wanted
    assert {each.identified and each.identified.name for each in found.values()} == {"server"}
    assert len({each.shown.engine_id for each in found.values()}) == 1


# --- what carries no SNMP


def visited(site: Site, kind: Literal["ssh_key", "redfish", "nut"], user: str, secret: str) -> dict[str, Any]:
    """Sweep the server with one login; return section → body of what it told over the service that takes it."""
    holds = Login(user, Secret(secret))
    access = Access([Credential("own", kind, holds, scope_of([SERVER], unpinned=True))], DOORS, secrets_key=bytes(32))
    outcome = swept(site.probe, [SERVER], access)[SERVER]
    assert [each.credential.id for each in outcome.visits] == ["own"], outcome.row
    return {each.name: each.body for source in outcome.sources for each in source.sections if each.status is Status.OK}


def test_a_host_is_surveyed_over_ssh(site: Site, tmp_path: Path) -> None:
    if sshd.SSHD is None or sshd.KEYGEN is None:
        pytest.skip("needs sshd (openssh-server)")
    server = sshd.configured(tmp_path, SERVER, 22)
    (site.server.run / "sshd").mkdir()
    site.server.starts(*sshd.command(tmp_path))
    until(lambda: site.server.listens("tcp", 22), "sshd listens", site.server)
    told = visited(site, "ssh_key", getpass.getuser(), server.private)
    assert told["os"]["hostname"] == "server"
    assert {row["name"]: row.get("addresses") for row in told["interfaces"]}["eth0"][0] == f"{SERVER}/23"
    assert told["configuration"]


def test_a_controller_is_read_over_redfish(site: Site, tmp_path: Path) -> None:
    emulator.needed()
    site.server.starts(*emulator.configured(tmp_path, SERVER, 443))
    until(lambda: site.server.listens("tcp", 443), "the emulator listens", site.server)
    told = visited(site, "redfish", emulator.USER, emulator.PASSWORD)
    assert told["device"]["host_uuid"] == emulator.UUID
    assert [row["mac"] for row in told["interfaces"]] == [emulator.MAC]


def test_a_ups_server_is_read_over_nut(site: Site, tmp_path: Path) -> None:
    upsd.needed()
    upsd.configured(tmp_path, SERVER, 3493)
    for command in upsd.commands():
        site.server.starts(*command, env=upsd.environment(tmp_path))
    until(lambda: site.server.listens("tcp", 3493), "upsd listens", site.server)

    async def fed() -> bool:
        return all(upsd.VARIABLES.items() <= ups.variables.items() for ups in await read(SERVER))

    until(lambda: site.probe.asks(fed), "the device has told the server of itself", site.server)
    device = visited(site, "nut", "monitor", "roster")["device"]
    assert (device["vendor"], device["serial"]) == ("EATON", upsd.VARIABLES["device.serial"])
