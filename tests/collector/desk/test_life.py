"""The life of incidents as a whole: random alarms, people, clocks and restarts against a book kept in plain words.

The book knows nothing of the program: it walks the minutes for the clocks, and keeps who may do what as short lists.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from collector import incident as planning
from collector import workcalendar
from collector.desk import table
from collector.desk.flow import Deed
from collector.desk.lifecycle import Denied
from collector.model import Cause
from collector.security.audit import Actor, acting
from collector.services.incidents import admitting, seen
from collector.services.incidents.desk import ServiceDesk, Wish, person_of
from collector.services.incidents.watch import Watch
from collector.services.refused import Refused
from collector.store import accounts, incidents
from collector.store.engine import Store, open_store, sqlite_url
from collector.store.migrate import migrate
from tests.collector.desk.walking import walk
from tests.store.ground import with_cis

RULES = Path(__file__).parents[3] / "rules"
TABLE = table.load(RULES / "desk.yaml", workcalendar.load(RULES / "calendars"))
HOUR = 3_600_000
START = int(dt.datetime(2026, 2, 12, 14, tzinfo=dt.timezone(dt.timedelta(hours=8))).timestamp() * 1000)
"""The Thursday before the spring festival: days off, make-up days and weekends are all near."""
PEOPLE = {
    "ann": "service_desk", "bob": "engineer", "cleo": "specialist", "meg": "incident_manager", "uma": "viewer"
}  # fmt: skip
LINE_OF = {"ann": 1, "bob": 2, "cleo": 3}
OPEN = ("new", "assigned", "in_progress", "pending")
MAY = {
    # act: (from which states, to which state); who, is below
    "take": (OPEN, "in_progress"), "hand_on": (OPEN, "assigned"), "wait": (("assigned", "in_progress"), "pending"),
    "resume": (("pending",), "in_progress"), "resolve": (OPEN[1:], "resolved"), "close": (("resolved",), "closed"),
    "reopen": (("resolved", "closed"), "assigned"), "cancel": (OPEN, "cancelled"),
}  # fmt: skip
ALLOWED = {"response": 540 * 60_000, "resolution": 2700 * 60_000}
"""Of P4 in ms of working time: what every incident here has."""


@dataclass
class Page:
    """One incident as the book has it."""

    key: str
    state: str = "new"
    line: int = 1
    assignee: str = ""
    reopened: int = 0
    resolved_at: int | None = None
    by_itself: bool = False
    is_there: bool = True
    parent: str = ""
    here_since: int | None = None
    """Since when it is nobody's and waits with its line."""
    left: set[int] = field(default_factory=set)
    spans: list[tuple[str, str, int, int | None]] = field(default_factory=list)

    def turn(self, state: str, at: int, reason: str = "") -> None:
        if self.spans:
            last = self.spans[-1]
            self.spans[-1] = (*last[:3], at)
        self.state = state
        if state not in ("new", "assigned") or self.assignee:
            self.here_since = None
        elif self.here_since is None:
            self.here_since = at
        self.spans.append((state, reason, at, None))


def may(who: str, page: Page, act: str) -> bool:
    is_line = LINE_OF.get(who) == page.line or who == page.assignee
    if act == "take":
        return is_line or who == "meg"
    if act in ("reopen", "close", "cancel"):
        return who in ("ann", "meg")
    return is_line or who in ("ann", "meg")


