"""The table of what is only logged: read with line numbers, an entry is for those who meet all it names, and ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.model import CI, CiState
from collector.modes import Modes, load
from collector.yamlfile import BadFile
from tests.collector.test_pipeline import RULES

SWITCH = CI(1, "u", "network", "switch", "core", CiState.ACTIVE)
GOOD = "log_only:\n  - {class: network, place: Plant 2, until: 2027-01-31, reason: first weeks}\n"


def read(tmp_path: Path, text: str) -> Modes:
    (tmp_path / "modes.yaml").write_text(text, encoding="utf-8")
    return load(tmp_path / "modes.yaml")


def test_nothing_is_only_logged_as_shipped() -> None:
    assert load(RULES / "modes.yaml") == Modes()


def test_an_entry_is_for_those_who_meet_all_it_names_and_ends_with_its_day(tmp_path: Path) -> None:
    modes = read(tmp_path, GOOD)
    (entry,) = modes.log_only
    assert modes.of(SWITCH, "Plant 2, room 5", entry.until - 1) == entry
    assert modes.of(SWITCH, "Plant 2, room 5", entry.until) is None
    assert modes.of(SWITCH, "Plant 1", entry.until - 1) is None
    assert modes.of(SWITCH, "", entry.until - 1) is None
    assert modes.of(CI(1, "u", "server", "pc_server", "a", CiState.ACTIVE), "Plant 2", 0) is None


def test_of_several_the_one_that_lasts_is_told(tmp_path: Path) -> None:
    modes = read(tmp_path, GOOD + "  - {environment: production, until: 2027-03-01, reason: all of it}\n")
    found = modes.of(SWITCH, "Plant 2", 0)
    assert found is not None
    assert found.reason == "all of it"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("log_only:\n  - {until: 2027-01-31, reason: why}\n", ":2: class, environment or place"),
        ("log_only:\n  - {class: network, reason: why}\n", ":2: until is missing"),
        ("log_only:\n  - {class: network, until: 2027-01-31}\n", ":2: reason is missing"),
        ("log_only:\n  - {class: network, until: 2027-01-31, reason: ' '}\n", ":2: reason: text expected"),
        ("log_only:\n  - {class: cloud, until: 2027-01-31, reason: why}\n", ":2: no such class: cloud"),
        ("log_only:\n  - {class: network, until: soon, reason: why}\n", ":2: a day is expected"),
        ("log_only:\n  - {class: network, until: 9999-12-31, reason: why}\n", ":2: a day is expected"),
        ("log_only:\n  - network\n", "mappings expected"),
        ("silent: []\n", "unknown key silent"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadFile, match=why):
        read(tmp_path, text)
