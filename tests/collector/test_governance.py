"""The table of controlled, informational and volatile attributes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from collector import governance
from collector.model import Govern
from collector.yamlfile import BadFile
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
