"""The commands people type: one clear line when something is wrong, nothing that drives a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from collector.cli import app, client, main, show
from collector.cli.client import CollectorUnreachable


def test_no_collector_has_run_with_that_folder(tmp_path: Path) -> None:
    with pytest.raises(CollectorUnreachable, match="start one with"):
        client.Client(tmp_path)


def test_nobody_answers_at_the_address_that_was_left(tmp_path: Path) -> None:
    client.write_local(tmp_path, "http://127.0.0.1:9", "muster_x")
    with pytest.raises(CollectorUnreachable, match="is it running"):
        client.Client(tmp_path).get("cis")


def test_the_local_token_is_for_its_owner_only(tmp_path: Path) -> None:
    client.write_local(tmp_path, "http://127.0.0.1:9", "muster_secret")
    file = tmp_path / client.LOCAL_FILE
    assert file.stat().st_mode & 0o077 == 0
    assert json.loads(file.read_text())["token"] == "muster_secret"
    assert client.read_local_token(tmp_path) == "muster_secret"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1}'])
def test_a_damaged_local_file_is_no_token(tmp_path: Path, text: str) -> None:
    (tmp_path / client.LOCAL_FILE).write_text(text)
    assert client.read_local_token(tmp_path) is None


def test_what_drives_a_terminal_is_shown_and_not_done() -> None:
    assert show.plain("\x1b[2Jgone\u202e") == "\ufffd[2Jgone\ufffd"
    assert show.plain(None) == "–"
    assert show.plain({"a": "\x07"}) == '{"a": "\\u0007"}'


def test_every_command_says_what_it_does() -> None:
    told = CliRunner().invoke(app, ["--help"]).output
    for command in ("up", "collector", "ci", "agent", "token", "user", "incident", "sweep", "credential"):
        assert command in told


def test_a_failure_is_one_line_and_a_code_that_is_not_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["muster", "ci", "list", "--data", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == CollectorUnreachable.exit_code
    assert capsys.readouterr().err.count("\n") == 1
