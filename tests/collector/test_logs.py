"""The log: one JSON object a line, and nothing in it that was only in a variable."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from collector import logs


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Path]:
    """The log file of a collector that has just started."""
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    stream = logs.configure(tmp_path)
    yield tmp_path / "collector.log"
    structlog.reset_defaults()
    root.handlers[:] = before
    stream.close()


def test_a_line_is_one_json_object_with_level_and_time(configured: Path) -> None:
    structlog.get_logger("x").info("agent enrolled", agent="a\nb")
    (line,) = configured.read_text().splitlines()
    said = json.loads(line)
    assert (said["event"], said["agent"], said["level"]) == ("agent enrolled", "a\nb", "info")
    assert said["timestamp"].endswith("Z")


def test_a_traceback_carries_no_local_variables(configured: Path) -> None:
    def fails() -> None:
        community = "canary" + "-secret"
        raise ValueError(len(community))

    try:
        fails()
    except ValueError:
        structlog.get_logger("x").exception("failed")
    text = configured.read_text()
    assert "ValueError" in text
    assert "canary-secret" not in text


def test_a_log_that_grew_too_large_starts_anew_and_the_old_one_is_kept(
    configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_LOG_BYTES", 10)
    configured.write_text("x" * 11)
    logs.configure(configured.parent).close()
    assert configured.with_suffix(".log.1").read_text() == "x" * 11
    assert configured.read_text() == ""
