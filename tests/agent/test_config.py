"""The state folder and the settings in it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from agent.config import BadSettings, Settings, bounded_interval, load, state_dir


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()


def test_what_is_said_overrides_its_default_only(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"inventory_interval_s": 60}')
    assert load(tmp_path) == Settings(inventory_interval_s=60)


@pytest.mark.parametrize(
    "said", ["", "[]", '{"inventory": 1}', '{"inventory_interval_s": "60"}', '{"cpu_limit_percent": 0}', "\udcff",
             '{"rss_limit_bytes": true}']
)  # fmt: skip
def test_a_setting_that_cannot_be_is_one_clear_error(tmp_path: Path, said: str) -> None:
    (tmp_path / "settings.json").write_bytes(said.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadSettings, match=r"settings\.json"):
        load(tmp_path)


def test_the_state_folder_is_the_systems_for_root_and_the_users_own_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert state_dir() == Path("/var/lib/muster-agent")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert state_dir(None, {}) == Path.home() / ".local/state/muster-agent"
    assert state_dir(None, {"XDG_STATE_HOME": "/x"}) == Path("/x/muster-agent")
    assert state_dir("/given", {}) == Path("/given")


def test_an_interval_is_kept_within_reason() -> None:
    assert [bounded_interval(each) for each in (0, 60, 10**9)] == [5, 60, 7 * 86_400]
    assert json.dumps(bounded_interval(60.5)) == "60.5"
