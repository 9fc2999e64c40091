"""Services beside SNMP in a sweep: each is visited where it shows itself, and costs the others nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from discovery.authenticate import Access
from discovery.credentials import Community, Credential, Login
from discovery.doors import DOORS
from discovery.endings import why_not_all
from discovery.explore import Section
from discovery.failures import Failed
from discovery.fingerprint import Fingerprint
from discovery.knowledge import Knowledge, Known, knowledge_of, told_of
from discovery.lab import Lab
from discovery.lab.device import Device
from discovery.lab.estate import estate
from discovery.lab.running import Doors, simulated
from discovery.library import SHIPPED, Definitions, definitions_in
from discovery.limits import Limits, Profile, profile_of
from discovery.outcome import Outcome
from discovery.plan import plan
from discovery.scope import scope_of
from discovery.secret import Secret
from discovery.ssh.platform import platforms
from discovery.sweep import Progress, sweep
from discovery.telling import State, frames, sources
from discovery.visits import gear_of, host_of
from tests.discovery.nut.test_client import GOOD
from tests.discovery.nut.test_client import serving as serving_nut
from tests.discovery.redfish.service import LOGIN as BMC
from tests.discovery.redfish.service import honest, serving
from tests.discovery.redfish.visits import SMALL
from wire.observation import Status

COMMUNITY, LOGIN = "larch-and-cedar", ("inspector", "correct horse")
EVERYWHERE = scope_of(["127.0.0.0/8"], silent=True, unpinned=True)
KEY = bytes(range(32))
QUICK = Limits(timeout=1.5, seconds=60, explore_seconds=120)


@cache
def shipped() -> Definitions:
    return definitions_in([SHIPPED])


def community(name: str = COMMUNITY) -> Credential:
    return Credential("snmp", "snmp_community", Community(Secret(name)), EVERYWHERE)


def login(kind: Any, user: str, password: str, identity: str = "") -> Credential:
    return Credential(identity or kind, kind, Login(user, Secret(password)), EVERYWHERE)


SSH = login("ssh_password", *LOGIN)


async def swept(
    address: str, profile: Profile, credentials: Sequence[Credential], knowledge: Knowledge | None = None
) -> Outcome:
    """Sweep one address and return its outcome."""
    access = Access(credentials, DOORS, knowledge or Knowledge(), secrets_key=KEY)
    [outcome] = [each async for each in sweep(plan([address]), access, shipped(), QUICK, profile)]
    return outcome


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    devices = simulated(estate(48), "127.74.0.1")
    async with Lab(devices, Doors(communities=frozenset({COMMUNITY}), login=LOGIN)) as running:
        yield running


def a_switch(lab: Lab) -> Device:
    return next(each for each in lab.devices.values() if each.configuration.get("style") == "huawei")


def profile(lab: Lab, until: Any = "explore") -> Profile:
    return profile_of(until, lab.port, {"ssh": lab.ssh_port})


def told(outcome: Outcome) -> dict[str, dict[str, Section]]:
    """Return sections by protocol and name, as they are told to the agent."""
    return {each.protocol: {section.name: section for section in each.sections} for each in sources(outcome)}


# --- SSH beside SNMP


async def test_a_switch_is_read_over_snmp_and_its_configurations_over_ssh(lab: Lab) -> None:
    device = a_switch(lab)
    outcome = await swept(device.address, profile(lab), [community(), SSH])
    assert (outcome.row.stage, outcome.row.cause, outcome.row.credential) == ("explore", None, "snmp")
    by = told(outcome)
    configuration = by["ssh"]["configuration"]
    assert (configuration.status, configuration.complete) == (Status.OK, True), configuration.reason
    rows = {row["kind"]: row for row in configuration.body}  # type: ignore[union-attr]
    assert rows.keys() == {"running", "startup"}
    assert rows["running"]["sha256"] == rows["startup"]["sha256"]
    assert f"sysname {device.configuration['name']}" in rows["running"]["text"]
    assert by["snmp"]["interfaces"].body


async def test_both_sources_of_one_device_say_the_same_names(lab: Lab) -> None:
    device = a_switch(lab)
    device.reconfigure(f"sysname {device.configuration['name']}", "sysname another")  # SNMP's word counts
    by = told(await swept(device.address, profile(lab), [community(), SSH]))
    names = ("class", "type", "vendor", "model", "serial", "name", "object_id", "base_mac", "address", "engine_id")
    snmp, ssh = (by[protocol]["device"] for protocol in ("snmp", "ssh"))
    assert isinstance(snmp.body, dict)
    assert isinstance(ssh.body, dict)
    assert {name: ssh.body.get(name) for name in names} == {name: snmp.body.get(name) for name in names}
    assert not ssh.complete, "what SSH does not say of the device is not gone"


async def test_a_refused_login_is_named_and_undoes_nothing_that_snmp_found(lab: Lab) -> None:
    wrong = login("ssh_password", LOGIN[0], "wrong")
    outcome = await swept(a_switch(lab).address, profile(lab), [community(), wrong])
    assert (outcome.row.stage, outcome.row.cause, outcome.row.credential) == ("explore", "login_refused", "snmp")
    assert outcome.row.detail.startswith("ssh: login_refused")
    assert outcome.refused == ("ssh_password",)
    assert told(outcome).keys() == {"snmp"}
    assert told(outcome)["snmp"]["interfaces"].body


async def test_one_account_is_tried_once_on_a_device_however_many_there_are(lab: Lab) -> None:
    wrong = [login("ssh_password", f"user-{number}", "wrong", f"wrong-{number}") for number in range(3)]
    outcome = await swept(a_switch(lab).address, profile(lab), [community(), *wrong])
    assert outcome.refused == ("wrong-0",)


async def test_what_each_service_took_is_tried_first_the_next_time(lab: Lab) -> None:
    address, knowledge = a_switch(lab).address, Knowledge()
    await swept(address, profile(lab), [community(), SSH], knowledge)
    kept = told_of(address, knowledge.of(address), Fingerprint())
    assert kept["credential"] == "snmp"
    again = knowledge_of([{**kept, "hashes": {}}], None)
    others = [login("ssh_password", f"user-{number}", "wrong", f"wrong-{number}") for number in range(2)]
    outcome = await swept(address, profile(lab), [*others, community(), SSH], again)
    assert (outcome.row.cause, outcome.refused) == (None, ())


async def test_a_password_goes_to_no_host_that_nobody_vouches_for(lab: Lab) -> None:
    careful = replace(SSH, scope=scope_of(["127.0.0.0/8"]))
    address = a_switch(lab).address
    outcome = await swept(address, profile(lab), [community(), careful])
    assert (outcome.row.stage, outcome.row.cause) == ("explore", "unpinned")
    key = outcome.shown.ssh.host_key if outcome.shown.ssh else ""
    pinned = Knowledge({address: Known(host_key=key or "")})
    assert (await swept(address, profile(lab), [community(), careful], pinned)).row.cause is None
    other = Knowledge({address: Known(host_key="ssh-ed25519 SHA256:" + "A" * 43)})
    changed = await swept(address, profile(lab), [community(), SSH], other)
    assert (changed.row.cause, "configuration" in told(changed).get("ssh", {})) == ("host_key_changed", False)


async def test_where_only_identification_is_wanted_nobody_logs_in_to_what_snmp_has_identified(lab: Lab) -> None:
    outcome = await swept(a_switch(lab).address, profile(lab, "identify"), [community(), SSH])
    assert (outcome.row.stage, outcome.row.cause, outcome.visits) == ("identify", None, ())


async def test_where_nothing_says_how_to_talk_to_it_the_login_is_all_there_is(lab: Lab) -> None:
    address = a_switch(lab).address
    outcome = await swept(address, profile(lab), [SSH])  # its banner is that of the lab
    assert (outcome.row.stage, outcome.row.cause, outcome.row.credential) == ("authenticate", "unparsed", SSH.id)
    wrong = await swept(address, profile(lab), [login("ssh_password", LOGIN[0], "wrong")])
    assert (wrong.row.cause, wrong.row.credential) == ("login_refused", None)


# --- Redfish and NUT alone


def on(**ports: int) -> Profile:
    """Return what asks services on these ports of loopback, though SNMP is silent there."""
    return Profile("explore", 9, dict(ports), tuple(ports.values()), loopback=True)


async def test_a_server_without_snmp_is_what_its_controller_says(tmp_path: Path) -> None:
    async with serving(honest(SMALL), tmp_path) as service:
        right = Credential("bmc", "redfish", BMC, EVERYWHERE)
        outcome = await swept("127.0.0.1", on(https=service.port), [right])
    assert (outcome.row.stage, outcome.row.cause, outcome.row.credential) == ("explore", None, "bmc")
    assert outcome.it is not None
    assert outcome.it.class_ == "server"
    assert outcome.target()["serial"] == outcome.it.serial
    assert told(outcome)["redfish"]["device"].body


async def test_a_controller_that_refuses_is_the_end_of_its_row(tmp_path: Path) -> None:
    async with serving(honest(SMALL), tmp_path) as service:
        wrong = Credential("bmc", "redfish", Login(BMC.user, Secret("wrong")), EVERYWHERE)
        outcome = await swept("127.0.0.1", on(https=service.port), [wrong])
    assert (outcome.row.stage, outcome.row.cause, outcome.row.credential) == ("authenticate", "login_refused", None)
    assert "redfish: login_refused" in outcome.row.detail
    assert (outcome.refused, sources(outcome)) == (("bmc",), [])


async def test_each_device_behind_a_ups_server_is_a_source_of_its_own_and_nobody_logs_in() -> None:
    async with serving_nut({"VER": "Network UPS Tools upsd 2.8.0\n", **GOOD}) as (port, heard):
        outcome = await swept("127.0.0.1", on(nut=port), [login("nut", "monitor", "secret")])
    assert [(each.protocol, each.part) for each in sources(outcome)] == [("nut", "rack-a"), ("nut", "rack-b")]
    assert not any(line.split()[0] in ("USERNAME", "PASSWORD", "LOGIN") for line in heard)
    heads = [json.loads(each.partition(b"\n")[0]) for each in frames(outcome, 7, State(1, Progress(1)))]
    assert [(each["protocol"], each["part"], "row" in each) for each in heads] == [
        ("nut", "rack-a", False), ("nut", "rack-b", True),
    ]  # fmt: skip


async def test_a_ups_server_without_a_credential_for_it_is_left_alone() -> None:
    async with serving_nut({"VER": "Network UPS Tools upsd 2.8.0\n", **GOOD}) as (port, heard):
        outcome = await swept("127.0.0.1", on(nut=port), [])
    assert outcome.row.cause == "no_credential"
    assert set(heard) == {"VER"}


async def test_a_credential_whose_service_does_not_show_itself_is_no_service(tmp_path: Path) -> None:
    async with serving(honest(SMALL), tmp_path) as service:
        outcome = await swept("127.0.0.1", on(https=service.port), [SSH])
    assert (outcome.row.cause, outcome.row.detail) == ("no_service", "not shown: that of ssh_password")


# --- as values


def failed(*pairs: str) -> list[tuple[str, Failed]]:
    return [(protocol, Failed(cause)) for protocol, cause in (each.split() for each in pairs)]


def test_a_target_without_snmp_has_no_failure_where_something_else_speaks() -> None:
    for cause in ("no_credential", "no_service"):
        assert why_not_all(failed(f"snmp {cause}"), True) is None
        with pytest.raises(Failed, match=cause):
            why_not_all(failed(f"snmp {cause}"), False)


def test_the_failure_that_says_most_is_the_cause_and_each_is_named() -> None:
    why = why_not_all(failed("snmp timeout", "ssh login_refused", "redfish refused"), True)
    assert why is not None
    assert why.cause == "login_refused"
    assert why.detail == "snmp: timeout; ssh: login_refused; redfish: refused"
    with pytest.raises(Failed, match="login_refused") as caught:
        why_not_all(failed("snmp no_service", "ssh login_refused"), False)
    assert caught.value.detail == "ssh: login_refused"


def test_gear_without_snmp_is_known_by_its_dialect_and_its_own_name() -> None:
    rows = [{"kind": "running", "text": "#\n sysname core-01\n#\nreturn\n", "sha256": "0"}]
    it = gear_of(platforms()["huawei_vrp"], [Section("configuration", Status.OK, True, rows)])
    assert (it.vendor, it.os, it.name, it.class_) == ("Huawei", "VRP", "core-01", "unknown")


@pytest.mark.parametrize(("hardware", "family", "kind"), [
    ({"vendor": "QEMU", "model": "Standard PC"}, "linux", ("server", "virtual_machine")),
    ({"vendor": "Dell Inc.", "model": "PowerEdge R750"}, "linux", ("unknown", "unknown")),
    ({"vendor": "IBM", "model": "9009-42A"}, "aix", ("server", "minicomputer")),
])  # fmt: skip
def test_what_a_host_is_rests_on_what_it_says_and_no_class_is_guessed(
    hardware: dict[str, str], family: str, kind: tuple[str, str]
) -> None:
    os = {"family": family, "hostname": "db-1", "name": "An OS", "version": "1"}
    sections = [Section("os", Status.OK, True, os), Section("hardware", Status.OK, True, hardware)]
    it = host_of(sections)
    assert it is not None
    assert ((it.class_, it.type), it.name, it.vendor) == (kind, "db-1", hardware["vendor"])
    assert host_of([Section("os", Status.FAILED, False, {})]) is None
