"""Credentials stay inside their scopes: a thousand rogue hosts keep every octet they are sent (SNMP and TCP)."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import pytest

from discovery.authenticate import Access
from discovery.breaker import Breaker
from discovery.credential_file import BadCredentials, load
from discovery.credentials import Community, Credential, Login, SnmpUser, communities
from discovery.doors import DOORS
from discovery.failures import Failed
from discovery.fingerprint.wire import connected
from discovery.knowledge import Knowledge, Known
from discovery.library import SHIPPED, Definitions, definitions_in
from discovery.limits import Limits, Profile
from discovery.plan import plan
from discovery.scope import Scope, scope_of
from discovery.secret import Secret
from discovery.sweep import sweep
from discovery.visits import SERVICES, Call, Visited, Visitor
from tests.discovery.network import ENGINE_ID, WRONG_DIGEST, Network, addresses, engine

ROGUES = addresses(1000, "127.9.0.1")
SECRETS = {
    name: f"canary-{name}-4711"
    for name in ("here", "there", "denied", "elsewhere", "vendor", "auth", "priv", "ssh", "redfish", "nut", "open")
}
USER = "canary-user-4711"
MODEST = Limits(timeout=3.0, connections=64)
"""So few at once that the one thread behind all rogues answers each in time, however busy the machine is."""

SAYS = {
    "ssh": (b"SSH-2.0-OpenSSH_9.2\r\n", bytes(5)),
    "http": (b"", b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"),
    "https": (b"", bytes.fromhex("15030300020228")),
    "nut": (b"", b"Network UPS Tools upsd 2.8.0\n"),
}
"""Service → what a rogue says first, and to all it hears: it is one, it wants a password, it is of no use."""


@cache
def shipped() -> Definitions:
    return definitions_in([SHIPPED])


class Trap:
    """TCP servers on every loopback address that say little and keep what they hear, by address."""

    def __init__(self) -> None:
        self.heard: defaultdict[str, bytearray] = defaultdict(bytearray)
        self.ports: dict[str, int] = {}

    @contextmanager
    def open(self) -> Iterator[Trap]:
        ready, loop = threading.Event(), asyncio.new_event_loop()
        thread = threading.Thread(target=self._run, args=(loop, ready))
        thread.start()
        assert ready.wait(10)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    def _run(self, loop: asyncio.AbstractEventLoop, ready: threading.Event) -> None:
        asyncio.set_event_loop(loop)
        servers = [loop.run_until_complete(self._listen(name, *said)) for name, said in SAYS.items()]
        ready.set()
        loop.run_forever()
        for server in servers:
            server.close()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))

    async def _listen(self, name: str, greeting: bytes, answer: bytes) -> asyncio.Server:
        async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            address = writer.get_extra_info("sockname")[0]
            try:
                writer.write(greeting)
                while data := await reader.read(4096):
                    self.heard[address] += data
                    writer.write(answer)
            except OSError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(hear, "0.0.0.0", 0, backlog=2000)
        self.ports[name] = server.sockets[0].getsockname()[1]
        return server


async def shout(visitor: Visitor, call: Call, credential: Credential) -> Visited:
    """A way of logging in that sends the password in clear text: what it must not reach, it is seen to reach."""
    assert isinstance(credential.holds, Login)
    async with connected(call.contact.address, call.contact.profile.services["ssh"], 30) as wire:
        await wire.send(credential.holds.secret.reveal().encode() + b"\n")
        await wire.rest(10)
    raise Failed("login_refused")


SHOUTING = tuple(each if each.protocol == "nut" else replace(each, visit=shout) for each in SERVICES)
"""Reading a UPS server shows no password at all: that one is visited as it always is."""


def keys() -> list[Credential]:
    def community(name: str, scope: Scope) -> Credential:
        return Credential(name, "snmp_community", Community(Secret(SECRETS[name])), scope)

    def login(kind: str, name: str, scope: Scope) -> Credential:
        return Credential(name, kind, Login("root", Secret(SECRETS[name])), scope)  # type: ignore[arg-type]

    user = SnmpUser(USER, "sha256", Secret(SECRETS["auth"]), "aes128", Secret(SECRETS["priv"]))
    return [
        community("here", scope_of(["127.9.0.0/25"], silent=True)),
        community("there", scope_of(["127.9.1.0/24"], ["127.9.1.128/25"])),
        community("denied", scope_of(["127.9.0.0/16"], ["127.9.0.0/16"], silent=True)),
        community("elsewhere", scope_of(["127.9.0.0/16"], zones=["paris"], silent=True)),
        community("vendor", scope_of(["127.9.0.0/16"], vendors=["Cisco"], silent=True)),
        Credential("user", "snmp_user", user, scope_of(["127.9.2.0/26"])),
        login("ssh_password", "ssh", scope_of(["127.9.0.0/16"])),
        login("nut", "nut", scope_of(["127.9.0.0/16"])),
        login("redfish", "redfish", scope_of(["127.9.0.0/16"])),
        login("ssh_password", "open", scope_of(["127.9.3.0/29"], unpinned=True)),
    ]


async def test_no_secret_reaches_a_rogue_outside_its_scope(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discovery.stages.SERVICES", SHOUTING)
    caplog.set_level(logging.DEBUG)
    answering = {address: engine(to_users=WRONG_DIGEST) for address in ROGUES[::2]}
    knowledge = Knowledge(
        {
            "127.9.2.1": Known("user", engine_id=b"\x80another-engine"),
            "127.9.0.9": Known("ssh", host_key="ssh-ed25519 SHA256:another"),
        }
    )
    said: list[str] = []
    trap = Trap()
    with trap.open(), Network(answering) as network:
        access = Access(keys(), DOORS, knowledge, Breaker(1000))
        profile = Profile(port=network.port, services=trap.ports, loopback=True, knock=(trap.ports["ssh"],))
        begun = sweep(plan(ROGUES, zone="berlin"), access, shipped(), MODEST, profile)
        async for outcome in begun:
            said += [repr(outcome) + json.dumps(outcome.target()) + str(outcome.row.remedy)]
        reached = {
            name: {
                address
                for address in ROGUES
                if secret.encode() in bytes(trap.heard[address]) + b"".join(network.heard[address])
            }
            for name, secret in {**SECRETS, "user": USER}.items()
        }
        assert all(network.heard[address] for address in ROGUES)
        assert sum(map(len, trap.heard.values())) > 1000
    inside = {name: set(plan([text]).addresses()) & set(ROGUES) for name, text in SCOPES.items()}
    assert len(said) == 1000
    assert {name for name, where in reached.items() if where} == {"here", "there", "user", "open"}
    for name in ("here", "there", "user", "open"):
        assert reached[name] <= inside[name], name
        assert len(reached[name]) > 3, name
    assert "127.9.2.1" not in reached["user"]
    everything = "\n".join(said) + caplog.text
    assert not [name for name, secret in SECRETS.items() if secret in everything]


SCOPES: Mapping[str, str] = {
    "here": "127.9.0.0-127.9.0.127", "there": "127.9.1.0-127.9.1.127", "user": "127.9.2.0-127.9.2.63",
    "open": "127.9.3.0-127.9.3.7",
}  # fmt: skip


# --- secrets that are written nowhere


def test_a_secret_shows_itself_in_no_form() -> None:
    for credential in (*keys(), *communities([SECRETS["here"]], ["10.0.0.0/8"])):
        forms = [
            repr(credential),
            str(credential),
            f"{credential}",
            f"{credential.holds!r:>200}",
            str(asdict(credential)),
        ]
        forms += [repr(vars(Failed("no_credential", str(credential)))), str(copy.deepcopy(credential))]
        assert not [secret for secret in SECRETS.values() for form in forms if secret in form]
        with pytest.raises(TypeError):
            pickle.dumps(credential)


def test_what_is_sent_to_a_device_shows_no_secret_either() -> None:
    spoken = DOORS.keys()
    assert spoken == {"snmp_community", "snmp_user"}
    assert SECRETS["auth"] not in repr([each.holds for each in keys()])


@pytest.mark.parametrize(
    "text",
    [
        "credentials: [{id: a, kind: snmp_community, community: *canary-4711, scope: {ranges: [10.0.0.0/8]}}]",
        "credentials: [{id: a, kind: snmp_community, community: !canary-4711 x, scope: {ranges: [10.0.0.0/8]}}]",
        "credentials: [{id: a, kind: snmp_community, community: canary-4711, scope: {}}]",
        "credentials: [{id: a, kind: snmp_community, community: [canary-4711], scope: {ranges: [10.0.0.0/8]}}]",
        "credentials: [{id: a, kind: snmp_community, canary-4711: x, scope: {ranges: [10.0.0.0/8]}}]",
        "credentials: [{id: a, kind: canary-4711, community: x, scope: {ranges: [10.0.0.0/8]}}]",
        "credentials: [{id: a, kind: snmp_user, user: x, auth: sha1, auth_secret: canary, scope: {ranges: [::1]}}]",
        "canary-4711",
        "credentials: {canary-4711: canary-4711}",
        'credentials: [{id: a, kind: snmp_community, community: "canary\\uD800", scope: {ranges: [10.0.0.0/8]}}]',
        "credentials: [{canary-4711",
        "credentials: [canary-4711]",
        "{? canary-4711 : {? [canary-4711] : x}}",
        "",
    ],
)
def test_a_bad_file_is_refused_without_repeating_what_stands_in_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text(text)
    with pytest.raises(BadCredentials) as caught:
        load(file)
    error: BaseException | None = caught.value
    assert str(file) in str(error)
    while error is not None and not error.__suppress_context__:
        assert "canary" not in str(error)
        error = error.__cause__ or error.__context__
    assert "canary" not in str(caught.value)


def test_a_file_of_credentials_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "authentication-secret")
    (tmp_path / "priv.txt").write_text("privacy-secret\n")
    file = tmp_path / "keys.yaml"
    file.write_text(
        f"""
