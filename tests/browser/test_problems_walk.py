"""What keeps coming back: line one sees an alert; the third incident of a month is a problem, and led to its end."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from collector.clock import now
from tests.bench.programs import ask, collector
from tests.browser.conftest import Visit
from tests.browser.served import Served
from tests.browser.test_incident_walk import LATER_MS
from tests.browser.test_screen_sizes import PHONE
from tests.browser.visitor import Visitor
from tests.browser.wire_agents import Told, admit, aside, tell
from tests.conftest import free_port
from tests.simulated import SimulatedHost

RULE, ONE = "SRV-SMART-001", "PRB-000001"
WEEK_MS = 7 * 86_400_000
CAUSE, WAY, SOLUTION = "a loose contact of the backplane", "reseat the disk", "backplane replaced by the vendor"


class Room:
    """A collector with one server, whose disk fails and is well again as we say."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.machines = aside(admit(self.data, [()]))
        ports = (free_port(), free_port(), free_port())
        self.program, (_, self.port, _) = collector(self.data, folder / "log", ports)
        self.host, self.said, self.served = SimulatedHost(1), 0, Served(self.data)
        self.host.bodies["disks"][0]["model"] = "ST1200MM0099"

    def disk(self, health: str) -> None:
        """Let the agent see the disk so; return when that is judged."""
        self.host.bodies["disks"][0]["health"] = health
        told = Told([self.host.observe(now(), full=True)], self.host.hostname)
        aside(tell(self.data, self.port, self.machines, [told], self.said + 1))
        self.said += 1

    def incident(self) -> str:
        """Let the disk fail; return the number of the incident that is open for it."""
        self.disk("failed")
        (found,) = [each for each in self.served.items("incidents?state=new") if each["detail"].get("rule") == RULE]
        return str(found["number"])

    def await_problem(self) -> None:
        """Return when one is proposed: the clock looks every quarter of a minute."""
        end = time.monotonic() + LATER_MS / 1000
        while not self.served.items("problems"):
            assert time.monotonic() < end, "nothing is proposed"
            time.sleep(0.1)

    def week(self) -> None:
        """Let the disk be well, and all incidents have been a week earlier."""
        self.disk("passed")
        with sqlite3.connect(self.data / "muster.db", timeout=20) as store:
            store.execute("PRAGMA wal_autocheckpoint=0")
            for column in ("opened_at", "resolved_at"):
                store.execute(f"UPDATE incident SET {column} = {column} - {WEEK_MS}")
            store.execute(f"UPDATE incident_interval SET since = since - {WEEK_MS}, until = until - {WEEK_MS}")
            store.execute(f"UPDATE incident_step SET at = at - {WEEK_MS}")
        store.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    for name, role in (("ann", "service_desk"), ("bob", "engineer"), ("meg", "incident_manager")):
        room.served.add_account(name, role)
    yield room
    room.program.stop()


def comes(room: Room, visit: Visit, name: str, **options: Any) -> Visitor:
    return visit(room.served, link=room.served.link(name), **options)


def sees(who: Visitor, incident: str, why: str) -> None:
    """Go from the incident to its alert, say to have seen it, and find that in all places it is asked."""
    nobody = f"/results?ack=nobody&rule={RULE}"
    who.go(nobody)
    expect(who.page.locator("table.list tbody tr")).to_have_count(1)
    who.go(f"/incidents/{incident}")
    who.page.locator(f"a[href^='/results/{RULE}/']").click()
    who.page.locator("details.act summary").click()
    who.page.locator("input[name=reason]").fill(why)
    who.page.get_by_role("button", name=who.says("alert_act.acknowledge")).click()
    said = who.page.locator("dd", has_text=why)
    expect(said).to_contain_text("ann")
    expect(said.locator("time")).to_be_visible()
    who.page.get_by_role("link", name=incident).click()
    expect(who.page.locator(".items .tag", has_text=who.says("alert.seen_by", who="ann"))).to_be_visible()
    who.go(nobody)
    expect(who.page.locator("table.list")).to_have_count(0)


def note(who: Visitor, incident: str) -> Locator:
    """Return what the page of an incident says of its problem, looked at anew."""
    who.go(f"/incidents/{incident}")
    return who.page.locator(".note", has=who.page.locator(f"a[href='/problems/{ONE}']"))


def does(who: Visitor, act: str, after: str) -> None:
    """Do one act on the page of the problem, and see its state after it."""
    who.go(f"/problems/{ONE}")
    who.page.get_by_role("button", name=who.says(f"problem_act.{act}"), exact=True).click()
    expect(who.page.locator(".head .badge")).to_have_text(who.says(f"problem_state.{after}"))
    assert not who.is_wider_than_the_screen


def writes(who: Visitor, **texts: str) -> None:
    """Write what is known of the problem."""
    who.go(f"/problems/{ONE}")
    who.page.get_by_text(who.says("action.change"), exact=True).click()
    for name, text in texts.items():
        who.page.locator(f"textarea[name={name}]").fill(text)
    who.page.get_by_role("button", name=who.says("action.save")).first.click()
    expect(who.page.locator("p.lines", has_text=text)).to_be_visible()


def test_what_comes_a_third_time_is_a_problem_and_led_to_its_end(room: Room, visit: Visit) -> None:
    ann, bob = comes(room, visit, "ann"), comes(room, visit, "bob", color_scheme="dark")
    meg = comes(room, visit, "meg", language="zh-CN", **PHONE)

    first = room.incident()
    sees(ann, first, "a new disk is on its way")
    room.week()
    second = room.incident()
    expect(note(ann, second)).to_have_count(0)
    room.week()
    third = room.incident()
    room.await_problem()
    expect(note(ann, third)).to_contain_text(ann.says("problem_state.proposed"))
    expect(ann.page.get_by_role("link", name=second)).to_be_visible()

    meg.go("/incidents")
    meg.page.get_by_role("link", name=meg.says("problems.proposed", n="1")).click()
    meg.page.get_by_role("link", name=ONE).click()
    for number in (first, second, third):
        expect(meg.page.locator("table.list").get_by_role("link", name=number)).to_be_visible()
    does(meg, "accept", "open")
    expect(note(ann, third)).to_contain_text(ann.says("problem_state.open"))

    writes(bob, cause=CAUSE, workaround=WAY)
    does(bob, "know", "known_error")
    expect(note(ann, third)).to_contain_text(WAY)
    reported = ask(room.data, "my/reports", {"title": "The server is slow again"})["number"]
    ann.go(f"/problems/{ONE}")
    ann.page.locator("input[name=incident]:not([type=hidden])").fill(reported)
    ann.page.locator("button[value=link]").click()
    expect(note(ann, reported)).to_contain_text(WAY)

    writes(bob, solution=SOLUTION)
    does(bob, "resolve", "resolved")
    expect(note(ann, third)).to_contain_text(ann.says("problem_state.resolved"))
    does(meg, "close", "closed")
    expect(note(ann, third)).to_contain_text(ann.says("problem_state.closed"))
    ann.go(f"/search?q={ONE}")
    ann.page.get_by_role("link", name=ONE).click()
    expect(ann.page.locator("main")).to_contain_text(SOLUTION)
    expect(ann.page.locator("main")).to_contain_text(ann.says("incident.nothing_to_do"))
