"""A sweep as a person asks for one: plan and credentials by the API, the local agent as the probe, CIs in the end."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.flow.lab import COMMUNITY, Lab
from tests.flow.running import Up

pytestmark = pytest.mark.xdist_group("this machine")
FIRST, DEVICES = "127.71.0.1", 10
SECRET = "birch-that-is-wrong"  # of the address it is in scope for
WITHIN_S = 120.0
MOST_BYTES = 45_000_000


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("lab"), FIRST, DEVICES)
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def credentials(up: Up, lab: Lab) -> dict[str, str]:
    """Credentials by name: one that is right for all but the last device, one that is wrong for that."""
    return {
        name: up.post("credentials", {"name": name, "kind": "snmp_community", "secret": {"community": secret},
                                      "scope": {"ranges": ranges}})["id"]
        for name, secret, ranges in (("right", COMMUNITY, lab.addresses[:-1]), ("wrong", SECRET, lab.addresses[-1:]))
    }  # fmt: skip


def begin(up: Up, lab: Lab, name: str, **settings: Any) -> str:
    """Make a plan for the lab and start it; return the sweep's id."""
    said = {"ranges": [f"{lab.addresses[0]}-{lab.addresses[-1]}"], "snmp_port": lab.port, "timeout_ms": 1_000}
    plan = up.post("sweep-plans", {"name": name, "settings": said | settings})
    return str(up.post("sweeps", {"plan": plan["id"]})["id"])


def ended(up: Up, sweep: str) -> Any:
    def over() -> Any:
        found = up.get(f"sweeps/{sweep}")
        return found if found["ended_at"] else None

    return up.until(over, WITHIN_S, "end of the sweep")


def ledger(up: Up, sweep: str) -> dict[str, Any]:
    return {row["address"]: row for row in up.items(f"sweeps/{sweep}/targets")}


def probe(up: Up) -> psutil.Process | None:
    """Return the running local agent."""
    return next((each for each in up.processes() if "--probe" in each.cmdline()), None)


@pytest.fixture(scope="module")
def swept(up: Up, lab: Lab, credentials: dict[str, str]) -> str:
    sweep = begin(up, lab, "campus", until="explore")
    found = ended(up, sweep)
    assert (found["state"], found["reason"]) == ("done", "")
    print(found["counts"])
    return sweep


def proposed(up: Up, name: str) -> Any:
    """Return the CI of a device, once the pipeline has made it."""
    return up.until(
        lambda: next((each for each in up.items("cis?state=proposed") if each["name"] == name), None), 30.0, name
    )


def test_every_device_of_the_lab_stands_as_a_proposed_ci(up: Up, lab: Lab, swept: str) -> None:
    rows = ledger(up, swept)
    for address in lab.addresses[:-1]:
        found = rows[address]["found"]
        ci = proposed(up, found["name"])
        assert (ci["class"], ci["type"]) == (found["class"], found["type"])
        said = _device(up, ci["id"])
        assert {name: said[name] for name in ("vendor", "model", "serial")} == {
            name: found[name] for name in ("vendor", "model", "serial")
        }
        assert _section(up, ci["id"], "interfaces")["facts"]
    print(f"{len(rows)} targets, {len(lab.addresses) - 1} CIs")


def _device(up: Up, ci: str) -> dict[str, Any]:
    return {fact["key"]: fact["value"] for fact in _section(up, ci, "device")["facts"]}


def _section(up: Up, ci: str, name: str) -> Any:
    return up.until(
        lambda: next((each for each in up.get(f"cis/{ci}")["sections"] if each["name"] == name), None), 30.0, name
    )


def test_one_that_takes_no_credential_ends_in_the_ledger_with_its_cause(
    up: Up, lab: Lab, swept: str, credentials: dict[str, str]
) -> None:
    rows = ledger(up, swept)
    assert set(rows) == set(lab.addresses)
    row = rows[lab.addresses[-1]]
    assert (row["cause"], row["stage"], row["credential"]) == ("credential_refused", "authenticate", None)
    assert {rows[each]["credential"] for each in lab.addresses[:-1]} == {credentials["right"]}
    assert {rows[each]["cause"] for each in lab.addresses[:-1]} == {None}


