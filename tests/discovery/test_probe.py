"""A sweep as a process of its own: frames out, one task and a word in, and nothing of a secret anywhere but there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.assignment import read
from discovery.credentials import Community, SnmpUser
from discovery.explore import Explored, Section
from discovery.identify import Identified
from discovery.lab import Lab
from discovery.lab.estate import estate
from discovery.lab.running import Doors, simulated
from discovery.leases import BadTask
from discovery.ledger import Row
from discovery.outcome import Outcome
from discovery.plan import plan
from discovery.sweep import Progress
from discovery.telling import Place, State, frames
from wire.observation import Status
from wire.sections import MAX_BODY_BYTES, SECTIONS, check

SECRET = "larch-and-cedar"
FIRST, DEVICES = "127.73.0.1", 4


def task(**other: Any) -> dict[str, Any]:
    lease = {"uid": "c1", "kind": "snmp_community", "secret": {"community": SECRET}, "ranges": ["127.73.0.0/16"],
             "vendors": [], "silent": False, "unpinned": False}  # fmt: skip
    return {"uid": "s", "zone": "", "ranges": ["127.73.0.0/29"], "exclusions": [], "until": "identify", "rate_pps": 0,
            "timeout_ms": 1500, "snmp_port": 161, "seed": 3, "cursor": "", "leases": [lease],
            "known": [], "secrets_key": "", "ports": {}} | other  # fmt: skip


@dataclass
class Process:
    """A running probe."""

    popen: asyncio.subprocess.Process
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def next(self) -> dict[str, Any] | None:
        assert self.popen.stdout
        line = await asyncio.wait_for(self.popen.stdout.readline(), 60)
        if not line:
            return None
        head: dict[str, Any] = json.loads(line)
        body = await self.popen.stdout.readexactly(head["bytes"])
        at = 0
        for section in head.get("sections", []):
            section["body"] = json.loads(body[at : at + section["bytes"]] or "null")
            at += section["bytes"]
        assert at == len(body)
        self.frames.append(head)
        return head

    async def rest(self) -> list[dict[str, Any]]:
        while await self.next():
            pass
        return self.frames

    def say(self, line: bytes) -> None:
        assert self.popen.stdin
        self.popen.stdin.write(line + b"\n")


@contextlib.asynccontextmanager
async def started(said: object) -> AsyncIterator[Process]:
    popen = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "discovery.probe", stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=1 << 24
    )
    process = Process(popen)
    process.say(json.dumps(said).encode())
    try:
        yield process
    finally:
        if popen.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                popen.kill()
        await popen.communicate()


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    devices = simulated(estate(DEVICES, 0), FIRST)
    async with Lab(devices, Doors(communities=frozenset({SECRET}))) as running:
        yield running


async def test_each_address_ends_in_a_row_and_each_device_in_sections_of_the_catalogue(lab: Lab) -> None:
    async with started(task(snmp_port=lab.port)) as process:
        told = await process.rest()
    assert (told[0]["ready"], told[-1]["ended"], told[-1]["cursor"]) == (True, "", "6")
    rows = {each["row"]["address"]: each["row"] for each in told if "row" in each}
    assert set(rows) == {f"127.73.0.{n}" for n in range(1, 7)}
    assert {rows[f"127.73.0.{n}"]["cause"] for n in (5, 6)} == {"no_answer"}
    for each in told:
        if each.get("sections"):
            (device,) = [section for section in each["sections"] if section["name"] == "device"]
            assert check(SECTIONS["device"], device["body"]) == device["body"]
            assert not device["complete"], "identification does not say all there is to say of a device"
            found = json.loads(each["row"]["found_json"])
            assert (found["serial"], found["class"]) == (device["body"]["serial"], device["body"]["class"])
            assert each["row"]["credential"] == "c1"
    assert told[-1]["counts"]["identified"] == DEVICES


async def test_a_sweep_goes_on_from_a_cursor_and_asks_nobody_twice(lab: Lab) -> None:
    order = list(plan(["127.73.0.0/29"], seed=3).addresses())
    async with started(task(snmp_port=lab.port, cursor="4")) as process:
        told = await process.rest()
    assert {each["row"]["address"] for each in told if "row" in each} == set(order[4:])
    assert told[-1]["cursor"] == "6"


async def test_a_word_ends_it_and_what_was_not_swept_is_before_no_cursor(lab: Lab) -> None:
    async with started(task(snmp_port=lab.port, ranges=["127.73.0.0/16"], rate_pps=20)) as process:
        assert await process.next() == {"ready": True, "bytes": 0}
        process.say(b"cancel")
        told = await asyncio.wait_for(process.rest(), 120)  # the whole sweep would take hours
    assert (told[-1]["ended"], int(told[-1]["cursor"]) < 10) == ("cancelled", True)


async def test_it_goes_when_nobody_is_there_to_tell(lab: Lab) -> None:
    async with started(task(snmp_port=lab.port, ranges=["127.73.0.0/16"], rate_pps=20)) as process:
        await process.next()
        assert process.popen.stdin
        process.popen.stdin.close()
        assert await asyncio.wait_for(process.popen.wait(), 60) is not None


async def test_a_task_that_is_none_is_named_and_shows_no_secret() -> None:
    async with started(task(ranges=["nowhere"])) as process:
        told = await process.rest()
        assert await process.popen.wait() == 2
    assert [list(each) for each in told] == [["failed", "bytes"]]
    assert "nowhere" in told[0]["failed"]
    assert SECRET not in json.dumps(told)


# --- the task


def lease(kind: str, **secret: str) -> dict[str, Any]:
    return {"uid": "c", "kind": kind, "secret": secret, "ranges": ["192.0.2.0/24"], "vendors": ["Huawei"]}


def test_what_is_lent_becomes_credentials_with_their_scope() -> None:
    leases = [
        lease("snmp_community", community=SECRET),
        lease("snmp_user", user="u", auth="sha256", auth_key="larch-cedar", priv="aes128", priv_key="birch-maple"),
        lease("ssh", user="u", password=SECRET), lease("ssh", user="u", key="-----BEGIN"),
        lease("redfish", user="u", password=SECRET), lease("nut", user="u", password=SECRET),
    ]  # fmt: skip
    found = read(json.dumps(task(leases=leases, rate_pps=100, timeout_ms=0)).encode())
    kinds = [each.kind for each in found.access.credentials]
    assert kinds == ["snmp_community", "snmp_user", "ssh_password", "ssh_key", "redfish", "nut"]
    first, user = found.access.credentials[:2]
    assert isinstance(first.holds, Community)
    assert isinstance(user.holds, SnmpUser)
    assert (first.holds.name.reveal(), user.holds.auth, user.holds.priv) == (SECRET, "sha256", "aes128")
    assert first.scope.covers("192.0.2.9", "", "huawei")
    assert not first.scope.covers("192.0.2.9", "", "Cisco")
    assert not first.scope.covers("198.51.100.9", "", "Huawei")
    assert (found.limits.rate, found.limits.timeout, SECRET in repr(found)) == (100.0, 1.5, False)


@pytest.mark.parametrize("bad", [
    {"until": "dawn"}, {"snmp_port": 0}, {"snmp_port": "161"}, {"ranges": "192.0.2.0/24"},
    {"ranges": ["2001:db8::/32"]}, {"cursor": "-1"}, {"cursor": "a"}, {"rate_pps": -1}, {"timeout_ms": True},
    {"seed": 2**64}, {"leases": [7]}, {"secrets_key": "00"}, {"secrets_key": "x"}, {"secrets_key": 7},
    {"ports": {"telnet": 23}}, {"ports": {"ssh": 0}}, {"ports": {"ssh": True}}, {"ports": 22},
    {"leases": [lease("password", password=SECRET)]}, {"leases": [lease("snmp_community")]},
    {"leases": [lease("snmp_community", community=SECRET * 100)]},
    {"leases": [lease("snmp_user", user="u", auth="rot13", auth_key=SECRET)]},
    {"leases": [lease("snmp_user", user="u", priv="aes128", priv_key=SECRET)]},
    {"leases": [lease("snmp_user", user="u", auth="sha256", auth_key="short")]},
    {"leases": [lease("ssh", user="u")]}, {"leases": [lease("nut", password=SECRET)]},
    {"leases": [lease("redfish", user="u", password=SECRET) | {"ranges": ["elsewhere"]}]},
])  # fmt: skip
def test_a_task_that_cannot_be_swept_is_one_clear_error_without_a_secret(bad: dict[str, Any]) -> None:
    with pytest.raises(BadTask) as caught:
        read(json.dumps(task(**bad)).encode())
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(task())), _json, max_size=4), st.booleans())
def test_any_json_is_a_task_or_bad(changed: dict[str, Any], whole: bool) -> None:
    with contextlib.suppress(BadTask):
        read(json.dumps({**(task() if whole else {}), **changed}).encode())


@given(st.binary(max_size=60))
def test_any_line_is_a_task_or_bad(line: bytes) -> None:
    with contextlib.suppress(BadTask):
        read(line)


# --- what is told


def test_the_cursor_passes_no_target_that_is_still_under_way() -> None:
    swept = plan(["192.0.2.0/29"], seed=1)
    order = list(swept.addresses())
    place = Place(swept)
    cursors = []
    for address in (order[1], order[2], order[0], order[5], order[3], order[4]):
        place.passed(address)
        cursors.append(place.cursor)
    assert cursors == [0, 0, 3, 3, 4, 6]


def test_more_than_a_frame_may_carry_goes_into_several_and_the_row_comes_last() -> None:
    known = Identified("generic", "network", "switch", None, None, None, None, None, "sw", None)
    rows = [{"name": f"port-{number}", "alias": "x" * 500} for number in range(5_000)]
    sections = tuple(Section(name, Status.OK, True, rows) for name in ("interfaces", "components"))
    outcome = Outcome(Row("192.0.2.1", "explore", True), identified=known, explored=Explored(sections, {}))
    told = []
    for each in frames(outcome, 7, State(1, Progress(1))):
        line, _, body = each.partition(b"\n")
        told.append(json.loads(line))
        assert len(body) == told[-1]["bytes"] <= MAX_BODY_BYTES
    assert [[section["name"] for section in each["sections"]] for each in told] == [
        ["device", "interfaces"], ["components"],
    ]  # fmt: skip
    assert ["row" in each for each in told] == [False, True]
