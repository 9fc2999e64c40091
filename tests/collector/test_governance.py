"""The table of controlled, informational and volatile attributes."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import governance
from collector.governance import BadGovernance
from collector.model import Govern
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


@pytest.mark.parametrize("text", ["os: {default: controlled}", "os: {default: sacred, reason: x}", "- os", "os: ["])
def test_a_table_without_reason_or_with_unknown_words_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "attributes.yaml"
    file.write_text(text)
    with pytest.raises(BadGovernance, match=r"attributes\.yaml"):
        governance.load(file)
