"""Every call is authorised again: on connections that are already open, and with whatever certificate it brings."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from collector.listeners.authorise import Authoriser, address_of, network_of
from collector.listeners.refusal import Refused
from collector.listeners.registry import AgentRegistry
from collector.security import ca
from collector.store import agents
from collector.store.engine import Store, open_store
from tests.acts import TESTER
from tests.collector.listeners.client import Machine, calls, csr_of, new_key, pem
from tests.collector.listeners.conftest import Running
from tests.collector.listeners.test_enrolment import check_in, refused, row_of
from wire import codec
from wire.observation import CheckIn

CHECK_IN = codec.encode_check_in(CheckIn())
DENIED, UNKNOWN = grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED


async def test_a_certificate_that_runs_out_ends_the_calls_of_an_open_connection(collector: Running) -> None:
    machine = await collector.agent()
    async with machine.data() as call:
        await call("CheckIn", CHECK_IN)
        collector.clock.shift_ms = 24 * 3600_000 + 1000
        for method in ("CheckIn", "Report", "Renew"):
            await refused(call(method, CHECK_IN), UNKNOWN, "not valid now")


async def test_a_certificate_from_the_future_is_not_valid_now(collector: Running) -> None:
    machine = await collector.agent()
    async with machine.data() as call:
        collector.clock.shift_ms = -3600_000
        await refused(call("CheckIn", CHECK_IN), UNKNOWN, "not valid now")


@pytest.mark.parametrize("collector", [{"leaf_hours": 1 / 3600}], indirect=True)
async def test_an_expired_certificate_gets_no_new_connection(collector: Running) -> None:
    machine = await collector.agent()
    await asyncio.sleep(2.1)
    await refused(check_in(machine), grpc.StatusCode.UNAVAILABLE)


async def test_a_ban_ends_the_calls_of_an_open_connection_at_once_and_can_be_lifted(collector: Running) -> None:
    machine = await collector.agent()
    async with machine.data() as call:
        await call("CheckIn", CHECK_IN)
        assert await collector.registry.ban(machine.uid, "stolen", TESTER)
        for method in ("CheckIn", "Report", "Renew"):
            await refused(call(method, CHECK_IN), DENIED, "this agent is banned")
        assert await collector.registry.unban(machine.uid, TESTER)
        await call("CheckIn", CHECK_IN)
        assert await collector.registry.retire(machine.uid, TESTER)
        await refused(call("CheckIn", CHECK_IN), DENIED, "this agent is retired")
    assert not await collector.registry.ban("nobody", "", TESTER)


async def test_a_ban_by_another_process_is_noticed_within_a_second(collector: Running) -> None:
    machine = await collector.agent()
    other = open_store(str(collector.store.url))
    async with machine.data() as call:
        await call("CheckIn", CHECK_IN)
        async with other.write() as tx:
            await agents.set_state(tx, machine.uid, agents.BANNED, "elsewhere")
        await asyncio.sleep(1.3)
        await refused(call("CheckIn", CHECK_IN), DENIED, "this agent is banned")
    await other.close()


async def test_an_agent_another_process_admitted_a_moment_ago_may_speak(collector: Running) -> None:
    other_store = open_store(str(collector.store.url))
    other = AgentRegistry(other_store)
    await other.reload()
    machine = Machine(
        collector.authority.root_pem, collector.listeners.enrol_port, data_port=collector.listeners.data_port
    )
    leaf = collector.authority.issue(machine.leaf_key.public_key(), "elsewhere", collector.clock(), 3600_000)
    new = agents.NewAgent("elsewhere", b"key", leaf.serial, leaf.valid_to, 1)
    await other.change(lambda tx: agents.create(tx, new))
    machine.chain = leaf.chain
    await check_in(machine)
    await other_store.close()


async def test_a_certificate_of_another_authority_gets_no_connection(collector: Running, tmp_path: Path) -> None:
    machine = await collector.agent()
    foreign = ca.open_or_create(tmp_path / "foreign")
    leaf = foreign.issue(machine.leaf_key.public_key(), machine.uid, collector.clock(), 3600_000)
    machine.chain = leaf.chain
    await refused(check_in(machine), grpc.StatusCode.UNAVAILABLE)


async def test_no_certificate_gets_no_connection(collector: Running) -> None:
    credentials = grpc.ssl_channel_credentials(collector.authority.root_pem)
    async with calls(collector.listeners.data_port, codec.AGENT_SERVICE, credentials) as call:
        await refused(call("CheckIn", CHECK_IN), grpc.StatusCode.UNAVAILABLE)


async def test_an_agents_certificate_signs_no_others(collector: Running) -> None:
    machine, thief = await collector.agent(), new_key()
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    mine = machine.leaf
    forged = (
        x509.CertificateBuilder(issuer_name=mine.subject, subject_name=mine.subject, extensions=list(mine.extensions))
        .public_key(thief.public_key()).serial_number(7)
        .not_valid_before(mine.not_valid_before_utc).not_valid_after(mine.not_valid_after_utc)
        .sign(machine.leaf_key, hashes.SHA256())
    )  # fmt: skip
    machine.chain = forged.public_bytes(Encoding.PEM) + machine.chain
    machine.leaf_key = thief
    await refused(check_in(machine), grpc.StatusCode.UNAVAILABLE)


async def test_the_listeners_own_certificate_is_no_agents(collector: Running) -> None:
    identity = collector.authority.server_identity(["localhost"], collector.clock())
    credentials = grpc.ssl_channel_credentials(collector.authority.root_pem, identity.key, identity.chain)
    async with calls(collector.listeners.data_port, codec.AGENT_SERVICE, credentials) as call:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call("CheckIn", CHECK_IN)
    assert caught.value.code() in (UNKNOWN, grpc.StatusCode.UNAVAILABLE)


async def test_an_agent_of_a_lost_database_is_unknown(collector: Running) -> None:
    key = new_key()
    leaf = collector.authority.issue(key.public_key(), "never-admitted", collector.clock(), 3600_000)
    credentials = grpc.ssl_channel_credentials(collector.authority.root_pem, pem(key), leaf.chain)
    async with calls(collector.listeners.data_port, codec.AGENT_SERVICE, credentials) as call:
        await refused(call("CheckIn", CHECK_IN), UNKNOWN, "no such agent")


async def test_a_renewed_certificate_replaces_the_old_one_with_its_first_use(collector: Running) -> None:
    machine = await collector.agent()
    old = Machine(**vars(machine))
    await machine.renew()
    await check_in(old)
    await check_in(machine)
    agent = await row_of(collector, machine)
    assert agent.serial_current == f"{machine.leaf.serial_number:032x}"
    assert agent.serial_next is None
    assert agent.state_reason == ""


async def test_a_replaced_certificate_is_refused_on_its_open_connection_and_flags_a_clone(collector: Running) -> None:
    machine = await collector.agent()
    clone = Machine(**vars(machine))
    async with clone.data() as call:
        await call("CheckIn", CHECK_IN)
        await machine.renew()
        await check_in(machine)
        await refused(call("CheckIn", CHECK_IN), UNKNOWN, "replaced")
        await refused(call("Renew", codec.encode_renew(csr_of(new_key()))), UNKNOWN, "replaced")
    await refused(check_in(clone), UNKNOWN, "replaced")
    agent = await row_of(collector, machine)
    assert (agent.state, agent.state_reason) == ("active", "clone-suspect")
    await check_in(machine)
    await collector.registry.unban(machine.uid, TESTER)
    assert (await row_of(collector, machine)).state_reason == ""


async def test_a_renewal_whose_answer_was_lost_can_be_asked_for_again(collector: Running) -> None:
    machine = await collector.agent()
    lost = Machine(**vars(machine))
    await lost.renew()
    await machine.renew()
    await check_in(machine)
    await refused(check_in(lost), UNKNOWN, "replaced")


async def test_standings_and_serials_survive_a_restart(collector: Running) -> None:
    machine = await collector.agent()
    await machine.renew()
    again = AgentRegistry(collector.store)
    await again.reload()
    assert again.find(machine.uid) == collector.registry.find(machine.uid)
    await check_in(machine)
    await again.reload()
    assert again.find(machine.uid) == collector.registry.find(machine.uid)


@dataclass
class Connection:
    """A call's context, as far as authorising looks at it."""

    told: dict[str, list[bytes]]

    def auth_context(self) -> dict[str, list[bytes]]:
        return self.told


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "TLS 1.3 is required"),
        ({"ssl_tls_version": [b"TLSv1.2"]}, "TLS 1.3 is required"),
        ({"ssl_tls_version": [b"TLSv1.3"]}, "a client certificate is required"),
        ({"ssl_tls_version": [b"TLSv1.3"], "x509_pem_cert": [b"nonsense"]}, "names no agent"),
    ],
)
async def test_a_connection_that_proves_too_little_is_refused(
    sqlite_store: Store, told: dict[str, list[bytes]], why: str
) -> None:
    with pytest.raises(Refused, match=why) as refusal:
        await Authoriser(AgentRegistry(sqlite_store)).agent(Connection(told))
    assert refusal.value.code is UNKNOWN


@pytest.mark.parametrize(
    ("peer", "address", "network"),
    [
        ("ipv4:192.0.2.7:51000", "192.0.2.7", "192.0.2.7"),
        ("ipv6:%5B2001:db8::7%5D:51000", "2001:db8::7", "2001:db8::/64"),
        ("ipv6:[::1]:51000", "::1", "::/64"),
        ("ipv6:%5B::ffff:192.0.2.7%5D:1", "::ffff:192.0.2.7", "192.0.2.7"),
        ("ipv6:%5Bfe80::1%25eth0%5D:1", "fe80::1%eth0", "fe80::/64"),
        ("unix:/run/x.sock", "unix:/run/x.sock", "unix:/run/x.sock"),
    ],
)
def test_a_peer_is_told_apart_by_its_address_or_its_ipv6_network(peer: str, address: str, network: str) -> None:
    assert address_of(peer) == address
    assert network_of(address_of(peer)) == network
