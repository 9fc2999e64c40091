"""`up --demo N`: a simulated estate that arrives by itself, with one drift and incidents, and that says what it is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from collector.web.catalogue import LANGUAGES, entries
from tests.flow.running import ROOT, Up, free_ports, words

pytestmark = pytest.mark.xdist_group("this machine")
DEVICES = 14
"""The fewest with a UPS and a PDU: see `discovery.lab.estate.plan.FIRST`."""
FIREWALL, UPS, PDU = "bj-fw-01", "bj-ups-01", "bj-pdu-01"
WITHIN_S = 180.0


@dataclass(frozen=True)
class Played:
    """What stood there once everything had happened, and how it ended."""

    data: Path
    ports: tuple[int, int, int]
    sweeps: list[Any]
    cis: dict[str, Any]
    findings: list[Any]
    incidents: list[Any]
    results: list[Any]
    login: dict[str, str]
    code: int
    said: str
    left: list[psutil.Process]


def swept(up: Up, number: int) -> list[Any]:
    """Return the sweeps of the demo's plan, newest first, once so many have ended; a second look is one of no plan."""

    def ended() -> list[Any] | None:
        found = [each for each in up.items("sweeps") if each["plan_name"]]
        return found if len(found) == number and all(each["ended_at"] for each in found) else None

    return up.until(ended, WITHIN_S, f"end of sweep {number}")


def simulated(up: Up, path: str) -> list[Any]:
    """Return what is told of simulated devices: this machine has a life of its own."""
    return [each for each in up.items(path) if each["ci"]["name"].startswith("bj-")]


def banner(up: Up, language: str) -> str:
    return up.fetch("/login", {"Accept-Language": language}).decode()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """A demo from its first start to Ctrl-C."""
    up = Up(tmp_path_factory.mktemp("demo") / "data", demo=DEVICES)
    try:
        sweeps = swept(up, 2)
        up.until(lambda: simulated(up, "findings") and len(simulated(up, "incidents")) > 1, WITHIN_S, "incidents")
        cis = {each["name"]: each for each in up.items("cis")}
        told = (sweeps, cis, simulated(up, "findings"), simulated(up, "incidents"), simulated(up, "results"))
        pages = {language: banner(up, language) for language in LANGUAGES}
        processes = up.processes()
        code, said = up.interrupt()
        yield Played(up.data, up.ports, *told, pages, code, said, [each for each in processes if each.is_running()])
    finally:
        up.close()


@pytest.fixture
def copied(played: Played, tmp_path: Path) -> Path:
    """The data folder as the demo left it, a test's own."""
    shutil.copytree(played.data, tmp_path / "data")
    return tmp_path / "data"


def test_every_device_arrives_by_a_sweep_and_is_registered_but_for_some(played: Played) -> None:
    assert [(each["state"], each["plan_name"], each["asked_by"]) for each in played.sweeps] == [
        ("done", "demo", "demo")
    ] * 2  # fmt: skip
    assert [each["counts"]["identified"] for each in played.sweeps] == [DEVICES] * 2
    states = {name: each["state"] for name, each in played.cis.items() if name.startswith("bj-")}
    assert len(states) == DEVICES
    assert {name for name, state in states.items() if state == "proposed"} == {PDU}


def test_one_drift_waits_and_it_is_what_was_done_without_a_change(played: Played) -> None:
    (finding,) = played.findings
    assert (finding["ci"]["name"], finding["verdict"]) == (FIREWALL, "pending")
    moved = {(each["section"], each["key"]) for each in finding["items"]}
    assert ("device", "version") in moved


def test_incidents_are_open_for_the_drift_and_for_the_mains(played: Played) -> None:
    assert {(each["ci"]["name"], each["kind"]) for each in played.incidents if each["resolved_at"] is None} >= {
        (FIREWALL, "unapproved_change"), (UPS, "alert"),
    }  # fmt: skip
    of_ups = {(each["rule"], each["outcome"]) for each in played.results if each["ci"]["name"] == UPS}
    assert ("PWR-UPS-001", "PROBLEM") in of_ups


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_says_that_it_is_simulated(played: Played, language: str) -> None:
    assert entries(language)["simulated"].format(n=DEVICES) in played.login[language]


def test_ctrl_c_ends_the_devices_too(played: Played) -> None:
    assert (played.code, played.said, played.left) == (0, "", [])


def test_a_second_start_finds_things_as_they_were_left(copied: Path, played: Played, ups: list[Up]) -> None:
    ups.append(up := Up(copied, played.ports, demo=DEVICES))
    assert swept(up, 3)[0]["counts"]["identified"] == DEVICES
    findings = simulated(up, "findings")
    assert [(each["id"], each["closed_at"]) for each in findings] == [(played.findings[0]["id"], None)]
    assert up.interrupt() == (0, "")


def test_without_demo_it_says_what_it_is_about_and_sweeps_nothing(copied: Path, played: Played, ups: list[Up]) -> None:
    ups.append(up := Up(copied, played.ports))
    assert entries("en")["simulated"].format(n=DEVICES) in banner(up, "en")
    assert [each["id"] for each in up.items("sweeps") if each["plan_name"]] == [each["id"] for each in played.sweeps]
    assert [each["next_at"] for each in up.get("sweep-plans")] == [None]


def test_another_number_of_devices_is_refused(copied: Path) -> None:
    done = subprocess.run(
        words(copied, free_ports(), DEVICES + 1), capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert (done.returncode, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    assert f"--demo {DEVICES}" in line
