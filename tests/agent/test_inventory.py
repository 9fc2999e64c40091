"""The inventory for people and scripts, from this machine and from the sample collectors."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from agent import inventory, memory
from agent.__main__ import main
from agent.inventory import NoSuchSection, as_json, as_table, collect
from wire.sections import SECTIONS, canonical, check, digest

SAMPLE = "tests.agent.sample_estate"


def test_every_section_has_its_status_its_hash_and_its_body(tmp_path: object) -> None:
    found = json.loads(as_json(collect((), SAMPLE, str(tmp_path))))
    assert found["agent_version"] == "0.1.0"
    assert found["observed_at"].endswith("Z")
    cpu, users = found["sections"]["cpu"], found["sections"]["users"]
    assert cpu["body"] == {"cores": 2, "model": f"read below {tmp_path}"}
    assert cpu["hash"] == digest(canonical(cpu["body"])).hex()
    assert (users["status"], users["complete"], users["body"], users["hash"]) == ("denied", False, None, None)
    assert users["reason"] == "only root reads /etc/shadow"


def test_the_table_has_a_line_a_section(tmp_path: object) -> None:
    lines = as_table(collect(["users", "groups"], SAMPLE, str(tmp_path))).splitlines()
    assert [line.split()[:2] for line in lines] == [["SECTION", "STATUS"], ["groups", "ok"], ["users", "denied"]]
    assert lines[1].split()[2] == "2"
    assert lines[2].endswith("only root reads /etc/shadow")


def test_an_unknown_section_is_named_with_those_there_are() -> None:
    with pytest.raises(NoSuchSection, match="no section printers here; there are cpu, groups"):
        collect(["printers"], SAMPLE)


def test_this_machines_inventory_keeps_to_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", "--json"]) == 0
    sections = json.loads(capsys.readouterr().out)["sections"]
    assert {"os", "cpu", "memory", "filesystems"} <= sections.keys()
    for name, section in sections.items():
        assert (section["body"] is not None) == (section["status"] == "ok"), name
        if section["body"] is not None:
            assert check(SECTIONS[name], section["body"]) == section["body"]


def test_the_command_line_prints_the_table_and_one_section(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", "--section", "os"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["os", "ok"]
    assert main(["inventory", "--section", "printers"]) == 2
    assert "no section printers" in capsys.readouterr().err


def test_a_table_that_cannot_be_loaded_is_told_and_not_traced(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory.collect, "__defaults__", ((), "tests.agent.no_such_table", "/"))
    assert main(["inventory"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_an_agent_that_spares_memory_does_without_openssl_and_still_hashes_right() -> None:
    code = """
import sys
from agent import memory
memory.spare()
import agent.run, hashlib
memory.settle()
print("ssl" in sys.modules, "_hashlib" in sys.modules, hashlib.sha256(b"abc").hexdigest()[:16])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "ba7816bf8f01cfea"]


def test_releasing_memory_never_fails() -> None:
    memory.release()
