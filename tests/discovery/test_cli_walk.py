"""`muster-discover walk --sample`: a recording to write a definition from, as a person takes one."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.discovery.network import Network, addresses, speaker, switch
from tests.discovery.test_cli_sweep import muster_discover

(HERE,) = addresses(1)
COMMUNITY = "roster"


@pytest.fixture
def network() -> Any:
    with Network({HERE: speaker(switch(1))}) as opened:
        yield opened


def test_a_sample_is_a_recording_that_identifies_as_the_device_does(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "switch.snmprec"
    asked = ("--community", COMMUNITY, "--port", network.port)
    said, note = muster_discover("walk", HERE, *asked, "--sample", file)
    assert said == ""
    assert "look it over" in note
    swept, _ = muster_discover("sweep", HERE, *asked, "--json")
    read, _ = muster_discover("identify", file, "--json")
    was, now = json.loads(swept), json.loads(read)
    for field in ("class", "type", "vendor", "model", "serial", "version"):
        assert now[field] == was[field], field
    assert now["name"] == "host"
    assert COMMUNITY not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0


def test_a_sample_goes_to_standard_output_too(network: Network) -> None:
    said, _ = muster_discover("walk", HERE, "--community", COMMUNITY, "--port", network.port, "--sample", "-")
    assert said.startswith("1.3.6.1.2.1.1.1.0|4")


def test_of_what_does_not_answer_there_is_none(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "none.snmprec"
    _, why = muster_discover("walk", HERE, "--community", "wrong", "--port", network.port, "--sample", file, code=1)
    assert "muster-discover: " in why
    assert not file.exists()
