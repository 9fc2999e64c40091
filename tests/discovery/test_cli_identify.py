"""`muster-discover identify`: one object a line, a table without --json, and a clear end for what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from discovery.cli import app

KEYS = {
    "source", "address", "state", "class", "type", "vendor", "model", "serial", "os", "version", "name", "matched_by",
    "error",
}  # fmt: skip


def recording(folder: Path) -> Path:
    file = folder / "switch.snmprec"
    file.write_text(
        "1.3.6.1.2.1.1.1.0|4|Arista Networks EOS version 4.28.3M running on an Arista Networks DCS-7050TX-64\n"
        "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.30065.1.3011.7050.1958.64\n"
    )
    return file


def test_each_file_is_one_object_a_line(tmp_path: Path) -> None:
    file = recording(tmp_path)
    done = CliRunner().invoke(app, ["identify", str(file), str(file), "--json"])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert [line.keys() for line in lines] == [KEYS, KEYS]
    assert lines[0]["source"] == str(file)
    assert (lines[0]["class"], lines[0]["type"], lines[0]["model"]) == ("network", "switch", "DCS-7050TX-64")


def test_without_json_it_is_a_table(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["identify", str(recording(tmp_path))], terminal_width=200)
    assert done.exit_code == 0
    assert "vendor" in done.stdout


def test_a_file_that_is_no_recording_is_named_and_the_others_are_told(tmp_path: Path) -> None:
    bad = tmp_path / "bad.snmprec"
    bad.write_text("nothing\n")
    done = CliRunner().invoke(app, ["identify", str(bad), str(recording(tmp_path)), "--json"])
    assert done.exit_code == 1
    assert [json.loads(line)["state"] for line in done.stdout.splitlines()] == ["failed", "identified"]


def test_a_broken_folder_of_definitions_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("nonsense: 1\n")
    done = CliRunner().invoke(app, ["identify", str(recording(tmp_path)), "--definitions", str(tmp_path), "--json"])
    assert done.exit_code == 2
    assert "mine.yaml:1: unknown key nonsense" in done.stderr
