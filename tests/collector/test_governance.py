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
        ("os:\n  default: controlled\n  reason: x\n  classes: [pc]", "4: unknown key classes"),
        ("os:\n  default: controlled\n  reason: x\n  fields:\n    bootid: {level: volatile, reason: x}",
         "5: os has no field bootid"),
        ("os:\n  default: controlled\n  reason: x\n  fields:\n    boot_id: {level: volatile, reason: x, tolerance: 5}",
         "5: unknown key tolerance"),
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
