"""The table of traces: what it says as it is shipped, and what it refuses with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.change.telling import load
from collector.yamlfile import BadFile

SHIPPED = Path(__file__).parents[3] / "rules" / "traces.yaml"


def test_a_session_at_a_device_speaks_of_what_is_configured_and_not_of_what_is_measured() -> None:
    telling = load(SHIPPED)
    assert {"configuration", "interfaces", "vlans", "users"} <= telling.sections
    assert telling.sections.isdisjoint({"hardware", "sensors", "health", "lldp", "components"})
    assert telling.kinds(frozenset({"vlans", "cpu"})) == ("config_changed",)
    assert telling.kinds(frozenset({"cpu"})) == ()


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("config_changed:", "config_moved:", "unknown key config_moved"),
        ("vlans,", "vlan,", "sections of the catalogue"),
        ("reason: all", "because: all", "unknown key because"), ("events:", "event:", "unknown key event"),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_is_an_error_with_its_line(tmp_path: Path, before: str, after: str, why: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert before in text
    head, _, rest = text.partition("\nevents:")
    (tmp_path / "t.yaml").write_text(head + ("\nevents:" + rest).replace(before, after, 1), encoding="utf-8")
    with pytest.raises(BadFile, match=rf"t\.yaml:\d+: .*{why}"):
        load(tmp_path / "t.yaml")
