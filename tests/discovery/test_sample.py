"""A sample of a device: small, without what is its owner's, and as good as the device to identify it by."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.asking import Address, Oid, Script, Value
from discovery.device import SCALARS, Device
from discovery.failures import Failed
from discovery.identify import identify
from discovery.library import SHIPPED, definitions_in
from discovery.recording import Recording, answer
from discovery.sample import MAX_CHARACTERS, MAX_ROWS, sample
from discovery.scrub import Scrub
from tests.discovery.explore.driven import ENTITY, Answers, Facts

SYSTEM, OWN = "1.3.6.1.2.1.1.", "1.3.6.1.4.1.99999."
DEVICE: Facts = {
    f"{SYSTEM}1.0": "Acme Router X200, version 2.10.4.1", f"{SYSTEM}2.0": Oid(f"{OWN}1.7"),
    f"{SYSTEM}4.0": "ops@plant.example", f"{SYSTEM}5.0": "edge-7.plant.lan", f"{SYSTEM}6.0": "Hall 3, rack 12",
    f"{ENTITY}.5.1": 3, f"{ENTITY}.11.1": "XS20001234", f"{ENTITY}.13.1": "X200",
    f"{OWN}1.1.0": "X200", f"{OWN}1.2.0": "uplink of edge-7 to 10.20.30.40",
    f"{OWN}1.3.0": Address(bytes((10, 20, 30, 40))), f"{OWN}1.4.0": bytes.fromhex("00e0fc123456"),
    f"{OWN}1.5.0": "reads with seCret42", f"{OWN}1.6.0": "fw 2.10.4.1",
    f"{OWN}2.1.10.20.30.40": 1, f"{OWN}2.2.4.114.111.111.116": 1, f"{OWN}2.3.0.224.252.18.52.86": 7,
    **{f"{OWN}3.1.{row}": f"Port {row}" for row in range(1, 60)},
}  # fmt: skip


def sampled(facts: Facts, *hidden: str, **failing: Any) -> str:
    answers = Answers(facts, **failing)
    device = Device()
    answers.run(device.ask(SCALARS))
    lines: str = answers.run(sample(device, hidden))
    return lines


def test_name_place_contact_and_the_community_are_taken_out_wherever_they_stand() -> None:
    lines = sampled(DEVICE, "seCret42")
    for owned in ("edge-7", "plant", "Hall 3", "seCret42", "ops@"):
        assert owned not in lines
    assert f"{SYSTEM}5.0|4|host\n" in lines


def test_addresses_are_taken_out_of_values_and_of_the_names_of_rows() -> None:
    lines = sampled(DEVICE)
    assert "10.20.30.40" not in lines
    assert f"{OWN}1.3.0|64|192.0.2.1\n" in lines
    assert "0.224.252.18.52.86" not in lines
    assert f"{OWN}1.4.0|4x|00e0fc000000\n" in lines  # whose it is says what it is


def test_a_row_that_a_text_names_is_left_out() -> None:
    assert f"{OWN}2.2." not in sampled(DEVICE)


def test_what_a_definition_needs_stays() -> None:
    lines = sampled(DEVICE)
    assert f"{SYSTEM}1.0|4|Acme Router X200, version 2.10.4.1\n" in lines
    assert f"{SYSTEM}2.0|6|{OWN}1.7\n" in lines
    assert f"{ENTITY}.11.1|4|XS20001234\n" in lines
    assert f"{OWN}1.6.0|4|fw 2.10.4.1\n" in lines


def test_of_many_rows_alike_some_are_enough() -> None:
    assert sampled(DEVICE).count(f"{OWN}3.1.") == 4


def test_a_default_name_that_sysdescr_says_as_well_is_no_secret() -> None:
    assert "|4|Acme X200\n" in sampled({**DEVICE, f"{SYSTEM}1.0": "Acme X200", f"{SYSTEM}5.0": "X200"})


def test_a_sample_identifies_as_its_device_does() -> None:
    known = definitions_in([SHIPPED])
    first = Answers(DEVICE).run(identify(known))
    again = answer(identify(known), Recording(sampled(DEVICE).encode()))
    assert (again.state, again.class_, again.vendor, again.model, again.serial, again.version) == (
        first.state, first.class_, first.vendor, first.model, first.serial, first.version,
    )  # fmt: skip
    assert (first.state, first.serial) == ("generic", "XS20001234")


def test_a_large_device_gives_a_small_sample() -> None:
    large = {f"{OWN}{table}.{row}.1": "x" * 200 for table in range(1, 60) for row in range(1, 60)}
    lines = sampled({**DEVICE, **large})
    assert len(lines) <= MAX_CHARACTERS
    assert lines.count("\n") <= MAX_ROWS


def test_what_was_told_before_the_device_fell_silent_is_kept() -> None:
    lines = sampled(DEVICE, failing={"1.3.6.1.2.1.47": "timeout"})
    assert f"{SYSTEM}1.0|" in lines
    assert OWN not in lines.replace(f"{OWN}1.7", "")


def test_a_session_that_throws_costs_the_part_it_was_asked() -> None:
    device = Device({f"{SYSTEM}2.0": Oid(f"{OWN}1.7")})
    assert _refusing(sample(device)) == ""


def _refusing(script: Script[str]) -> str:
    try:
        next(script)
        while True:
            script.throw(Failed("authorization"))
    except StopIteration as ended:
        return str(ended.value)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Linux db-17 5.10.0-8 #1 SMP x86_64", "Linux host 5.10.0-8 #1 SMP x86_64"),
        ("release 10.1.2.3", "release 10.1.2.3"),
        ("gateway 10.1.2.3", "gateway 192.0.2.1"),
        ("fe80::2a0:98ff:fe12:3456 up", "2001:db8::1 up"),
        ("AA:BB:CC:DD:EE:FF", "AA:BB:CC:00:00:00"),
        ("aabb.ccdd.eeff", "aabb.cc00.0000"),
        ("password = hunter2 set", "password = secret set"),
        ("http://nms.plant.lan:8080/x", "http://example.org:8080/x"),
        ("ask noc@plant.example", "ask user@example.org"),
        ("srv.corp.example.com", "example.org"),
        ("$6$abc$defghi", "secret"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "secret"),
        ("Version 1.2.3 (Build 77) S/N ABC123", "Version 1.2.3 (Build 77) S/N ABC123"),
    ],
)
def test_words_of_its_owners_become_words_of_the_same_kind(told: str, shown: str) -> None:
    assert Scrub().text(told) == shown


@given(
    st.dictionaries(
        st.lists(st.integers(0, 300), min_size=1, max_size=12).map(lambda tail: OWN + ".".join(map(str, tail))),
        st.integers(-(2**31), 2**64 - 1) | st.binary(max_size=400) | st.binary(min_size=4, max_size=4).map(Address),
        max_size=12,
    )
)  # fmt: skip
def test_whatever_a_device_says_its_sample_can_be_read_back(told: dict[str, Value]) -> None:
    lines = sampled({f"{SYSTEM}2.0": Oid(f"{OWN}1"), f"{SYSTEM}1.0": "x", **told})
    read = dict(Recording(lines.encode()).everything())
    assert read[1, 3, 6, 1, 2, 1, 1, 1, 0] == b"x"
    assert len(read) == lines.count("\n")
