"""A package is installed while `up` runs: finding, incident and delivery within a minute, and all of it undone."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from collector.change.covering import RECORD_WITHIN_MS
from tests.collector.delivery.receiver import Receiver
from tests.flow import debs
from tests.flow.running import Up

pytestmark = [
    pytest.mark.xdist_group("this machine"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root installs a package"),
    pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg is not installed"),
]
WITHIN_S = 60.0
ONCE_MORE_S = 3.0
HARMLESS, FORBIDDEN, RULE = "muster-flow-probe", "talkd", "SEC-SW-001"


@pytest.fixture
def package(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of a package that is not installed, and will not be."""
    name = str(request.param)
    if debs.is_installed(name):
        pytest.skip(f"{name} is installed on this machine")
    deb = debs.build(tmp_path, name)
    yield name, deb
    if debs.is_installed(name):
        debs.dpkg("--purge", name)


def finding_of(up: Up, name: str) -> Any:
    """Return the newest finding that names the package, None while there is none."""
    for found in up.items("findings"):
        if any((item["section"], item["key"]) == ("packages", f"{name}|all") for item in found["items"]):
            return found
    return None


def told_of(up: Up, number: str, name: str) -> bool:
    """Return whether an incident tells of the package now: other software of this machine may keep it open."""
    found = up.get(f"incidents/{number}")
    return found["state"] != "resolved" and found["detail"].get("instance") == name


def incidents_of(up: Up, name: str) -> list[Any]:
    """Return the incidents whose cause is the package: what moved without a change, the broken rule."""
    number = finding_of(up, name)["id"]
    return [
        each
        for each in up.items("incidents")
        if each["detail"].get("finding") == number or each["detail"].get("instance") == name
    ]


def times(receiver: Receiver, number: str, event: str) -> int:
    """Return how often it was told; what follows the opening is told with its moment."""
    return [key.partition("@")[0] for key in receiver.keys].count(f"incident|{number}|{event}")


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def install(up: Up, package: tuple[str, Path]) -> tuple[float, float]:
    """Install it once this machine's inventory stands; return when that began and ended, Unix seconds."""
    up.until(up.host, WITHIN_S, "CI of this machine")
    up.until(lambda: not (finding_of(up, package[0]) or {}).get("is_open"), WITHIN_S, "end of an earlier finding")
    began = time.time()
    debs.dpkg("-i", package[1])
    return began, time.time()


@pytest.mark.parametrize("package", [HARMLESS], indirect=True)
def test_an_installed_package_is_a_finding_with_bracket_and_both_values(up: Up, package: tuple[str, Path]) -> None:
    name, _ = package
    began, ended = install(up, package)
    finding = up.until(lambda: finding_of(up, name), WITHIN_S, "finding")
    print(f"a finding {time.time() - ended:.1f} s after dpkg ended")
    assert (finding["verdict"], finding["is_open"]) == ("pending", True), "an emergency may still be recorded"
    assert moment(finding["due_at"]) - moment(finding["first_after_at"]) == RECORD_WITHIN_MS / 1000
    item = next(item for item in finding["items"] if item["key"] == f"{name}|all")
    assert item["before"] is None
    assert item["after"]["version"] == debs.VERSION
    assert moment(item["last_before_at"]) <= ended
    assert moment(item["first_after_at"]) >= began
    history = up.items(f"cis/{finding['ci']['id']}/history?section=packages&arrival=false")
    assert [step["after"]["version"] for step in history if step["key"] == f"{name}|all"] == [debs.VERSION]
    debs.dpkg("--purge", name)
    up.until(lambda: not finding_of(up, name)["is_open"], WITHIN_S, "end of the finding")


@pytest.mark.parametrize("package", [HARMLESS], indirect=True)
def test_it_is_one_incident_delivered_once_and_resolved_with_its_removal(
    up: Up, receiver: Receiver, package: tuple[str, Path]
) -> None:
    name, _ = package
    _, ended = install(up, package)
    up.until(lambda: (finding_of(up, name) or {}).get("is_open"), WITHIN_S, "finding")
    (incident,) = up.until(lambda: incidents_of(up, name), WITHIN_S, "incident")
    assert (incident["kind"], incident["severity"], incident["state"]) == ("unapproved_change", "notice", "assigned")
    up.until(lambda: times(receiver, incident["id"], "opened"), WITHIN_S, "delivery")
    print(f"delivered {time.time() - ended:.1f} s after dpkg ended")
    told = next(each for each in receiver.posted if each.headers["Idempotency-Key"].split("|")[1] == incident["id"])
    assert json.loads(told.body)["incident"]["number"] == incident["id"]

    debs.dpkg("--purge", name)
    removed = time.time()
    up.until(lambda: finding_of(up, name)["verdict"] == "reverted", WITHIN_S, "reverted finding")
    up.until(lambda: times(receiver, incident["id"], "resolved"), WITHIN_S, "delivery of the end")
    print(f"reverted, resolved and delivered {time.time() - removed:.1f} s after dpkg ended")
    time.sleep(ONCE_MORE_S)
    assert [each["state"] for each in incidents_of(up, name)] == ["resolved"]
    assert [times(receiver, incident["id"], event) for event in ("opened", "resolved")] == [1, 1]


@pytest.mark.parametrize("package", [FORBIDDEN], indirect=True)
def test_a_forbidden_package_also_breaks_a_rule_whose_incident_is_that_of_all_such_alarms_of_the_host(
    up: Up, receiver: Receiver, package: tuple[str, Path]
) -> None:
    name, _ = package
    install(up, package)
    up.until(lambda: finding_of(up, name) and len(incidents_of(up, name)) > 1, WITHIN_S, "second incident")
    both = {each["kind"]: each["id"] for each in incidents_of(up, name)}
    assert both.keys() == {"unapproved_change", "alert"}
    results = [each for each in up.items(f"results?rule={RULE}") if each["instance"] == name]
    assert [each["outcome"] for each in results] == ["PROBLEM"]

    debs.dpkg("--purge", name)
    up.until(lambda: times(receiver, both["unapproved_change"], "resolved"), WITHIN_S, "delivery of the end")
    up.until(lambda: not told_of(up, both["alert"], name), WITHIN_S, "end of the alarm")
    assert [times(receiver, number, "opened") for number in both.values()] == [1, 1]
