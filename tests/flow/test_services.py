"""A sweep over SNMP, SSH, Redfish and NUT: real services on addresses of a lab, and a configuration that is edited."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import free_port
from tests.flow.lab import COMMUNITY, PASSWORD, USER, Lab
from tests.flow.running import Up
from tests.flow.test_sweep import ended, ledger, proposed
from tests.peers import emulator, upsd

pytestmark = pytest.mark.xdist_group("this machine")
FIRST, DEVICES = "127.78.0.1", 6
WRONG = "alder-that-is-wrong"


@dataclass(frozen=True, slots=True)
class Services:
    """Ports of a management controller and a UPS server, each on an address of the lab; 0 where it is not installed."""

    bmc: str
    redfish: int
    ups: str
    nut: int


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("lab"), FIRST, DEVICES)
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def services(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with contextlib.ExitStack() as running:
        bmc, ups = lab.addresses[-1], lab.addresses[-2]
        redfish = _redfish(running, tmp_path_factory.mktemp("redfish"), bmc) if emulator.PROGRAM.exists() else 0
        nut = _nut(running, tmp_path_factory.mktemp("nut"), ups) if upsd.UPSD.exists() and upsd.DRIVER.exists() else 0
        yield Services(bmc, redfish, ups, nut)


def _redfish(running: contextlib.ExitStack, folder: Path, address: str) -> int:
    port = free_port()
    _start(running, emulator.configured(folder, address, port), folder)
    _until_it_listens(address, port)
    return port


def _nut(running: contextlib.ExitStack, folder: Path, address: str) -> int:
    port = free_port()
    upsd.configured(folder, address, port)
    for command in upsd.commands():
        _start(running, command, folder, **upsd.environment(folder))
    _until_it_listens(address, port)
    return port


def _start(running: contextlib.ExitStack, command: list[str], folder: Path, **environment: str) -> None:
    log = running.enter_context((folder / "log").open("ab"))
    process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=os.environ | environment)
    running.callback(process.wait, 20)
    running.callback(process.terminate)


def _until_it_listens(address: str, port: int) -> None:
    ends_at = time.monotonic() + 60
    while time.monotonic() < ends_at:
        with contextlib.suppress(OSError), socket.create_connection((address, port), 1):
            return
        time.sleep(0.2)
    pytest.fail(f"nothing listens at {address}:{port}")


def _lend(up: Up, name: str, kind: str, secret: dict[str, str], ranges: list[str]) -> str:
    scope = {"ranges": ranges, "unpinned": kind in ("ssh", "redfish")}
    return str(up.post("credentials", {"name": name, "kind": kind, "secret": secret, "scope": scope})["id"])


@pytest.fixture(scope="module")
def credentials(up: Up, lab: Lab, services: Services) -> dict[str, str]:
    """Ids by kind. The last two addresses take no community: only what else they speak tells what they are."""
    said: list[tuple[str, dict[str, str], list[str]]] = [
        ("snmp_community", {"community": COMMUNITY}, lab.addresses[:-2]),
        ("ssh", {"user": USER, "password": PASSWORD}, lab.addresses[:-2]),
        ("redfish", {"user": emulator.USER, "password": emulator.PASSWORD}, [services.bmc]),
        ("nut", {"user": "monitor", "password": "roster"}, [services.ups]),
    ]
    return {kind: _lend(up, kind, kind, secret, ranges) for kind, secret, ranges in said}


@pytest.fixture(scope="module")
def plan(up: Up, lab: Lab, services: Services, credentials: dict[str, str]) -> str:
    ports = {"ssh": lab.ssh_port, "redfish": services.redfish, "nut": services.nut}
    said = {
        "ranges": [f"{lab.addresses[0]}-{lab.addresses[-1]}"], "snmp_port": lab.port, "timeout_ms": 1_500,
        "until": "explore", "ports": {name: port for name, port in ports.items() if port},
    }  # fmt: skip
    return str(up.post("sweep-plans", {"name": "services", "settings": said})["id"])


def sweep(up: Up, plan: str) -> dict[str, Any]:
    """Sweep once and return the ledger by address."""
    uid = str(up.post("sweeps", {"plan": plan})["id"])
    assert ended(up, uid)["state"] == "done"
    return ledger(up, uid)


@pytest.fixture(scope="module")
def rows(up: Up, plan: str) -> dict[str, Any]:
    return sweep(up, plan)


@pytest.fixture(scope="module")
def switch(up: Up, rows: dict[str, Any]) -> Any:
    """The CI of a switch of a maker whose gear tells what it starts with, and its row."""
    row = next(
        row for row in rows.values() if row["found"].get("class") == "network" and row["found"]["vendor"] == "Huawei"
    )
    assert (row["stage"], row["cause"]) == ("explore", None), row
    return proposed(up, row["found"]["name"]) | {"address": row["address"]}


def configurations(up: Up, ci: str) -> list[Any]:
    return up.until(lambda: up.get(f"cis/{ci}/configurations"), 30.0, "configuration")


def test_a_switch_is_one_ci_by_snmp_and_ssh_with_its_configurations(up: Up, switch: Any) -> None:
    versions = configurations(up, switch["id"])
    assert {each["kind"] for each in versions if each["is_current"]} == {"running", "startup"}
    assert versions[0]["source"] == f"ssh//{switch['address']}"
    text = up.fetch_text(f"cis/{switch['id']}/configurations/{versions[0]['sha256']}")
    assert switch["name"] in text
    same = [each for each in up.items("cis") if each["name"] == switch["name"]]
    assert len(same) == 1


def test_a_controller_that_takes_no_community_is_the_server_its_redfish_says(
    up: Up, services: Services, rows: dict[str, Any], credentials: dict[str, str]
) -> None:
    if not services.redfish:
        pytest.skip("sushy-emulator is not installed (of the development group)")
    row = rows[services.bmc]
    assert (row["stage"], row["credential"], row["found"]["class"]) == ("explore", credentials["redfish"], "server")
    ci = up.until(lambda: row_ci(up, services.bmc), 30.0, "CI of the controller")
    assert ci["class"] == "server"


def test_what_stands_behind_a_ups_server_is_a_ups(
    up: Up, services: Services, rows: dict[str, Any], credentials: dict[str, str]
) -> None:
    if not services.nut:
        pytest.skip("nut-server is not installed (Debian: apt-get install nut-server)")
    row = rows[services.ups]
    assert (row["credential"], row["found"]["type"]) == (credentials["nut"], "ups")
    ci = proposed(up, "rack-a")
    assert (ci["class"], ci["type"]) == ("environment", "ups")


def row_ci(up: Up, address: str) -> Any:
    """Return the CI that the latest ledger links an address to."""
    (latest,) = up.get("sweeps?limit=1")["items"]
    return next((row["ci"] for row in up.items(f"sweeps/{latest['id']}/targets") if row["address"] == address), None)


def test_a_configuration_that_is_edited_is_a_finding_with_its_lines_and_unsaved(
    up: Up, lab: Lab, plan: str, switch: Any
) -> None:
    before = configurations(up, switch["id"])[0]["sha256"]
    up.post(f"cis/{switch['id']}/register", {})
    name = switch["name"]
    lab.do(do="configure", address=switch["address"], old=f"sysname {name}", new=f"sysname {name} ")
    sweep(up, plan)
    lab.do(do="configure", address=switch["address"], old=f"sysname {name} ", new=f"sysname {name}-renamed")
    sweep(up, plan)
    finding = up.until(lambda: _finding(up, switch["id"]), 60.0, "finding about the configuration")
    (item,) = [each for each in finding["items"] if each["section"] == "configuration"]
    assert item["key"] == "running"
    versions = configurations(up, switch["id"])
    running, startup = (
        [each["sha256"] for each in versions if each["kind"] == kind] for kind in ("running", "startup")
    )
    assert running[1:] == startup == [before], "a blank at the end of a line is no change, and nothing was saved"
    between = up.get(f"cis/{switch['id']}/configurations/difference?old={before}&new={running[0]}")
    edits = [f"{line['edit']}{line['text']}" for group in between["groups"] for line in group if line["edit"] != " "]
    assert [each.replace(" ", "") for each in edits] == [f"-sysname{name}", f"+sysname{name}-renamed"]


def _finding(up: Up, ci: str) -> Any:
    own = [each for each in up.items("findings?state=open") if each["ci"]["id"] == ci]
    return next((each for each in own if any(i["section"] == "configuration" for i in each["items"])), None)


def test_a_credential_is_tried_from_the_command_line(up: Up, lab: Lab, plan: str, switch: Any) -> None:
    # What to say to it after the login is told by SNMP, which is not asked here.
    assert _tried(up, "ssh", switch["address"]) == (0, True, "unparsed")
    assert _tried(up, "snmp_community", switch["address"]) == (0, True, "")
    _lend(up, "wrong", "ssh", {"user": USER, "password": WRONG}, [switch["address"]])
    assert _tried(up, "wrong", switch["address"]) == (1, False, "login_refused")


def _tried(up: Up, name: str, address: str) -> tuple[int, bool, str]:
    program = [str(Path(sys.executable).with_name("muster")), "credential", "test", name, address, "--json"]
    done = subprocess.run([*program, "--data", str(up.data)], capture_output=True, text=True, timeout=180, check=False)
    said = json.loads(done.stdout)
    return done.returncode, said["accepted"], said["cause"]


def test_no_secret_of_any_service_is_written_anywhere(up: Up, switch: Any) -> None:
    for path in up.data.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for secret in (COMMUNITY, PASSWORD, WRONG):
                assert secret.encode() not in data, path
