"""Joining and coming back: what a token admits, once, and what a stranger cannot get."""

from __future__ import annotations

import hashlib

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from collector.listeners.limits import EnrolmentLimits
from collector.store import agents
from collector.store.agents import Agent
from tests.acts import TESTER
from tests.collector.listeners.client import Machine, csr_of, failure, new_key, server_chain, spki
from tests.collector.listeners.conftest import Running
from wire import codec
from wire.enrolment import AGENT_URI_PREFIX, SERVER_NAME, Begin, Finish
from wire.observation import CheckIn

DENIED = grpc.StatusCode.PERMISSION_DENIED


async def refused(collecting: object, code: grpc.StatusCode, match: str | None = None) -> dict[str, str]:
    """Await a call that must be refused; return its trailing metadata."""
    with pytest.raises(grpc.aio.AioRpcError, match=match) as caught:
        await collecting  # type: ignore[misc]
    found, metadata = failure(caught.value)
    assert found is code
    return metadata


async def row_of(collector: Running, machine: Machine) -> Agent:
    async with collector.store.read() as tx:
        agent = await agents.by_uid(tx, machine.uid)
    assert agent is not None
    return agent


async def check_in(machine: Machine) -> None:
    async with machine.data() as call:
        await call("CheckIn", codec.encode_check_in(CheckIn()))


