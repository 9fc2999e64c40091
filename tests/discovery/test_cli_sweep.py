"""The command, as a person calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.discovery.network import Network, addresses, engine, speaker, switch

KEYS = {
    "address",
    "state",
    "class",
    "type",
    "vendor",
    "model",
    "serial",
    "os",
    "version",
    "name",
    "matched_by",
    "error",
}


def muster_discover(*words: object, code: int = 0, **environment: str) -> tuple[str, str]:
    """Run the command; return what it says on both outputs."""
    done = subprocess.run(
        [sys.executable, "-c", "from discovery.cli import main; main()", *map(str, words)],
        capture_output=True, text=True, timeout=120, env={**os.environ, "COLUMNS": "200", **environment},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def objects(text: str) -> dict[str, dict[str, Any]]:
    return {each["address"]: each for each in map(json.loads, text.splitlines())}


@pytest.fixture
def network() -> Any:
    devices = {address: speaker(switch(number)) for number, address in enumerate(addresses(6), start=1)}
    with Network({**devices, "127.8.0.9": engine()}) as opened:
        yield opened


def test_one_object_a_line_for_each_address_that_answers(network: Network) -> None:
    said, _ = muster_discover(
        "sweep", "127.8.0.0/28", "--community", "roster", "--port", network.port, "--timeout", "0.5", "--json"
    )
    found = objects(said)
    assert found.keys() == {*addresses(6), "127.8.0.9"}
    assert all(each.keys() >= KEYS for each in found.values())
    assert {found[address]["serial"] for address in addresses(6)} == {f"JPE{number:08}" for number in range(1, 7)}
    assert (found["127.8.0.9"]["state"], found["127.8.0.9"]["error"]) == ("alive", "credential_refused")
    assert found["127.8.0.9"]["serial"] is None


def test_a_table_with_what_to_do_about_the_rest(network: Network) -> None:
    said, _ = muster_discover("sweep", "127.8.0.1-9", "--port", network.port, "--timeout", "0.3",
                              MUSTER_SNMP_COMMUNITY="roster")  # fmt: skip
    assert "sw-00003" in said
    assert "9 addresses swept, 7 alive, 6 took a credential, 6 identified" in said
    assert "1 credential_refused: none of the credentials in scope was accepted" in said


def test_credentials_from_a_file_go_where_the_file_says(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "keys.yaml"
    scope = {"ranges": ["127.8.0.1-3"], "except": ["127.8.0.2"]}
    entry = {"id": "lab", "kind": "snmp_community", "community": "roster", "scope": scope}
    file.write_text(json.dumps({"credentials": [entry]}))
    file.chmod(0o644)
    said, warned = muster_discover(
        "sweep", "127.8.0.0/28", "--credentials", file, "--exclude", "127.8.0.9", "--port", network.port,
        "--timeout", "0.3", "--until", "explore", "--json",
    )  # fmt: skip
    found = objects(said)
    assert found.keys() == {"127.8.0.1", "127.8.0.3"}
    assert found["127.8.0.1"]["credential"] == "lab"
    assert found["127.8.0.1"]["sections"]["interfaces"]["body"]
    assert "others than its owner can read" in warned
    assert "roster" not in warned + said


@pytest.mark.parametrize(
    "words",
    [["nowhere"], ["10.0.0.0/99"], ["2001:db8::/64"], ["127.8.0.1", "--credentials", "/does/not/exist"],
     ["127.8.0.1", "--community", ""], ["127.8.0.1", "--until", "relate"]],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_line(words: list[str]) -> None:
    said, why = muster_discover("sweep", *words, code=2)
    assert not said
    assert why
    assert "Traceback" not in why
