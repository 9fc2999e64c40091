"""The table of presence: what it says as it is shipped, whom its rules speak of, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import retirement_policy
from collector.retirement_policy import AGENTS, DAY_MS, SWEEP, Terms
from collector.yamlfile import BadFile

SHIPPED = Path(__file__).parents[2] / "rules" / "presence.yaml"


def test_seven_misses_and_ten_days_are_the_default_and_ten_or_three_percent_the_guard() -> None:
    policy = retirement_policy.load(SHIPPED)
    assert policy.terms({"snmp"}, "network") == Terms(7, 10 * DAY_MS)
    assert policy.absences == 2
    for kind in (SWEEP, AGENTS):
        assert [policy.guards[kind].most(count) for count in (5, 300, 1000)] == [10, 10, 30]


def test_of_several_kinds_of_sources_the_most_patient_goes_before() -> None:
    policy = retirement_policy.load(SHIPPED)
    assert policy.terms({"agent"}, "server") == policy.default
    assert policy.terms({"snmp", "agent"}, "pc") == policy.terms({"agent"}, "pc") == Terms(20, 30 * DAY_MS)
    assert policy.terms((), "pc") == policy.default


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("misses: 7", "misses: 0", "a whole number"), ("misses: 7", "misses: true", "a whole number"),
        ("percent: 3", "percent: 300", "a whole number"), ("sources: [agent]", "sources: [hand]", "words expected"),
        ("classes: [pc]", "classes: [[pc]]", "words expected"), ("round:", "rounds:", "unknown key"),
        ("reason: a guest that moves is nowhere for a moment", "reason: ''", "text expected"),
        ("  agents: {", "  sweeps: {", "unknown key"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, line: str
) -> None:
    text = SHIPPED.read_text()
    assert before in text
    file = tmp_path / "presence.yaml"
    file.write_text(text.replace(before, after))
    with pytest.raises(BadFile, match=rf"presence\.yaml:\d+: .*{line}"):
        retirement_policy.load(file)
