"""Random histories: what happened in a small world, who looked when, what people asked for, said, edited and withdrew.

A history is a value made from a seed, nothing else; production code and the oracle read the same one. Times are whole
ticks of a quarter of an hour, so that every boundary is hit often. Chance is bent towards what is interesting: work is
planned around what moves, with one thing or another a little wrong.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from collector.change.approval import MANAGER, SUPERVISOR
from collector.change.covering import Margins
from collector.change.evidence import Trace
from collector.change.expected import Expected, How
from collector.change.record import Change, ChangeType, Line, Plan, Request, Stage, Template, Window, Word
from collector.model import Path, Value

TICK = 15 * 60 * 1000
SPAN = 120
VERSION, SSL, SSH = Path("os", "version"), Path("packages", "ssl|amd64"), Path("services", "ssh")
POOL, TIE = Path("storage_pools", "pool"), Path("relations", "powered_by|ups-1")
PATHS = (VERSION, SSL, SSH, POOL, TIE)
RECORDS = frozenset({VERSION, TIE})
"""Those that are fields of a record; the others are elements."""
VALUES: dict[Path, list[Value]] = {
    VERSION: ["A", "B", "C"],
    SSL: [
        None,
        *({"version": version, "vendor": vendor} for version in ("A", "B") for vendor in ("X", "Y")),
        {"version": "A"},
    ],
    SSH: [None, *({"enabled": enabled, "state": state} for enabled in ("A", "B") for state in ("up", "down"))],
    TIE: [None, {"kind": "powered_by", "to": "ups-1"}],
    POOL: [{"size_bytes": size, "level": "A"} for size in (10_000, 10_007, 10_010, 10_011, 20_000)],
}
NARROW = Margins(pre_ms=TICK, post_ms=8 * TICK, reach_ms=30 * TICK)
MARGINS = {"snmp": replace(NARROW, post_ms=16 * TICK), "agent/1": NARROW}
NEEDS = {"snmp": 2}
"""How often a source must have seen a value, where once is not enough."""
PEOPLE = ("anna", "boris", "sophia", "mei")


@dataclass(frozen=True)
class Told:
    """What a reading says of one section: nothing (`ok` false), some of it, or everything."""

    ok: bool
    complete: bool
    body: Any


@dataclass(frozen=True, eq=False)
class Reading:
    """One look of one source; `home` is the CI it belongs to until that is merged."""

    source: str
    home: int
    spool: int
    seq: int
    revision: int
    observed: int
    arrived: int
    sections: dict[str, Told]


@dataclass(frozen=True)
class Said:
    """A word: of which draft of the change, or of something else entirely (None)."""

    at: int
    stage: Stage
    role: str
    who: str
    of: int | None
    granted: bool = True


@dataclass(frozen=True)
class Nod:
    """A person accepted what a source showed at `hi`; where a change is made from it: as soon as that is granted."""

    ci_id: int
    path: Path
    source: str
    field: str
    new: Value
    hi: int
    at: int


@dataclass(frozen=True)
class Story:
    """A change with all its drafts, in the order they were written. `answers`: what it was made from afterwards."""

    number: str
    type: ChangeType
    initiator: str
    drafts: tuple[tuple[Request, Plan | None], ...]
    said: tuple[Said, ...]
    finished_at: int | None = None
    cancelled_at: int | None = None
    template: Template | None = None
    submitted: tuple[int, ...] = ()
    answers: Nod | None = None


@dataclass(frozen=True, eq=False)
class History:
    """Everything that was there, in the order it came to the collector where that matters (`arrived`, `known`)."""

    readings: tuple[Reading, ...]
    stories: tuple[Story, ...]
    traces: tuple[tuple[int, Trace], ...]
    nods: tuple[Nod, ...]
    merged_at: int | None


def written_at(draft: tuple[Request, Plan | None]) -> int:
    request, plan = draft
    return max(request.written_at, plan.written_at if plan else 0)


def change_at(story: Story, now: int) -> Change | None:
    """Return the change as it stood at `now`, as a store would give it; None before it was recorded."""
    drafts = [draft for draft in story.drafts if written_at(draft) <= now]
    if not drafts:
        return None
    request, plan = drafts[-1]
    bare = Change(story.number, story.type, story.initiator, request, plan, template=story.template)
    return replace(
        bare,
        words=tuple(_word(bare, story, said) for said in story.said if said.at <= now),
        submitted_at=max((at for at in story.submitted if at <= now), default=None),
        finished_at=story.finished_at if (story.finished_at or 0) <= now else None,
        cancelled_at=story.cancelled_at if (story.cancelled_at or 0) <= now else None,
    )


def _word(bare: Change, story: Story, said: Said) -> Word:
    digest = "of another change"
    if said.of is not None:
        request, plan = story.drafts[said.of]
        cited = replace(bare, request=request, plan=plan)
        is_two_step = story.type in {ChangeType.NORMAL, ChangeType.MAJOR}
        digest = cited.request_hash if is_two_step and said.stage is Stage.REQUEST else cited.content_hash
    return Word(said.stage, said.role, said.who, said.at, digest, said.granted)


# --- making one


def history(seed: int) -> History:
    """Return the history of this seed."""
    return _Maker(random.Random(seed)).make()


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.world = {(ci_id, path): self._course(path) for ci_id in (1, 2) for path in PATHS}

    def likely(self, share: float) -> bool:
        return self.chance.random() < share

    def at(self, first: int = 0, last: int = SPAN) -> int:
        return self.chance.randint(first, last) * TICK

    def make(self) -> History:
        readings = [*self._lane("agent/1", 1), *self._lane("snmp", 1)]
        if self.likely(0.5):
            readings += self._lane("agent/2", 2)
        stories = tuple(self._story(f"C{n}") for n in range(self.chance.randint(0, 5)))
        if readings:
            stories = tuple(replace(each, answers=self._answers(each, readings)) for each in stories)
        traces = tuple(self._trace() for _ in range(self.chance.randint(0, 3)))
        nods = tuple(nod for _ in range(self.chance.randint(0, 2)) if readings and (nod := self._nod(readings)))
        return History(tuple(readings), stories, traces, nods, self.at(30) if self.likely(0.15) else None)

    # --- the world, and who looks at it

    def _course(self, path: Path) -> list[tuple[int, Value]]:
        """Mostly nothing happens; where something does, more may follow at once."""
        times = sorted(self.at(20, 100) for _ in range(self.chance.choice((0, 0, 0, 0, 0, 1, 1, 2))))
        while times and self.likely(0.5):
            times.append(times[-1] + self.chance.randint(1, 7) * TICK)
        return [(0, self.chance.choice(VALUES[path][:2])), *((at, self.chance.choice(VALUES[path])) for at in times)]

    def value(self, ci_id: int, path: Path, at: int) -> Value:
        now: Value = None
        for since, value in self.world[ci_id, path]:
            if since <= at:
                now = value
        return now

    def _lane(self, source: str, home: int) -> list[Reading]:
        at, every = self.chance.randint(0, 6), self.chance.choice((5, 8, 11, 17))
        spool, seq, revision, found = 1, 0, 1, []
        last = self.chance.choice((SPAN, SPAN, SPAN, 60))
        while at < last:
            spool, seq = (spool + 1, 1) if self.likely(0.04) else (spool, seq + 1)
            revision += self.likely(0.015)
            delay = self.chance.choice((0, 0, 0, 0, 0, 0, 1, 10, 20, 60))
            sections = {path.section: self._told(source, home, path, revision, at * TICK) for path in PATHS}
            found.append(Reading(source, home, spool, seq, revision, at * TICK, (at + delay) * TICK, sections))
            at += every + self.chance.randint(-3, 3)
        return found

    def _told(self, source: str, home: int, path: Path, revision: int, at: int) -> Told:
        value = spelt(self.value(home, path, at), revision)
        if source == "snmp" and self.likely(0.04):
            value = spelt(self.chance.choice(VALUES[path]), revision)
        complete = self.likely(0.9)
        body: Any = {} if path in RECORDS else []
        if value is not None and (complete or self.likely(0.5)):
            body = {path.key: value} if path in RECORDS else [{**_key(path), **value}]
        return Told(self.likely(0.9), complete, body)

    def _trace(self) -> tuple[int, Trace]:
        ci_id, path = self._place()
        at = self._near(ci_id, path)
        speaks = self.chance.choice((path, path, Path(path.section, ""), None))
        slack, actor = self.chance.choice((0, 1, 2)) * TICK, self.chance.choice(("", "boris", "mallory"))
        known = at + self.chance.choice((0, 0, 4, 40)) * TICK
        return known, Trace(ci_id, at, "log", actor, speaks, slack, self.likely(0.6))

    def _answers(self, story: Story, readings: list[Reading]) -> Nod | None:
        """Return what a change was made from; an emergency has rules of its own."""
        return None if story.type is ChangeType.EMERGENCY or self.likely(0.7) else self._nod(readings)

    def _nod(self, readings: list[Reading]) -> Nod | None:
        home, path = self._place()
        looked = [each for each in readings if each.home == home and each.observed >= self._near(home, path)]
        reading = looked[0] if looked else self.chance.choice(readings)
        value = spelt(self.value(reading.home, path, reading.observed), reading.revision)
        name = "" if not isinstance(value, dict) or self.likely(0.3) else self.chance.choice(sorted(value))
        if path is SSH and isinstance(value, dict):
            value = {"enabled": value["enabled"]}
        new = value.get(name) if name else value
        return Nod(reading.home, path, reading.source, name, new, reading.observed, self.at())

    # --- people

    def _near(self, ci_id: int, path: Path) -> int:
        """Return a time about when the path moved, where it did."""
        moves = [at for at, _ in self.world[ci_id, path][1:]]
        about = self.chance.choice(moves) if moves and self.likely(0.95) else self.at()
        return max(0, about + self.chance.randint(-2, 2) * TICK)

    def _place(self) -> tuple[int, Path]:
        """Return a place where something moved, nearly always."""
        moving = [place for place, course in self.world.items() if len(course) > 1]
        return self.chance.choice(moving) if moving and self.likely(0.9) else (1, self.chance.choice(PATHS))

    def _story(self, number: str) -> Story:
        ci_id, path = self._place()
        near, kind = self._near(ci_id, path), self.chance.choice((*ChangeType, ChangeType.EMERGENCY))
        early = 1 if kind is ChangeType.EMERGENCY else 5
        start = max(0, near + self.chance.randint(-early, 1) * TICK)
        window = Window(start, start + self.chance.choice((0, 1, 8, 16)) * TICK)
        written = max(0, start + self._written(kind) * TICK)
        lines = tuple(self._line(ci_id, path, near) for _ in range(self.chance.choice((0, 1, 1, 1, 1, 1, 1, 2, 2))))
        asked = frozenset({ci_id} if self.likely(0.93) else {3 - ci_id})
        request = Request("work", "", asked, self.chance.choice(("boris",) * 7 + ("sophia",)), written)
        plan = Plan(lines, window, written) if self.likely(0.95) else None
        drafts = self._drafts(request, plan, ci_id, path)
        template, submitted = self._by_template(lines, drafts, kind)
        said = self._said(kind, drafts) if template is None or self.likely(0.3) else ()
        return Story(
            number, kind, self.chance.choice(("anna",) * 9 + ("sophia",)), drafts, said,
            window.end - TICK if self.likely(0.2) else None, self._cancelled(window) if self.likely(0.1) else None,
            template, submitted,
        )  # fmt: skip

    def _cancelled(self, window: Window) -> int:
        """Return when a change is cancelled: any time, or when its work was done and perhaps judged."""
        return window.end + self.chance.randint(0, 24) * TICK if self.likely(0.5) else self.at()

    def _written(self, kind: ChangeType) -> int:
        """Return how many ticks after the work it is written down; 32 are the eight hours of an emergency."""
        if kind is not ChangeType.EMERGENCY:
            return self.chance.randint(-60, -48)
        return self.chance.choice((-20, -4, 1, 4, 10, 20, 31, 32, 33, 40))

    def _line(self, ci_id: int, path: Path, near: int) -> Line:
        after = self.value(ci_id, path, near + 2 * TICK)
        name = self.chance.choice(("", "", *after)) if isinstance(after, dict) else ""
        where = self.chance.choice((*(path,) * 5, Path(path.section, ""), self.chance.choice(PATHS)))
        if not where.key or not isinstance(after, dict):
            name = ""
        return Line(ci_id, where, self._expected(after[name] if name else after), name)

    def _expected(self, value: Value) -> Expected:
        return self.chance.choice((
            Expected(), Expected(How.EXACT, value), Expected(How.EXACT, value), Expected(How.EXACT, "C"),
            Expected(How.ONE_OF, (value, "B")), Expected(How.PATTERN, "[AB]"), Expected(How.RANGE, (0, 1)),
        ))  # fmt: skip

    def _drafts(
        self, request: Request, plan: Plan | None, ci_id: int, path: Path
    ) -> tuple[tuple[Request, Plan | None], ...]:
        """An edit widens the plan, says it again, changes the request, or goes back to what was first.

        Some edit what was done and judged already.
        """
        drafts = [(request, plan)]
        while self.likely(0.25) and plan:
            before, over = written_at(drafts[-1]), plan.window.end + self.chance.randint(0, 24) * TICK
            at = over if over > before and self.likely(0.25) else before + self.chance.randint(1, 60) * TICK
            wider = (*plan.lines, self._line(ci_id, path, plan.window.start))
            drafts.append(self.chance.choice((
                (drafts[-1][0], replace(plan, lines=wider, written_at=at)),
                (drafts[-1][0], replace(plan, written_at=at)),
                (replace(request, title="other", written_at=at), drafts[-1][1]),
            )))  # fmt: skip
        return tuple(drafts)

    def _said(self, kind: ChangeType, drafts: tuple[tuple[Request, Plan | None], ...]) -> tuple[Said, ...]:
        """Mostly the right words in the right order after a draft; now and then one is missing, wrong or taken back."""
        said: list[Said] = []
        for place, draft in enumerate(drafts):
            at = written_at(draft)
            for stage in _STAGES[kind]:
                at += self.chance.choice((0, 0, 1, 1, 3, 12)) * TICK
                if self.likely(0.95):
                    said.append(self._word(stage, at, place))
            if self.likely(0.12):
                said += self._refused(kind, at, place)
        if self.likely(0.1):
            self.chance.shuffle(said)
        return tuple(said)

    def _refused(self, kind: ChangeType, at: int, place: int) -> list[Said]:
        """A refusal, and mostly the words that are then missing once more."""
        first = self.chance.randrange(len(_STAGES[kind]))
        refused = replace(self._word(_STAGES[kind][first], at + TICK, place), granted=False)
        again = [self._word(stage, at + 2 * TICK, place) for stage in _STAGES[kind][first:]]
        return [refused, *(again if self.likely(0.7) else ())]

    def _word(self, stage: Stage, at: int, place: int) -> Said:
        role, who = (MANAGER, "mei") if stage is Stage.CONFIRM else (SUPERVISOR, "sophia")
        if self.likely(0.05):
            role = self.chance.choice((SUPERVISOR, MANAGER, "viewer"))
        if self.likely(0.05):
            who = self.chance.choice(PEOPLE)
        of = self.chance.choice((None, 0)) if self.likely(0.04) else place
        return Said(at, stage, role, who, of)

    def _by_template(
        self, lines: tuple[Line, ...], drafts: tuple[tuple[Request, Plan | None], ...], kind: ChangeType
    ) -> tuple[Template | None, tuple[int, ...]]:
        """Return a template, which may have been withdrawn about when a draft was submitted, and when that was."""
        submitted = self._submitted(drafts)
        if kind is not ChangeType.STANDARD or self.likely(0.3):
            return None, submitted
        paths = frozenset(line.path for line in lines) if self.likely(0.7) else frozenset({Path("os", "")})
        about = self.chance.choice(submitted) if submitted and self.likely(0.7) else self.at()
        withdrawn = max(0, about + self.chance.randint(-1, 1) * TICK) if self.likely(0.5) else None
        approved = self.at(0, 40) if self.likely(0.3) else 0
        by = self.chance.choice(("sophia", "sophia", "sophia", "anna"))
        return Template("T", paths, by, approved, self.at(60), withdrawn), submitted

    def _submitted(self, drafts: tuple[tuple[Request, Plan | None], ...]) -> tuple[int, ...]:
        """Return when each draft was submitted, if it was: before the next one was written."""
        ends = [*(written_at(draft) for draft in drafts[1:]), None]
        found = []
        for draft, end in zip(drafts, ends, strict=True):
            at = written_at(draft) + self.chance.choice((0, 0, 1, 3)) * TICK
            if self.likely(0.9) and (end is None or at < end):
                found.append(at)
        return tuple(found)


_STAGES = {
    ChangeType.STANDARD: (Stage.PLAN,),
    ChangeType.NORMAL: (Stage.REQUEST, Stage.PLAN),
    ChangeType.MAJOR: (Stage.REQUEST, Stage.PLAN, Stage.CONFIRM),
    ChangeType.EMERGENCY: (Stage.PLAN, Stage.CONFIRM),
    ChangeType.REQUEST: (Stage.PLAN,),
}


def spelt(value: Value, revision: int) -> Value:
    """Return a value as this revision of a reader spells it: every second one in small letters."""
    if isinstance(value, dict):
        return {name: spelt(each, revision) for name, each in value.items()}
    return value.lower() if isinstance(value, str) and revision % 2 == 0 else value


def _key(path: Path) -> dict[str, str]:
    return {"name": "ssl", "arch": "amd64"} if path is SSL else {"name": path.key}