async def test_the_listener_shows_its_chain_up_to_the_root_the_token_pins(collector: Running) -> None:
    token = await collector.token()
    leaf, root = (x509.load_der_x509_certificate(each) for each in server_chain(collector.listeners.enrol_port))
    leaf.verify_directly_issued_by(root)
    assert hashlib.sha256(root.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest() == (
        token.root_pin
    )
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert SERVER_NAME in names.get_values_for_type(x509.DNSName)


async def test_a_machine_that_knows_the_token_becomes_an_agent_that_may_speak(collector: Running) -> None:
    machine = collector.machine()
    admission = await machine.enrol(await collector.token())
    assert admission.data_port == collector.listeners.data_port
    names = machine.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [AGENT_URI_PREFIX + admission.agent_id]
    assert machine.leaf.public_key() == machine.leaf_key.public_key()
    assert len(x509.load_pem_x509_certificates(machine.chain)) == 2
    await check_in(machine)
    agent = await row_of(collector, machine)
    assert (agent.state, agent.hostname, agent.address, agent.join_counter) == ("active", "host-1", "127.0.0.1", 0)
    assert agent.instance_key == spki(machine.instance)


async def test_the_same_key_again_is_the_same_agent_with_a_fresh_leaf(collector: Running) -> None:
    machine, token = collector.machine(), await collector.token()
    await machine.enrol(token)
    first = machine.uid, machine.leaf.serial_number
    machine.leaf_key = new_key()
    await machine.enrol(token)
    assert machine.uid == first[0]
    assert machine.leaf.serial_number != first[1]
    await check_in(machine)
    async with collector.store.read() as tx:
        assert len(await agents.everyone(tx)) == 1


async def test_a_used_token_is_refused_to_another_key(collector: Running) -> None:
    token = await collector.token()
    await collector.machine().enrol(token)
    await refused(collector.machine().enrol(token), DENIED, "the token has been used")
    async with collector.store.read() as tx:
        assert len(await agents.everyone(tx)) == 1


async def test_a_token_of_three_uses_admits_three_machines(collector: Running) -> None:
    token = await collector.token(uses=3)
    machines = [collector.machine() for _ in range(4)]
    for machine in machines[:3]:
        await machine.enrol(token)
    await refused(machines[3].enrol(token), DENIED, "used")
    assert len({machine.uid for machine in machines[:3]}) == 3


async def test_an_expired_token_admits_nobody_not_even_the_key_that_used_it(collector: Running) -> None:
    machine, token = collector.machine(), await collector.token(life_s=60)
    await machine.enrol(token)
    collector.clock.shift_ms = 61_000
    for each in (machine, collector.machine()):
        await refused(each.enrol(token), DENIED, "the token has expired")


async def test_a_token_that_was_never_minted_has_no_proof_anyone_could_make(collector: Running) -> None:
    token = await collector.token()
    forged = type(token)(b"invented", token.secret, token.root_pin)
    await refused(collector.machine().enrol(forged), DENIED, "the proof is wrong")


async def test_a_wrong_proof_is_refused_and_its_challenge_is_gone(collector: Running) -> None:
    machine, token = collector.machine(), await collector.token()
    nonce = (await machine.begin(token.token_id)).nonce
    await refused(machine.finish(token, nonce, proof=b"\0" * 32), DENIED, "the proof is wrong")
    await refused(machine.finish(token, nonce), grpc.StatusCode.ABORTED, "begin again")
    await machine.enrol(token)  # the token itself was not touched


async def test_a_challenge_is_good_for_the_key_that_asked_for_it_only(collector: Running) -> None:
    token = await collector.token()
    nonce = (await collector.machine().begin(token.token_id)).nonce
    await refused(collector.machine().finish(token, nonce), grpc.StatusCode.ABORTED, "begin again")


async def test_a_proof_made_for_another_servers_certificate_is_refused(collector: Running) -> None:
    """Someone in between shows a certificate of his own: the proof he is given is worth nothing here."""
    from wire.enrolment import enrolment_proof

    machine, token = collector.machine(), await collector.token()
    nonce, csr = (await machine.begin(token.token_id)).nonce, csr_of(machine.leaf_key)
    proof = enrolment_proof(token.secret, nonce, csr, spki(machine.instance), b"the certificate of someone in between")
    await refused(machine.finish(token, nonce, csr=csr, proof=proof), DENIED, "not this collector")


@pytest.mark.parametrize("key", [rsa.generate_private_key(65_537, 2048), ec.generate_private_key(ec.SECP384R1())])
async def test_a_request_for_another_kind_of_key_is_refused_and_uses_nothing_up(
    collector: Running, key: object
) -> None:
    machine, token = collector.machine(), await collector.token()
    nonce = (await machine.begin(token.token_id)).nonce
    await refused(machine.finish(token, nonce, csr=csr_of(key)), grpc.StatusCode.INVALID_ARGUMENT, "P-256")
    await machine.enrol(token)


async def test_a_banned_machine_cannot_enrol_again_with_a_fresh_token(collector: Running) -> None:
    machine = await collector.agent()
    await collector.registry.ban(machine.uid, "stolen", TESTER)
    token = await collector.token()
    await refused(machine.enrol(token), DENIED, "this machine is banned")
    async with collector.store.read() as tx:
        assert (await agents.everyone(tx))[0].state == "banned"
    await collector.machine().enrol(token)  # the refusal has not used the token up


async def test_a_known_machine_with_a_fresh_token_is_the_agent_it_was(collector: Running) -> None:
    machine = await collector.agent()
    first = machine.uid
    await machine.enrol(await collector.token())
    assert machine.uid == first


@pytest.mark.parametrize("instance_key", [b"", b"nonsense", bytes(60_000)])
async def test_a_begin_without_a_proper_key_is_refused(collector: Running, instance_key: bytes) -> None:
    await refused(
        collector.machine().begin(b"8 bytes!", instance_key), grpc.StatusCode.INVALID_ARGUMENT, "instance key"
    )


@pytest.mark.parametrize("method", ["Begin", "Finish", "Recover"])
async def test_bytes_that_are_no_message_are_refused_in_one_line(collector: Running, method: str) -> None:
    async with collector.machine().enrolment() as call:
        await refused(call(method, b"\xff\xff\xff"), grpc.StatusCode.INVALID_ARGUMENT)
        await refused(call(method, bytes(70_000)), grpc.StatusCode.RESOURCE_EXHAUSTED, "larger than max")


async def test_the_enrolment_listener_answers_nothing_else(collector: Running) -> None:
    async with collector.machine().enrolment() as call:
        await refused(call("Renew", b""), grpc.StatusCode.UNIMPLEMENTED)


# --- coming back


async def test_an_agent_comes_back_by_its_instance_key_after_its_certificate_ran_out(collector: Running) -> None:
    machine = await collector.agent()
    collector.clock.shift_ms = 25 * 3600_000
    await refused(check_in(machine), grpc.StatusCode.UNAUTHENTICATED, "not valid now")
    first = machine.uid
    await machine.recover()
    assert machine.uid == first
    assert (await row_of(collector, machine)).join_counter == 1
    # Handshakes go by the real clock, to which the new certificate is of tomorrow: only its dates can be looked at.
    assert machine.leaf.not_valid_after_utc.timestamp() * 1000 > collector.clock() + 23 * 3600_000


async def test_the_certificate_before_stays_good_until_the_recovered_one_is_used(collector: Running) -> None:
    machine = await collector.agent()
    before = Machine(**vars(machine))
    await machine.recover()
    await check_in(before)
    await check_in(machine)
    await refused(check_in(before), grpc.StatusCode.UNAUTHENTICATED, "replaced")


async def test_another_key_cannot_come_back_as_an_agent(collector: Running) -> None:
    machine = await collector.agent()
    await refused(machine.recover(key=new_key()), DENIED, "signature is wrong")
    assert (await row_of(collector, machine)).join_counter == 0


async def test_a_challenge_for_one_instance_key_does_not_bring_back_another_agent(collector: Running) -> None:
    machine, thief = await collector.agent(), await collector.agent()
    thief.uid = machine.uid
    await refused(thief.recover(), grpc.StatusCode.ABORTED, "begin again")


async def test_a_ban_wins_over_recovery(collector: Running) -> None:
    machine = await collector.agent()
    await collector.registry.ban(machine.uid, "stolen", TESTER)
    await refused(machine.recover(), DENIED, "this agent is banned")
    await collector.registry.unban(machine.uid, TESTER)
    await machine.recover()
    await check_in(machine)


async def test_an_agent_nobody_knows_cannot_come_back(collector: Running) -> None:
    machine = collector.machine()
    machine.uid = "00000000-0000-4000-8000-000000000000"
    await refused(machine.recover(), DENIED, "no such agent")


# --- limits


TIGHT = {"limits": EnrolmentLimits()}


@pytest.mark.parametrize("collector", [TIGHT], indirect=True)
async def test_one_address_may_begin_five_times_and_then_is_told_when_to_come_back(collector: Running) -> None:
    machine = collector.machine()
    for _ in range(5):
        await machine.begin(b"8 bytes!")
    metadata = await refused(machine.begin(b"8 bytes!"), grpc.StatusCode.RESOURCE_EXHAUSTED, "too many")
    assert 200 <= int(metadata["retry-after-ms"]) <= 1_600


@pytest.mark.parametrize("collector", [{"limits": EnrolmentLimits(1000, 1000, 5)}], indirect=True)
async def test_one_address_has_at_most_five_challenges_out(collector: Running) -> None:
    machine, token = collector.machine(), await collector.token(uses=9)
    out = [(await machine.begin(token.token_id)).nonce for _ in range(5)]
    metadata = await refused(machine.begin(b"8 bytes!"), grpc.StatusCode.RESOURCE_EXHAUSTED, "too many")
    assert int(metadata["retry-after-ms"]) > 5_000
    await machine.finish(token, out[0])
    await machine.begin(token.token_id)


async def test_a_hostile_host_name_is_kept_as_text(collector: Running) -> None:
    machine, token = collector.machine(), await collector.token()
    nonce, csr, key = (await machine.begin(token.token_id)).nonce, csr_of(machine.leaf_key), spki(machine.instance)
    from wire.enrolment import enrolment_proof

    proof = enrolment_proof(token.secret, nonce, csr, key, server_chain(machine.enrol_port)[0])
    name = "<script>'; DROP TABLE agent;--\0" + "x" * 1000
    async with machine.enrolment() as call:
        request = codec.encode_finish(Finish(token.token_id, key, nonce, csr, proof, name))
        machine.uid = codec.decode_admission(await call("Finish", request)).agent_id
    kept = (await row_of(collector, machine)).hostname
    assert kept.startswith("<script>'; DROP TABLE agent;--\ufffdxxx")
    assert len(kept) == 255


def test_a_begin_names_its_sizes() -> None:
    assert codec.decode_begin(codec.encode_begin(Begin(b"12345678", b"key"))) == Begin(b"12345678", b"key")
