"""The table of controlled, informational and volatile attributes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from collector import governance
from collector.model import Govern, Step, Value
from collector.model import Path as Place
from collector.yamlfile import BadFile, parse
from wire.sections import SECTIONS

FILE = Path(__file__).parents[2] / "rules" / "attributes.yaml"


def test_every_section_of_the_catalogue_stands_in_the_table() -> None:
    assert set(SECTIONS) - set(governance.load(FILE).sections) == set()


def test_every_field_the_table_names_exists() -> None:
    table = governance.load(FILE)
    for name, shape in SECTIONS.items():
        assert set(table.policy(name).fields) <= set(shape.fields), name
        assert {row.field for row in table.policy(name).rows} <= set(shape.fields), name


def test_a_key_field_is_never_volatile() -> None:
    table = governance.load(FILE)
    for name, shape in SECTIONS.items():
        if table.policy(name).default is not Govern.VOLATILE:
            assert all(table.policy(name).level(key) is not Govern.VOLATILE for key in shape.key), name


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("os: {default: controlled}", "1: reason is missing"),
        ("os: {default: controlled, reason: ' '}", "1: reason: text expected"),
        ("os: {default: sacred, reason: x}", "1: default: one of volatile, informational, controlled expected"),
        ("- os", "1: a mapping expected"),
        ("os: [", "2: did not find expected node content"),
        ("os: controlled", "1: os: a mapping expected"),
        ("oss: {default: controlled, reason: x}", "1: oss is no section"),
        ("os:\n  default: controlled\n  reason: x\n  class: [pc]", "4: unknown key class"),
        ("os:\n  default: controlled\n  reason: x\n  classes: [pc]", "4: classes: a mapping expected"),
        ("os:\n  default: controlled\n  reason: x\n  classes:\n    pcs: {reason: x}", "5: pcs is no class"),
        ("os:\n  default: controlled\n  reason: x\n  classes:\n    pc: {default: volatile}", "5: reason is missing"),
        ("os:\n  default: controlled\n  reason: x\n  classes:\n    pc: {reason: x, level: volatile}",
         "5: unknown key level"),
        ("os:\n  default: controlled\n  reason: x\n  classes:\n    pc: {reason: x, fields: {bootid: 1}}",
         "os has no field bootid"),
        ("health:\n  default: volatile\n  reason: x\n  classes:\n    pc: {reason: x, default: informational}",
         "5: default: volatile for all, so for every class"),
        ("os:\n  default: controlled\n  reason: x\n  fields:\n    boot_id: {level: volatile, reason: x}\n"
         "  classes:\n    pc:\n      reason: x\n      fields:\n        boot_id: {level: informational, reason: x}",
         "10: boot_id is volatile for all, so for every class"),
        ("os: {default: controlled, reason: x, confirm: 3}", "1: confirm: 1 to 2 sights expected"),
        ("os: {default: controlled, reason: x, confirm: true}", "1: confirm: 1 to 2 sights expected"),
        ("os: {default: controlled, reason: x, fields: {name: {level: controlled, reason: x, confirm: 0}}}",
         "1: confirm: 1 to 2 sights expected"),
        ("sources: {snmp: {confirm: 2}}", "1: reason is missing"),
        ("sources: {hand: {confirm: 2, reason: x}}", "1: hand: one of agent, nut, redfish, snmp, ssh expected"),
        ("memory_modules:\n  default: controlled\n  reason: x\n  fields:\n"
         "    size_bytes: {level: controlled, reason: x, tolerance: {absolut: 5}}", "5: unknown key absolut"),
        ("memory_modules: {default: controlled, reason: x, fields: "
         "{size_bytes: {level: controlled, reason: x, tolerance: {relative: 1}}}}",
         "1: relative: a number above 0 and below 1 expected"),
        ("memory_modules: {default: controlled, reason: x, fields: "
         "{size_bytes: {level: controlled, reason: x, tolerance: {}}}}",
         "1: tolerance: absolute, relative or both expected"),
        ("memory_modules: {default: controlled, reason: x, fields: "
         "{serial: {level: controlled, reason: x, tolerance: {absolute: 1}}}}",
         "1: memory_modules serial is no number"),
        ("os:\n  default: controlled\n  reason: x\n  fields:\n    bootid: {level: volatile, reason: x}",
         "5: os has no field bootid"),
        ("os:\n  default: controlled\n  reason: x\n  fields:\n    boot_id: {level: volatile, reason: x, tolerances: 5}",
         "5: unknown key tolerances"),
        ("dns: {default: controlled, reason: x, rows: [{field: no, equals: 1, level: volatile, reason: x}]}",
         "dns has no field no"),
        ("record: {default: controlled, reason: x, fields: {king: {level: volatile, reason: x}}}",
         "record has no field king"),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_is_refused_with_file_and_line(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "attributes.yaml"
    file.write_text(text)
    with pytest.raises(BadFile, match=re.escape(why)) as caught:
        governance.load(file)
    assert str(caught.value).startswith(f"{file}:")


def table(text: str) -> governance.Governance:
    return governance.of_table(parse(text, Path("policy")))


def moved(section: str, key: str, old: Value, new: Value) -> Step:
    return Step(Place(section, key), old, new, 1, 2)


ASKED = """
sources: {snmp: {confirm: 2, reason: x}}
os: {default: controlled, reason: x, fields: {version: {level: controlled, reason: x, confirm: 1}}}
dns: {default: controlled, reason: x, confirm: 2}
interfaces:
  default: controlled
  reason: x
  fields: {mtu: {level: controlled, reason: x, confirm: 1}}
  classes: {pc: {reason: x, confirm: 1}}