class Life(RuleBasedStateMachine):
    """Does the same to the program and to the book, and looks whether they say the same."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.now = START
        self.pages: dict[str, Page] = {}
        self.causes: set[str] = set()
        self.store: Store

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(doing)

    @initialize()
    def begin(self) -> None:
        self.store = open_store(sqlite_url(Path(self.folder.name) / "muster.db"))
        self.run(self._filled())

    async def _filled(self) -> None:
        await migrate(self.store)
        await with_cis(self.store, 1)
        async with self.store.write() as tx:
            for name, role in PEOPLE.items():
                await accounts.add(tx, name, (role,), 0)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()

    # --- what happens

    @rule(length=st.integers(1, 30 * HOUR))
    def time_passes(self, length: int) -> None:
        self.now += length
        self.run(Watch(self.store, TABLE, lambda: self.now).step())
        for page in self.pages.values():
            if (
                page.here_since is not None and page.line < 3 and page.line not in page.left
                and walk(page.here_since, self.now) >= 2 * ALLOWED["response"]
            ):  # fmt: skip
                page.left.add(page.line)
                page.line, page.here_since = page.line + 1, self.now
            if page.state == "resolved" and walk(page.resolved_at or 0, self.now) >= 24 * HOUR:
                page.turn(
                    "assigned" if page.is_there and page.assignee else "new" if page.is_there else "closed", self.now
                )
                if page.is_there:
                    page.reopened, page.resolved_at = page.reopened + 1, None

    @rule()
    def it_restarts(self) -> None:
        self.run(self.store.close())
        self.store = open_store(sqlite_url(Path(self.folder.name) / "muster.db"))

    @rule(present=st.sets(st.sampled_from("abc")))
    def alarms_come_and_go(self, present: set[str]) -> None:
        self.now += 1
        self.run(self._settled(present))
        over = []
        for number, page in list(self.pages.items()):
            if page.is_there and page.key not in present:
                page.is_there = False
                if page.state in ("new", "assigned"):
                    page.turn("resolved", self.now)
                    page.resolved_at, page.by_itself = self.now, True
                    over.append(number)
            self.pages[number] = page
        for key in sorted(present):
            self._fires(key)
        self._follow(over, by_itself=True)
        self.causes = set(present)

    def _follow(self, over: list[str], by_itself: bool) -> None:
        """Resolve in the book what stands under these, and under that."""
        while over:
            above, over = over, []
            for number, page in self.pages.items():
                is_held = page.is_there or (by_itself and page.state not in ("new", "assigned"))
                if page.parent in above and page.resolved_at is None and not is_held:
                    page.turn("resolved", self.now)
                    page.resolved_at = self.now
                    over.append(number)

    @precondition(lambda self: len(self.pages) > 1)
    @rule(child=st.integers(0, 50), parent=st.integers(0, 50))
    def one_is_put_under_another(self, child: int, parent: int) -> None:
        self.now += 1
        numbers = sorted(self.pages)
        below, above = numbers[child % len(numbers)], numbers[parent % len(numbers)]
        chain = [above]
        while up := self.pages[chain[-1]].parent:
            chain.append(up)
        is_done = self.run(self._put(below, above))
        assert is_done == (below not in chain), (below, chain)
        if is_done:
            self.pages[below].parent = above

    async def _put(self, below: str, above: str) -> bool:
        try:
            async with acting(self.store, Actor("ann", "page"), lambda: self.now) as doing:
                await ServiceDesk(TABLE).set_parent(doing, person_of("ann", (PEOPLE["ann"],)), below, above)
        except (Denied, Refused):
            return False
        return True

    def _fires(self, key: str) -> None:
        its = [page for page in self.pages.values() if page.key == key]
        if any(page.is_there for page in its):
            return
        still = [page for page in its if page.resolved_at is None]
        recent = [
            page for page in its
            if page.resolved_at is not None and self.now - page.resolved_at <= 24 * HOUR and page.state != "cancelled"
        ]  # fmt: skip
        if still:
            still[0].is_there = True
        elif recent:
            page = recent[-1]
            page.turn("assigned" if page.assignee else "new", self.now)
            page.reopened, page.resolved_at, page.is_there = page.reopened + 1, None, True
        else:
            page = Page(key)
            page.turn("new", self.now)
            self.pages[f"INC-{len(self.pages) + 1:06d}"] = page

    async def _settled(self, present: set[str]) -> None:
        causes = [
            Cause(key, 1, "alert", "warning", {"zh": key, "en": key}, {}, self.now, line=1) for key in sorted(present)
        ]
        async with self.store.write() as tx:
            held = await incidents.held_of(tx, [1], causes, self.now)
            plan = planning.plan(held, causes, self.now)
            await incidents.apply(tx, plan, self.now, await admitting.admit(tx, plan.open, TABLE))

    @precondition(lambda self: self.pages)
    @rule(
        who=st.sampled_from(sorted(PEOPLE)), act=st.sampled_from(sorted(MAY)), place=st.integers(0, 50),
        reason=st.sampled_from(["vendor", "colleague"]),
    )  # fmt: skip
    def somebody_acts(self, who: str, act: str, place: int, reason: str) -> None:
        self._tries(who, act, sorted(self.pages)[place % len(self.pages)], reason)

    @precondition(lambda self: self.pages)
    @rule(pick=st.integers(0, 9999), reason=st.sampled_from(["vendor", "colleague"]))
    def the_right_one_acts(self, pick: int, reason: str) -> None:
        choices = [
            (who, act, number)
            for number, page in sorted(self.pages.items())
            for act, (states, _) in sorted(MAY.items())
            for who in sorted(PEOPLE)
            if page.state in states and may(who, page, act) and act != "cancel"
        ]
        if choices:
            who, act, number = choices[pick % len(choices)]
            self._tries(who, act, number, reason)

    def _tries(self, who: str, act: str, number: str, reason: str) -> None:
        self.now += 1
        page, (states, after) = self.pages[number], MAY[act]
        code = {"wait": reason, "resolve": "fixed"}.get(act, "")
        is_done = self.run(self._acted(who, number, Deed(act), Wish("because", code=code)))
        wanted = page.state in states and may(who, page, act) and not (act == "hand_on" and page.line == 3)
        twin = act == "reopen" and any(
            other is not page and other.key == page.key and other.resolved_at is None for other in self.pages.values()
        )
        assert is_done == (wanted and not twin), (who, act, page)
        if is_done:
            self._written(page, act, after, who, reason)
            self._follow([number] if act == "resolve" else [], by_itself=False)

    def _written(self, page: Page, act: str, after: str, who: str, reason: str) -> None:
        if act == "take":
            page.assignee = who
        if act == "hand_on":
            page.line, page.assignee, page.here_since = page.line + 1, "", None
        if act == "resolve":
            page.assignee = page.assignee or who
        if act in ("resolve", "cancel"):
            page.resolved_at = self.now
        if act == "reopen":
            page.reopened, page.resolved_at = page.reopened + 1, None
        page.turn(after, self.now, reason if act == "wait" else "")

    async def _acted(self, who: str, number: str, act: Deed, wish: Wish) -> bool:
        person = person_of(who, (PEOPLE[who],))
        try:
            async with acting(self.store, Actor(who, "page"), lambda: self.now) as doing:
                await ServiceDesk(TABLE).do(doing, person, number, act, wish)
        except (Denied, Refused):
            return False
        return True

    # --- what must hold

    @invariant()
    def the_program_says_what_the_book_says(self) -> None:
        for number, page in self.pages.items():
            found = self.run(self._looked(number))
            row = found.row
            assert (row.state, row.line, row.assignee, row.reopened, row.resolved_at, row.causes) == (
                page.state, page.line, page.assignee, page.reopened, page.resolved_at, int(page.is_there),
            ), number  # fmt: skip
            for reading in found.clocks:
                used = sum(
                    walk(since, self.now if until is None else until)
                    for state, reason, since, until in page.spans
                    if (state == "new" if reading.clock == "response" else state in OPEN and reason != "vendor")
                )
                assert (reading.used, reading.allowed) == (used, ALLOWED[reading.clock]), number

    @invariant()
    def every_threshold_was_told_once_and_none_before_its_time(self) -> None:
        for number in self.pages:
            found = self.run(self._looked(number))
            rung = [(mark.detail["clock"], mark.detail["percent"]) for mark in found.trail if "clock" in mark.detail]
            assert len(rung) == len(set(rung)), number
            for clock, percent in rung:
                reading = next(each for each in found.clocks if each.clock == clock)
                assert reading.used * 100 >= reading.allowed * percent, number

    async def _looked(self, number: str) -> seen.Seen:
        async with self.store.read() as connection:
            return await seen.one(connection, ServiceDesk(TABLE), number, person_of("ann", ("service_desk",)), self.now)


def _run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Life, settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )  # fmt: skip


def test_no_alarm_is_lost_or_doubled_and_no_clock_is_wrong() -> None:
    _run(5, 25)


def test_a_life_in_which_nobody_acts_goes_from_line_to_line() -> None:
    life = Life()
    life.begin()
    life.alarms_come_and_go({"a"})
    for _ in range(20):
        life.time_passes(30 * HOUR)
        life.the_program_says_what_the_book_says()
        life.every_threshold_was_told_once_and_none_before_its_time()
    assert [(page.line, page.left) for page in life.pages.values()] == [(3, {1, 2})]
    life.teardown()


@pytest.mark.campaign
def test_the_same_for_long(request: pytest.FixtureRequest) -> None:
    count = int(request.config.getoption("--campaign"))
    if not count:
        pytest.skip("a campaign: --campaign 100")
    _run(count, 60)