credentials:
  - id: campus
    kind: snmp_user
    user: auditor
    auth: sha256
    auth_secret: {{env: CANARY}}
    priv: aes256
    priv_secret: {{file: priv.txt}}
    engine_id: {ENGINE_ID.hex()}
    scope: {{ranges: [10.1.0.0/16], except: [10.1.9.0/24], zones: [office], vendors: [Cisco]}}
  - {{id: old, kind: snmp_community, community: roster, version: 1, scope: {{ranges: [10.2.0.0/16], silent: true}}}}
  - {{id: bmc, kind: redfish, user: root, password: calvin-and-hobbes, scope: {{ranges: [10.3.0.1]}}}}
"""
    )
    campus, old, bmc = load(file)
    assert isinstance(campus.holds, SnmpUser)
    assert campus.holds.auth_secret == Secret("authentication-secret")
    assert campus.holds.priv_secret == Secret("privacy-secret")
    assert campus.holds.engine_id == ENGINE_ID
    assert campus.scope.covers("10.1.8.9", "office", "cisco")
    assert not campus.scope.covers("10.1.9.9", "office", "cisco")
    assert not campus.scope.covers("10.1.8.9", "", "cisco")
    assert not campus.scope.covers("10.1.8.9", "office", None)
    assert isinstance(old.holds, Community)
    assert (old.holds.version, old.scope.silent) == (1, True)
    assert isinstance(bmc.holds, Login)


def test_json_is_yaml_enough(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    entry = {"id": "a", "kind": "snmp_community", "community": "roster", "scope": {"ranges": ["10.0.0.0/8"]}}
    file.write_text(json.dumps({"credentials": [entry]}))
    assert [each.id for each in load(file)] == ["a"]


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "224.0.0.1", "0.0.0.0", "::1", "fe80::1"])
def test_special_addresses_are_in_no_scope_that_does_not_spell_them_out(address: str) -> None:
    assert not scope_of(["0.0.0.0/0", "::/0"]).covers(address)
    assert scope_of([address]).covers(address)
    assert not scope_of([address], ["0.0.0.0/0", "::/0"]).covers(address)


def test_an_ipv4_scope_holds_for_no_other_spelling_of_another_address() -> None:
    scope = scope_of(["10.0.0.0/8"])
    assert scope.covers("::ffff:10.1.2.3")
    assert not scope.covers("::ffff:11.1.2.3")
    assert not scope.covers("64:ff9b::a01:203")
