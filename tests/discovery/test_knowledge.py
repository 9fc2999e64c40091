"""What a sweep is told of its devices, and what it tells of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from discovery.assignment import read
from discovery.explore import Explored, Section, Tables
from discovery.fingerprint import Fingerprint
from discovery.fingerprint.ssh import Ssh
from discovery.fingerprint.tls import Certificate
from discovery.identify import Identified
from discovery.knowledge import Knowledge, Known, knowledge_of, told_of
from discovery.leases import BadTask
from discovery.ledger import Row
from discovery.outcome import Outcome
from discovery.shelf import Shelf
from discovery.sweep import Progress
from discovery.telling import State, frames
from tests.discovery.test_probe import lease, task
from wire.observation import Status
from wire.sections import canonical, digest
from wire.sweep import Known as WireKnown

ADDRESS = "192.0.2.7"
KEY = "ssh-ed25519 SHA256:" + "a" * 43


def known(**other: Any) -> dict[str, Any]:
    return asdict(WireKnown(ADDRESS, **other))


def test_what_is_told_comes_back_as_it_was() -> None:
    device = Known(
        "c1", "Huawei", bytes.fromhex("80001f8804"), dialect="aes256c", stamps={"uptime": 5.0}, tables="a" * 64
    )
    shown = Fingerprint(
        engine_id="80001f8804", ssh=Ssh("SSH-2.0-x", KEY), certificate=Certificate("", "", (), "", "b" * 64)
    )
    told = told_of(ADDRESS, device, shown)
    assert (told["host_key"], told["certificate"], told["address"]) == (KEY, "b" * 64, ADDRESS)
    back = knowledge_of([{**told, "hashes": {}}], None).of(ADDRESS)
    assert (back.credential, back.vendor, back.dialect, back.stamps, back.tables) == (
        "c1", "Huawei", "aes256c", {"uptime": 5.0}, "a" * 64,
    )  # fmt: skip
    assert back.engine_id == device.engine_id


def test_a_key_that_is_pinned_and_not_shown_is_not_told_as_if_it_were() -> None:
    told = told_of(ADDRESS, Known("c1", host_key=KEY, certificate="b" * 64), Fingerprint())
    assert (told["host_key"], told["certificate"]) == ("", "")


def test_a_task_brings_the_last_good_credential_of_a_device_its_subnet_and_its_vendor() -> None:
    assigned = read(json.dumps(task(known=[known(credential="c1", vendor="Huawei", host_key=KEY)])).encode())
    knowledge = assigned.access.knowledge
    assert knowledge.of(ADDRESS).host_key == KEY
    assert knowledge.ranked(ADDRESS, "", "")[0] == "c1"
    assert knowledge.ranked("192.0.2.9", "huawei", "")[1:3] == ["c1", "c1"]


def test_a_task_brings_refusals_that_the_breaker_counts() -> None:
    refusals = [{"credential": "c1", "address": f"192.0.2.{at}", "ago_s": 60} for at in range(5)]
    breaker = read(json.dumps(task(refusals=refusals)).encode()).access.breaker
    assert breaker.suspended("c1")
    assert not breaker.suspended("c2")
    old = [{**each, "ago_s": 3600} for each in refusals]
    assert not read(json.dumps(task(refusals=old)).encode()).access.breaker.suspended("c1")


def test_a_task_without_an_end_is_lent_for_ever_and_one_with_an_end_is_not() -> None:
    assert not read(json.dumps(task()).encode()).access.has_ended
    assert not read(json.dumps(task(lease_s=3600)).encode()).access.has_ended


@pytest.mark.parametrize("bad", [
    {"known": [7]}, {"known": [{"address": ADDRESS}]}, {"known": [known(engine_id="x")]},
    {"known": [known(stamps_json="[]")]}, {"known": [known(stamps_json='{"stamps": {"a": "b"}}')]},
    {"known": [known(stamps_json="[" * 9999)]},
    {"refusals": [7]}, {"refusals": [{"credential": "c", "address": "a", "ago_s": "x"}]}, {"lease_s": -1},
    {"leases": [lease("snmp_user", user="u", auth="sha256", auth_key="no-hexadecimal", engine_id="80001f8804")]},
    {"leases": [lease("snmp_user", user="u", auth="sha256", auth_key="ab" * 32, engine_id="zz")]},
])  # fmt: skip
def test_a_task_that_knows_what_cannot_be_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(BadTask) as refused:
        read(json.dumps(task(**bad)).encode())
    assert "no-hexadecimal" not in str(refused.value)


def test_keys_of_one_engine_are_taken_as_such() -> None:
    said = lease("snmp_user", user="u", auth="sha256", auth_key="ab" * 32, engine_id="80001f8804")
    (credential,) = read(json.dumps(task(leases=[said])).encode()).access.credentials
    assert (credential.holds.localized, credential.holds.engine_id) == (True, bytes.fromhex("80001f8804"))  # type: ignore[union-attr]


def test_tables_are_found_again_by_what_the_device_is_known_by(tmp_path: Path) -> None:
    knowledge = Knowledge(shelf=Shelf(tmp_path))
    knowledge.keep(ADDRESS, Explored((), {"uptime": 5.0}, Tables({"1.3": {(1,): 7}}, {}, 9.0)))
    told = told_of(ADDRESS, knowledge.of(ADDRESS), Fingerprint())
    assert knowledge_of([{**told, "hashes": {}}], Shelf(tmp_path)).tables(ADDRESS).columns == {"1.3": {(1,): 7}}
    assert not knowledge_of([{**told, "hashes": {}}], None).tables(ADDRESS).columns
    assert not knowledge_of([{**told, "hashes": {}}], Shelf(tmp_path / "another")).tables(ADDRESS).columns


def test_a_section_the_collector_holds_already_is_told_by_its_hash_alone() -> None:
    section = Section("lags", Status.OK, True, [{"name": "ae0", "members": ["ge-0/0/0"]}])
    held = digest(canonical(section.body)).hex()
    it = Identified("identified", "network", "switch", "v", "m", "s", None, None, "sw", None)
    for hashes, size in (({"snmp/lags": held}, 0), ({"snmp/lags": "00" * 32}, 1), ({"ssh/lags": held}, 1)):
        outcome = Outcome(Row(ADDRESS, "explore", True), identified=it, explored=Explored((section,), {}),
                          known=Known("c1", hashes=hashes))  # fmt: skip
        (frame,) = frames(outcome, 7, State(1, Progress(1)))
        head = json.loads(frame.partition(b"\n")[0])
        told = next(each for each in head["sections"] if each["name"] == "lags")
        assert (told["hash"], bool(told["bytes"])) == (held, bool(size))
        assert "hashes" not in head["row"]["learned"]
