"""Identifiers: one comparable form each, and the traps that must never identify anything."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collector import identifiers
from collector.identifiers import load, normalise, refusal, serial_value
from collector.identity_policy import KINDS, Pattern

POLICY = load(Path(__file__).parents[2] / "rules" / "identity.yaml")

ESX = "564d4cbc-c6a9-1969-8d2f-112233445566"
GUEST = "BC4C4D56-A9C6-6919-8D2F-112233445566"


def value(kind: str, raw: str) -> str | None:
    found = normalise(kind, raw, POLICY)
    return found.value if found else None


def serial(raw: str, vendor: str = "Dell Inc.") -> str | None:
    return value("serial", serial_value(vendor, raw))


# --- serials


@pytest.mark.parametrize(
    "raw",
    [
        "N/A", "(null string)", "INVALID", "SYS-1234567890", "SYS-9876543210", "SN-12345", "SN-1234567890",
        "0123456789", "12345", "123456", "1234567", "12345678", "123456789", "1234567890", "123456789000",
        "12345678901234567", "NNNNNNN", "xxxxxxxxxxx", "EVAL", "IATPASS", "none", "To Be Filled By O.E.M.",
        "Tulip Computers", "Serial Number xxxxxx", "SN-123456fvgv3i0b8o5n6n7k", "Unknow", "System Serial Number",
        "MB-1234567890", "empty", "Not Specified", "OEM_Serial", "SystemSerialNumb", "0000000", "1111", "0101101",
        "Default string", "Chassis Serial Number", "Not Applicable", "NA", "0", "System Manufacturer", "QEMU",
        "VMware, Inc.", "123456789012",
    ],
)  # fmt: skip
def test_a_placeholder_is_no_serial_whatever_its_case_and_blanks(raw: str) -> None:
    for spelling in (raw, raw.upper(), raw.lower(), f"  {raw} ", raw.replace(" ", "  ")):
        assert serial(spelling) is None


@pytest.mark.parametrize("pattern", POLICY.patterns, ids=lambda pattern: pattern.reason)
def test_each_pattern_refuses_its_positive_and_keeps_its_negative_examples(pattern: Pattern) -> None:
    kind = next(each for each in ("serial", "vendor", "hostname", "machine_id", "uuid") if each in pattern.kinds)
    before, after = {"serial": ("dell|", ""), "vendor": ("", "|7XK2M53")}.get(kind, ("", ""))
    kind = "serial" if kind == "vendor" else kind
    assert [each for each in pattern.refuses if normalise(kind, before + each + after, POLICY)] == []
    assert [each for each in pattern.keeps if not normalise(kind, before + each + after, POLICY)] == []


def test_a_pattern_never_swallows_a_serial_that_only_contains_it() -> None:
    assert serial("SN-A1.2B77") == "dell|SN-A1.2B77"
    assert serial("7XK0000000") == "dell|7XK0000000"


@pytest.mark.parametrize("raw", ["", " ", "A", "AB1", "\0\0\0\0", "ÿÿÿÿÿÿ", "7XK\x1b[2J", "7XK\u202e2M53", "7XK\n2M53"])
def test_an_empty_short_or_unprintable_serial_is_refused(raw: str) -> None:
    assert serial(raw) is None


def test_the_padding_of_firmware_is_no_part_of_a_serial() -> None:
    assert serial("7xk2m53\0\0\0") == serial(" 7XK2M53 ") == "dell|7XK2M53"


@pytest.mark.parametrize("vendor", ["", "To be filled by O.E.M.", "System manufacturer", "Default string", "Co., Ltd."])
def test_a_serial_without_its_maker_does_not_identify(vendor: str) -> None:
    assert serial("7XK2M53", vendor) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dell Inc.", "DELL"),
        ("HP", "Hewlett-Packard"),
        ("HPE", "Hewlett Packard Enterprise"),
        ("Huawei Technologies Co., Ltd.", "华为"),
        ("New H3C Technologies Co., Ltd.", "H3C"),
        ("LENOVO", "联想"),
        ("Supermicro", "Super Micro Computer, Inc."),
        ("Ａcme ＧmbＨ", "ACME"),
    ],
)
def test_one_maker_has_one_name(one: str, other: str) -> None:
    assert serial("7XK2M53", one) == serial("7XK2M53", other)


def test_the_same_number_of_two_makers_is_two_serials() -> None:
    assert serial("7XK2M53", "Dell") != serial("7XK2M53", "Lenovo")


def test_every_spelling_in_the_policy_is_reached() -> None:
    for spelling, vendor in POLICY.vendors.items():
        assert serial("7XK2M53", spelling) == f"{vendor}|7XK2M53" == serial("7XK2M53", vendor)


def test_a_bar_in_the_makers_name_cannot_move_the_boundary() -> None:
    assert serial_value("a|b", "c").count("|") == 1


# --- UUIDs and machine ids


def test_a_uuid_is_equal_in_both_byte_orders() -> None:
    assert value("uuid", ESX) == value("uuid", GUEST) == ESX


@pytest.mark.parametrize(
    "raw",
    [
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "00000000-0000-0000-0000-000000000000",
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "6AB5B300-538D-1014-9FB5-B0684D007B53",
        "01010101-0101-0101-0101-010101010101",
        "Not Settable",
        "",
        "4c4c4544-0058-4b10-8032-b7c04f4d3533-00",
        "4c4c4544_0058_4b10_8032_b7c04f4d3533",
    ],
)
def test_a_placeholder_or_malformed_uuid_is_refused(raw: str) -> None:
    assert value("uuid", raw) is None


def test_a_uuid_may_come_in_braces_or_as_a_urn() -> None:
    assert value("uuid", f"{{{ESX.upper()}}}") == value("uuid", f"urn:uuid:{ESX}") == ESX


@given(st.uuids())
def test_swapping_the_byte_order_never_changes_a_uuid(drawn: uuid.UUID) -> None:
    assert value("uuid", str(drawn)) == value("uuid", str(uuid.UUID(bytes=drawn.bytes_le)))


@pytest.mark.parametrize("raw", ["uninitialized", "0" * 32, "", "xyz", "d" * 31])
def test_a_machine_id_that_is_none_is_refused(raw: str) -> None:
    assert value("machine_id", raw) is None


def test_a_machine_guid_and_a_machine_id_have_one_form() -> None:
    guid = "{8F14E45F-CEEA-467F-A0E6-3D5B0B1C2D3E}"
    assert value("machine_id", guid) == "8f14e45fceea467fa0e63d5b0b1c2d3e"


# --- MAC addresses


@pytest.mark.parametrize(
    ("mac", "trap"),
    [
        ("00:00:5e:00:01:0a", "VRRP"),
        ("00:00:5e:00:02:0a", "VRRP over IPv6"),
        ("00:00:0c:07:ac:01", "HSRP version 1"),
        ("00:00:0c:9f:f0:01", "HSRP version 2"),
        ("00:07:b4:00:01:01", "GLBP"),
        ("00:09:0f:09:00:02", "FortiGate"),
        ("02:bf:0a:01:01:01", "load balancing"),
        ("00:50:56:c0:00:08", "VMware adapters on the host"),
        ("02:42:ac:11:00:02", "Docker"),
        ("0a:00:27:00:00:00", "VirtualBox host-only"),
        ("01:00:5e:00:00:fb", "group address"),
        ("ff:ff:ff:ff:ff:ff", "group address"),
        ("00:00:00:00:00:00", "no address"),
    ],
)
def test_a_floating_or_shared_mac_identifies_neither_box_nor_virtual_machine(mac: str, trap: str) -> None:
    for kind in ("mac", "virtual_mac"):
        assert value(kind, mac) is None
        assert trap in refusal(kind, mac, POLICY)


@pytest.mark.parametrize("mac", ["52:54:00:12:34:56", "00:0c:29:aa:bb:cc", "00:15:5d:01:02:03", "fe:54:00:00:00:01"])
def test_the_mac_of_a_virtual_card_is_weak_for_a_virtual_machine_and_nothing_for_a_box(mac: str) -> None:
    assert value("mac", mac) is None
    assert value("virtual_mac", mac) == mac


def test_hsrp_version_2_is_told_from_its_makers_real_addresses() -> None:
    assert value("mac", "00:00:0c:9f:e0:01") == "00:00:0c:9f:e0:01"
    assert value("mac", "00:09:0f:0a:00:02") == "00:09:0f:0a:00:02"


@pytest.mark.parametrize("raw", ["AC-1F-6B-12-34-56", "ac1f.6b12.3456", "ac1f6b123456", " AC:1F:6B:12:34:56 "])
def test_a_mac_has_one_form(raw: str) -> None:
    assert value("mac", raw) == "ac:1f:6b:12:34:56"


@pytest.mark.parametrize("raw", ["", "ac:1f:6b", "ac:1f:6b:12:34:56:78:9a", "zz:1f:6b:12:34:56", "a" * 40])
def test_what_is_no_ethernet_address_is_refused(raw: str) -> None:
    assert value("mac", raw) is None


# --- names and addresses


@pytest.mark.parametrize("raw", ["localhost", "LOCALHOST.localdomain", "(none)", "debian", "", "two words", "a\x07b"])
def test_a_hostname_that_names_nobody_is_refused(raw: str) -> None:
    assert value("hostname", raw) is None


def test_a_hostname_has_no_case_and_no_final_dot() -> None:
    assert value("hostname", "Web1.Example.ORG.") == "web1.example.org"


@pytest.mark.parametrize("raw", ["127.0.0.1", "::1", "fe80::1%eth0", "169.254.1.1", "224.0.0.1", "0.0.0.0", "10.1.1"])
def test_an_address_every_host_has_is_refused(raw: str) -> None:
    assert value("address", raw) is None


def test_an_address_is_compared_without_its_prefix_length() -> None:
    assert value("address", "2001:DB8:0::1/64") == "2001:db8::1"


def test_an_instance_keeps_the_case_of_its_path_and_not_of_its_product() -> None:
    assert value("instance", identifiers.instance_value("PostgreSQL", "/srv/Data")) == "postgresql|/srv/Data"
    assert value("instance", identifiers.instance_value("nginx", "")) == "nginx|"
    assert value("instance", identifiers.instance_value("", "/srv")) is None


# --- whatever comes


def test_every_kind_has_its_canonical_form() -> None:
    assert frozenset(identifiers._CANONICAL) == KINDS


def test_an_unknown_kind_is_the_callers_mistake() -> None:
    with pytest.raises(KeyError):
        normalise("shoe_size", "44", POLICY)


hostile = st.one_of(
    st.text(max_size=80),
    st.text(alphabet=st.characters(codec=None), max_size=40),
    st.text(alphabet="0123456789abcdefABCDEF-:.|{} ", max_size=50),
    st.builds(lambda a, b: f"{a}|{b}", st.text(max_size=20), st.text(max_size=20)),
)


@given(st.sampled_from(sorted(KINDS)), hostile)
@example("serial", "ﷺ" * 40 + "|AB12")
@example("hostname", "İ" * 200)
@example("vendor_oid", "\ud800")
def test_what_passes_is_bounded_printable_and_stays_what_it_is(kind: str, raw: str) -> None:
    found = normalise(kind, raw, POLICY)
    if found is not None:
        assert found.kind == kind
        assert 0 < len(found.value) <= POLICY.longest
        assert found.value.isprintable()
        assert normalise(kind, found.value, POLICY) == found


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_value_beyond_the_bound_is_refused_not_cut(kind: str) -> None:
    assert value(kind, "dell|" + "A7" * POLICY.longest) is None
