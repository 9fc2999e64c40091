"""The size report sees what it should; what it says of the project is an alarm and fails nothing."""

from __future__ import annotations

from pathlib import Path

from tests.architecture.checkout import sources
from tests.architecture.sizes import report


def test_a_long_file_a_long_function_and_a_wide_one_ring(tmp_path: Path) -> None:
    sample = tmp_path / "sample.py"
    sample.write_text("def wide(a, b, c, d, *, e, f, g): ...\ndef long():\n" + "    x = 1\n" * 300)
    alarms = report([sample])[2:]
    assert [alarm.rpartition(": ")[2] for alarm in alarms] == ["302 lines", "301 lines", "7 parameters"]


def test_the_project_is_measured() -> None:
    lines = report(sources("agent", "collector", "discovery", "proto"))
    print("\n".join(lines))
    assert "files, median" in lines[0]