def test_a_second_sweep_asks_a_fraction_and_what_stands_still_is_confirmed(up: Up, lab: Lab, swept: str) -> None:
    first = lab.asked()
    addresses = lab.addresses[:-1]
    rows = ledger(up, swept)
    names = {address: rows[address]["found"]["name"] for address in addresses}
    known = {address: _section(up, proposed(up, names[address])["id"], "interfaces") for address in addresses}
    assert ended(up, begin(up, lab, "campus again", until="explore"))["state"] == "done"
    second = {address: asked - first[address] for address, asked in lab.asked().items()}
    asked = sum(second[each] for each in addresses), sum(first[each] for each in addresses)
    print(f"questions: {asked[1]} the first time, {asked[0]} the second")
    assert asked[0] < 0.7 * asked[1]
    for address in addresses:
        ci, before = proposed(up, names[address])["id"], known[address]
        again = up.until(lambda ci=ci, before=before: _confirmed(up, ci, before), 30.0, f"confirmation of {address}")
        assert again["facts"] == before["facts"]


def _confirmed(up: Up, ci: str, before: Any) -> Any:
    """Return the interfaces of a CI once they were confirmed after `before`."""
    found = _section(up, ci, "interfaces")
    return found if found["sources"][0]["last_ok"] > before["sources"][0]["last_ok"] else None


def test_no_secret_is_written_anywhere_or_shown_in_a_command_line(up: Up, swept: str) -> None:
    for path in up.data.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert COMMUNITY.encode() not in data, path
            assert SECRET.encode() not in data, path


def test_the_agent_stays_small_while_it_is_a_probe(up: Up, swept: str) -> None:
    agent = probe(up)
    assert agent
    rss = agent.memory_info().rss
    print(f"{rss / 1e6:.1f} MB")
    assert rss < MOST_BYTES


def test_a_sweep_that_is_cancelled_ends_within_moments(up: Up, lab: Lab, credentials: dict[str, str]) -> None:
    sweep = begin(up, lab, "slow", rate=1, ranges=["127.72.0.0/16"])
    up.until(lambda: up.get(f"sweeps/{sweep}")["state"] == "running", 30.0, "running sweep")
    up.until(lambda: _child(up), 30.0, "process of the sweep")
    up.post(f"sweeps/{sweep}/cancel", {})
    up.until(lambda: not _child(up), 20.0, "end of its process")
    assert up.get(f"sweeps/{sweep}")["state"] == "cancelled"


def _child(up: Up) -> psutil.Process | None:
    def is_sweep(each: psutil.Process) -> bool:
        try:
            return "discovery.probe" in each.cmdline()
        except psutil.Error:
            return False

    return next(filter(is_sweep, up.processes()), None)


def test_killing_the_agent_in_the_middle_loses_nothing_and_the_sweep_goes_on(
    up: Up, lab: Lab, credentials: dict[str, str]
) -> None:
    for number, address in enumerate(lab.addresses):
        lab.do(do="delay", address=address, seconds=0.02 + 0.1 * number)
    try:
        sweep = begin(up, lab, "killed", until="explore")
        up.until(lambda: ledger(up, sweep), WITHIN_S, "first row")
        agent = probe(up)
        assert agent
        before = set(ledger(up, sweep))
        os.kill(agent.pid, signal.SIGKILL)
        up.until(lambda: len(begun(up, sweep)) == 2, 60.0, "sweep that goes on")
    finally:
        lab.do(do="delay", address="*", seconds=0)
    assert len(before) < DEVICES, "it was over before it was killed"
    assert ended(up, sweep)["state"] == "done"
    rows = ledger(up, sweep)
    assert set(rows) == set(lab.addresses)
    assert {row["stage"] for address, row in rows.items() if address != lab.addresses[-1]} == {"explore"}
    print(f"{len(before)} rows before, begun at {begun(up, sweep)}")
    for address in lab.addresses[:-1]:
        proposed(up, rows[address]["found"]["name"])


def begun(up: Up, sweep: str) -> list[str]:
    """Return the cursors the local agent began the sweep at."""
    lines = [json.loads(line) for line in (up.data / "agent" / "agent.log").read_text().splitlines() if line[:1] == "{"]
    return [each["from"] for each in lines if each["says"] == "a sweep begins" and each["sweep"] == sweep]