"""
ROW = {"mtu": 1500, "kind": "ethernet"}


@pytest.mark.parametrize(
    ("source", "step", "needs"),
    [
        ("snmp//10.0.0.1", moved("os", "name", "A", "B"), 2),
        ("agent/1", moved("os", "name", "A", "B"), 1),
        ("snmp//10.0.0.1", moved("os", "version", "A", "B"), 1),
        ("agent/1", moved("dns", "servers", [], ["B"]), 2),
        ("snmp//10.0.0.1", moved("interfaces", "e0", ROW, {**ROW, "mtu": 9000}), 1),
        ("snmp//10.0.0.1", moved("interfaces", "e0", ROW, {"mtu": 9000, "kind": "tunnel"}), 2),
        ("snmp//10.0.0.1", moved("interfaces", "e0", None, ROW), 2),
    ],
)
def test_how_often_a_value_must_be_seen_goes_by_its_field_its_section_and_its_source(
    source: str, step: Step, needs: int
) -> None:
    assert table(ASKED).of("network").needs(source, step) == needs


def test_a_class_has_what_it_says_of_itself_and_else_what_holds_for_all() -> None:
    asked = table(ASKED)
    assert asked.of("pc").needs("snmp//10.0.0.1", moved("interfaces", "e0", None, ROW)) == 1
    assert asked.of("pc").policy("dns") == asked.policy("dns")
    assert asked.of("pc").policy("interfaces").confirms == {"mtu": 1}


def test_what_is_plugged_into_a_pc_is_history_and_what_is_built_in_is_held_against_changes() -> None:
    shipped = governance.load(FILE)
    stick, built_in = {"transport": "usb", "model": "Stick"}, {"transport": "nvme", "model": "Disk"}
    disks = {name: shipped.of(name).policy("disks") for name in ("pc", "server")}
    assert disks["pc"].of_row(stick) is Govern.INFORMATIONAL
    assert {disks["pc"].of_row(built_in), disks["server"].of_row(stick)} == {Govern.CONTROLLED}
    for name in ("disks", "filesystems", "listening_ports", "packages"):
        assert shipped.of("server").policy(name) == shipped.policy(name), "of servers nothing is let go"
