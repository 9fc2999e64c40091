"""The reference: what is to be held of a history, worked out anew from everything in it, as simply as can be.

It shares the nouns of the product (a change, a line, a reading) and none of its reasoning: no hashes, no lanes, no
stages. It goes through time tick by tick. It is slow, and meant to be read beside the specification.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from typing import Any

from collector.model import Path
from tests.oracle.histories import PATHS, RECORDS, TICK, History, Nod, Reading, Said, Story, written_at

Row = dict[str, Any]
HOURS_8 = 32 * TICK
CONTROLLED = {
    "os": None, "relations": None, "packages": {"version", "vendor"}, "services": {"enabled"},
    "storage_pools": {"size_bytes", "level"},
}  # fmt: skip
"""Which fields of an element matter, per section; None: the value as it is."""
THOUSANDTH = "size_bytes"
"""A number that may be off by a thousandth of what is authorised."""
MARGINS = {"agent/1": (1, 8, 30), "snmp": (1, 16, 30), "agent/2": (1, 8, 672)}
"""Ticks before the window, after it, and how far beside it a change is still thought of. A week is 672."""
NEEDS = {
    "standard": [("plan", "change_supervisor", True)],
    "normal": [("request", "change_supervisor", False), ("plan", "change_supervisor", True)],
    "major": [
        ("request", "change_supervisor", False), ("plan", "change_supervisor", True),
        ("confirm", "change_manager", True),
    ],
    "emergency": [("plan", "change_supervisor", True), ("confirm", "change_manager", True)],
    "request": [("plan", "change_supervisor", True)],
}  # fmt: skip


# --- what was seen


@dataclass
class Move:
    """One value of one path that one source showed to move: between `lo` and `hi`, and whether the world did it."""

    source: str
    ci: int
    path: Any
    old: Any
    new: Any
    lo: int
    hi: int
    why: str
    shown: int = 1
    actor: str = ""
    claimed: bool = False
    once: bool = False
    taken_back: int | None = None


def value_in(reading: Reading, path: Any) -> tuple[bool, Any]:
    """Return whether the reading says anything of the path, and the part of the value that matters."""
    told = reading.sections[path.section]
    if not told.ok:
        return False, None
    value = told.body.get(path.key) if path in RECORDS else next(iter(told.body), None)
    if value is None:
        return told.complete, None
    matters = CONTROLLED[path.section]
    if matters is not None:
        value = {name: each for name, each in value.items() if name in matters}
    return True, value


def ci_of(history: History, reading: Reading) -> int:
    merged = history.merged_at is not None and history.merged_at <= reading.arrived
    return 1 if merged else reading.home


@functools.lru_cache(maxsize=16)
def in_time_and_late(history: History, source: str, section: str, now: int) -> tuple[list[Reading], list[Reading]]:
    """Return the readings of a source that count as news, and those that were overtaken before they came."""
    news: list[Reading] = []
    late: list[Reading] = []
    newest = (0, 0)
    came = [each for each in history.readings if each.source == source and each.arrived <= now]
    for reading in sorted(came, key=lambda each: (each.arrived, each.spool, each.seq)):
        if not reading.sections[section].ok:
            continue
        if (reading.spool, reading.seq) > newest:
            newest = (reading.spool, reading.seq)
            news.append(reading)
        else:
            late.append(reading)
    return news, late


def moves_of(history: History, source: str, path: Any, now: int) -> list[Move]:
    """Return every move of the path in the eyes of one source, brackets narrowed by all that is known at `now`."""
    news, late = in_time_and_late(history, source, path.section, now)
    moves: list[Move] = []
    held: Any = None
    said_at = 0
    before: Reading | None = None
    for reading in news:
        speaks, value = value_in(reading, path)
        if before is None:
            said_at = reading.observed
        if speaks:
            if value != held:
                moves.append(Move(
                    source, ci_of(history, reading), path, held, value, said_at, reading.observed,
                    why(history, before, reading),
                ))  # fmt: skip
            elif moves:
                moves[-1].shown += 1
            held, said_at = value, reading.observed
        before = reading
    for move in moves:
        narrow(history, move, late, now)
    return moves


def why(history: History, before: Reading | None, reading: Reading) -> str:
    if before is None:
        return "first"
    if ci_of(history, before) != ci_of(history, reading):
        return "merge"
    return "world" if before.revision == reading.revision else "revision"


def narrow(history: History, move: Move, late: list[Reading], now: int) -> None:
    lo, hi = move.lo, move.hi
    for reading in sorted(late, key=lambda each: each.observed):
        speaks, value = value_in(reading, move.path)
        if not speaks or not move.lo < reading.observed < move.hi:
            continue
        if value == move.old:
            lo, hi = reading.observed, move.hi
        elif value == move.new and hi == move.hi:
            hi = reading.observed
    move.lo, move.hi = lo, hi
    inside = [
        trace for known, trace in history.traces
        if known <= now and trace.ci_id == move.ci and lo <= trace.at <= hi
        and trace.path in (move.path, Path(move.path.section, ""), None)
    ]  # fmt: skip
    proven = [trace for trace in inside if trace.authentic]
    for group in (proven, inside):
        for of in (move.path, Path(move.path.section, ""), None):
            telling = [trace for trace in group if trace.path == of]
            if telling:
                move.lo = max(lo, min(trace.at - trace.slack_ms for trace in telling))
                move.hi = min(hi, max(trace.at + trace.slack_ms for trace in telling))
                move.actor = telling[0].actor if len({trace.actor for trace in telling}) == 1 else ""
                move.claimed = not proven
                return


def sure_moves(history: History, moves: list[Move], times: int, now: int) -> list[Move]:
    """Leave out values that one look alone showed and another value followed: straight to the one after.

    What a look showed and the next one took back is marked with when that was; what still stands is marked, too.
    """
    sure: list[Move] = []
    accepted = {(nod.source, nod.ci_id, nod.path, nod.hi) for nod, _, _ in decisions(history, now)}
    place = 0
    while place < len(moves):
        move, later = moves[place], moves[place + 1 :]
        place += 1
        until = later[0].hi if later else now
        is_accepted = (move.source, move.ci, move.path, move.hi) in accepted
        if move.why != "world" or move.shown >= times or until - move.hi >= HOURS_8 or is_accepted:
            sure.append(move)
        elif not later:
            move.once = True
            sure.append(move)
        elif later[0].why != "world":
            sure.append(move)
        elif later[0].new == move.old:
            move.taken_back = later[0].hi
            sure.append(move)
            place += 1
        else:
            later[0].old, later[0].lo = move.old, move.lo
    return sure


# --- what was approved


def draft_at(story: Story, at: int) -> int | None:
    written = [place for place, draft in enumerate(story.drafts) if written_at(draft) <= at]
    return written[-1] if written else None


def content(story: Story, place: int, *, with_plan: bool) -> Any:
    request, plan = story.drafts[place]
    asked = (request.title, request.reason, sorted(request.ci_ids), request.implementer)
    if not with_plan:
        return asked
    lines = plan and [
        (line.ci_id, line.path, line.field, line.expected.how, json.dumps(line.expected.value, sort_keys=True))
        for line in plan.lines
    ]
    return asked, plan and (plan.text, plan.window, lines)


def lacks(story: Story, now: int, by: int, *, of_people: bool = False) -> int:
    """Return how many words are missing at `by`, of the change as it reads at `now`; -1 when it cannot be approved.

    `of_people`: whatever its template says.
    """
    place = draft_at(story, now)
    assert place is not None
    if story.cancelled_at is not None and story.cancelled_at <= by and story.cancelled_at <= now:
        return -1
    if from_template(story, place, by) and not of_people:
        return 0
    needs, had = NEEDS[story.type], 0
    for said in sorted((each for each in story.said if each.at <= by), key=lambda each: each.at):
        stages = [stage for stage, _, _ in needs]
        if said.stage not in stages or not counts(story, place, said):
            continue
        turn = stages.index(said.stage)
        if not said.granted:
            had = min(had, turn)
        elif turn == had:
            had += 1
    return len(needs) - had


def counts(story: Story, place: int, said: Said) -> bool:
    _, role, with_plan = next(need for need in NEEDS[story.type] if need[0] == said.stage)
    request = story.drafts[place][0]
    written = written_at(story.drafts[place]) if with_plan else request.written_at
    if said.role != role or said.who == story.initiator or said.of is None or said.at < written:
        return False
    if story.type in ("normal", "major") and said.who == request.implementer:
        return False
    return bool(content(story, said.of, with_plan=with_plan) == content(story, place, with_plan=with_plan))


def from_template(story: Story, place: int, by: int) -> bool:
    template, plan = story.template, story.drafts[place][1]
    if story.type != "standard" or template is None or plan is None:
        return False
    if template.approved_by == story.initiator or not template.approved_at <= plan.window.start < template.until:
        return False
    asked = [at for at in story.submitted if written_at(story.drafts[place]) <= at <= by]
    if not any(template.approved_at <= at < template.until for at in asked):
        return False
    if template.withdrawn_at is not None and min(asked) >= template.withdrawn_at:
        return False
    allowed = {(path.section, path.key) for path in template.paths}
    return all(
        (line.path.section, line.path.key) in allowed or (line.path.section, "") in allowed for line in plan.lines
    )


def approved_when(story: Story, now: int, *, of_people: bool = False) -> int:
    """Return the first tick from which on, as seen at `now`, the words have been there without a gap."""
    at = now
    while at >= 0 and lacks(story, now, at, of_people=of_people) == 0:
        at -= TICK
    return at + TICK


# --- is it covered?


def as_promised(expected: Any, value: Any) -> bool | None:
    how, wanted = expected
    if how == "discovered":
        return None
    if how == "exact":
        if isinstance(wanted, dict) and isinstance(value, dict):
            return all(value.get(name) == each for name, each in wanted.items())
        return bool(wanted == value)
    if how == "one_of":
        return any(as_promised(("exact", each), value) for each in wanted)
    if how == "pattern":
        return isinstance(value, str) and re.fullmatch(wanted, value) is not None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and wanted[0] <= value <= wanted[1]


def best_line(story: Story, place: int, row: Row) -> tuple[int, bool | None] | None:
    """Return how exactly the change names what moved, and whether the value is as promised; None: it does not."""
    request, plan = story.drafts[place]
    found: list[tuple[int, bool | None]] = []
    for line in plan.lines if plan else ():
        if line.ci_id != row["ci"] or line.ci_id not in request.ci_ids or line.path.section != row["path"].section:
            continue
        expected = (str(line.expected.how), line.expected.value)
        if row["field"] and not line.field and expected[0] == "exact" and isinstance(expected[1], dict):
            inside = row["field"] in expected[1]
            expected = ("exact", expected[1][row["field"]]) if inside else ("discovered", None)
        if line.path.key == "" and line.field == "":
            exact = 1
        elif line.path.key == row["path"].key and line.field == row["field"]:
            exact = 3
        elif line.path.key == row["path"].key and line.field == "":
            exact = 2
        else:
            continue
        found.append((exact, as_promised(expected, row["new"])))
    found.sort(key=lambda each: (-each[0], {True: 0, None: 1, False: 2}[each[1]]))
    return found[0] if found else None


def over_at(story: Story, place: int, now: int) -> int:
    plan = story.drafts[place][1]
    assert plan
    told = story.finished_at is not None and story.finished_at <= now
    return min(plan.window.end, story.finished_at) if told and story.finished_at is not None else plan.window.end


def judged(history: History, row: Row, now: int) -> Row:
    """Return the verdict on one item, with the change that gives it; what was seen once waits, unless planned so."""
    answer = explained(history, row, now)
    if row["once"] and answer["verdict"] not in ("verified", "in_progress"):
        flags = sorted({*answer.get("flags", ()), "seen_once"})
        answer |= {"verdict": "pending", "due": row["hi"] + HOURS_8, "flags": flags}
    return answer


def explained(history: History, row: Row, now: int) -> Row:
    """Return the verdict on one item as if it had been seen often enough."""
    explaining: list[tuple[tuple[Any, ...], Row]] = []
    nearest: list[tuple[Any, ...]] = []
    for story in history.stories:
        place = draft_at(story, now)
        line = None if place is None else best_line(story, place, row)
        if place is None or line is None:
            continue
        weighed = weigh(story, place, row, line, now)
        if weighed:
            rank, answer = weighed
            nearest.append(rank)
            if answer:
                explaining.append((rank, answer))
    if explaining:
        return min(explaining, key=lambda each: each[0])[1]
    number = min(nearest)[-1] if nearest else ""
    if now < row["hi"] + HOURS_8:
        return {"verdict": "pending", "change": number, "due": row["hi"] + HOURS_8}
    return {"verdict": "unapproved", "change": number}


def weigh(story: Story, place: int, row: Row, line: tuple[int, bool | None], now: int) -> tuple[Any, Row | None] | None:
    """Return the rank of one change and what it says of the item; None when it is too far away to be thought of."""
    exact, met = line
    found = by_claim(story, place, row, now) if story.type == "emergency" else by_window(story, place, row, now)
    if found is None:
        return None
    inside, grade, late, flags = found
    rank = (not inside, grade, -exact, {True: 0, None: 1, False: 2}[met], story.number)
    answer: Row = {"change": story.number, "flags": sorted(flags), "late": late}
    if inside and grade == 0:
        over = over_at(story, place, now)
        if now < max(row["hi"], over):
            return rank, {**answer, "over": over, "verdict": "in_progress", "due": max(row["hi"], over)}
        return rank, {**answer, "over": over, "verdict": {True: "verified", None: "authorised", False: "variance"}[met]}
    if grade == 2 or met is False or (grade == 1 and not inside):
        return rank, None
    if grade == 1:
        return rank, {**answer, "verdict": "retro_late" if story.type == "emergency" else "late_approval"}
    return rank, {**answer, "verdict": "out_of_window"}


Weight = tuple[bool, int, int, set[str]]
"""Inside the window; approved in time (0), late (1), not (2); how late; what to be careful with."""


def by_claim(story: Story, place: int, row: Row, now: int) -> Weight | None:
    plan, recorded, flags = story.drafts[place][1], written_at(story.drafts[place]), set()
    assert plan
    if plan.window.start > row["hi"] or plan.window.end < row["lo"]:
        return None
    late = recorded - plan.window.start if recorded - plan.window.start > HOURS_8 else 0
    if recorded > row["lo"] + HOURS_8 or row["claimed"]:
        flags.add("self_declared")
    if recorded > plan.window.start:
        flags.add("retrospective")
    return True, 2 if lacks(story, now, now) else 1 if late else 0, late, flags


def by_window(story: Story, place: int, row: Row, now: int) -> Weight | None:
    plan = story.drafts[place][1]
    assert plan
    pre, post, reach = (each * TICK for each in MARGINS[row["source"]])
    start, end = plan.window.start - pre, plan.window.end + post
    inside = start <= row["hi"] and row["lo"] <= end
    if not inside and (start - row["hi"] > reach or row["lo"] - end > reach):
        return None
    due = max(row["lo"], start) if inside else row["lo"]
    uncertain = inside and (row["lo"] < start or row["hi"] > end or row["claimed"])
    flags = {"window_uncertain"} if uncertain else set()
    if lacks(story, now, due) == 0:
        return inside, 0, 0, flags
    if lacks(story, now, now) == 0:
        return inside, 1, approved_when(story, now) - due, flags
    return inside, 2, 0, flags


# --- one path of one CI through time


class Course:
    """Goes through time tick by tick and keeps what stands open, what is within somebody's work, what is allowed."""

    def __init__(self, history: History, ci: int, path: Any, now: int) -> None:
        self.history, self.ci, self.path, self.now = history, ci, path, now
        self.allowed = arrival(history, ci, path, now)
        self.rows: list[Row] = []
        self.auth: list[Row] = []
        self.work: dict[tuple[str, str], Row] = {}
        moves = [
            move
            for source in ("agent/1", "agent/2", "snmp")
            for move in sure_moves(history, moves_of(history, source, path, now), 2 if source == "snmp" else 1, now)
            if move.ci == ci
        ]
        if all(move.why in ("first", "merge") for move in moves):
            return
        due: dict[int, list[Move]] = {}
        for move in moves:
            due.setdefault(move.hi, []).append(move)
        for at in range(0, now + 1, TICK):
            for move in due.get(at, ()):
                self.see(move)
            if self.work:
                self.end_work(at)
        self.end_work(None)

    def see(self, move: Move) -> None:
        if move.why == "revision":
            for name, old, new in split(move.old, move.new):
                if self.is_allowed(name, old):
                    self.allow(name, new, move.hi, "correction", move.source)
        if move.why != "world":
            return
        pieces = split(move.old, move.new)
        if move.taken_back is not None:
            self.passing(move, pieces)
            return
        whole = self.work.get((move.source, ""))
        if whole:
            one = self.row(move, "", move.old, move.new)
            if self.same_work(whole, one):
                pieces = [("", move.old, move.new)]
            else:
                self.stand(self.work.pop((move.source, "")))
        for name, old, new in pieces:
            self.piece(self.row(move, name, old, new))
        if self.is_allowed("", move.new):
            self.back(lambda row: row["source"] == move.source, move.hi)

    def passing(self, move: Move, pieces: list[tuple[str, Any, Any]]) -> None:
        """Note what one look showed and the next one took back, unless it is part of somebody's work, or allowed."""
        for name, old, new in pieces:
            row = self.row(move, name, old, new)
            answer = judged(self.history, row, self.now)
            if self.is_allowed(name, new) or answer.get("over") is not None:
                continue
            row |= {"authorised": self.allowed_of(name), "flags": [], "late": 0, "over": None} | answer
            row["flags"] = sorted({*row["flags"], "seen_once"})
            self.rows.append(row | {"verdict": "reverted", "due": None, "closed": move.taken_back})

    def piece(self, row: Row) -> None:
        for key, earlier in list(self.work.items()):
            if key[0] != row["source"] or (row["field"] and key[1] != row["field"]):
                continue
            del self.work[key]
            if not self.same_work(earlier, row):
                self.stand(earlier)
                continue
            if earlier["field"] == row["field"]:
                row["old"] = earlier["old"]
            else:
                row["old"] = with_field(row["old"], earlier["field"], earlier["old"])
            row["lo"] = min(row["lo"], earlier["lo"])
            row["actor"] = row["actor"] if row["actor"] == earlier["actor"] else ""
            row["claimed"] = row["claimed"] or earlier["claimed"]
        if self.is_allowed(row["field"], row["new"]):
            self.back(lambda each: (each["source"], each["field"]) == (row["source"], row["field"]), row["hi"])
            return
        row["authorised"] = self.allowed_of(row["field"])
        answer = judged(self.history, row, self.now)
        row |= {"flags": [], "late": 0, "due": None, "closed": None, "over": None} | answer
        if row["over"] is not None and row["hi"] <= row["over"]:
            self.work[row["source"], row["field"]] = row
        else:
            self.stand(row)

    def row(self, move: Move, name: str, old: Any, new: Any) -> Row:
        return {
            "ci": self.ci, "path": self.path, "source": move.source, "field": name, "old": old, "new": new,
            "lo": move.lo, "hi": move.hi, "actor": move.actor, "claimed": move.claimed, "once": move.once,
        }  # fmt: skip

    def same_work(self, earlier: Row, row: Row) -> bool:
        answer = judged(self.history, row, self.now)
        return answer.get("over") is not None and answer["change"] == earlier["change"]

    def end_work(self, at: int | None) -> None:
        ended = sorted((row["over"], key) for key, row in self.work.items() if at is None or row["over"] <= at)
        for _, key in ended:
            self.stand(self.work.pop(key))

    def stand(self, row: Row) -> None:
        self.rows.append(row)
        if row["verdict"] in ("verified", "authorised"):
            kind = next(story.type for story in self.history.stories if story.number == row["change"])
            basis = {"emergency": "emergency", "request": "request"}.get(kind, "change")
            self.allow(row["field"], row["new"], row["hi"], basis, row["change"])
            return
        for nod, at, story in decisions(self.history, self.now):
            bound = (nod.ci_id, nod.path, nod.source, nod.field, nod.new, nod.hi)
            said = (self.ci, self.path, row["source"], row["field"], row["new"], row["hi"])
            if row["verdict"] != "in_progress" and bound == said:
                row |= {"verdict": "accepted", "due": None, "closed": at}
                row["change"] = story or row["change"]
                self.allow(row["field"], row["new"], row["hi"], "accepted", story or f"nod {at}")
                return

    def back(self, which: Any, at: int) -> None:
        done = ("verified", "authorised", "accepted", "reverted", "in_progress")
        for row in self.rows:
            if which(row) and row["verdict"] not in done:
                row |= {"verdict": "reverted", "due": None, "closed": at}

    def allowed_of(self, name: str) -> Any:
        if not name:
            return self.allowed
        return self.allowed.get(name) if isinstance(self.allowed, dict) else None

    def is_allowed(self, name: str, value: Any) -> bool:
        if name and not isinstance(self.allowed, dict):
            return False
        held = self.allowed_of(name)
        if name == THOUSANDTH:
            return bool(held == value) or (None not in (held, value) and abs(value - held) * 1000 <= held)
        if isinstance(held, dict) and isinstance(value, dict):
            return all(self.is_allowed(each, value.get(each)) for each in {*held, *value})
        return bool(held == value)

    def allow(self, name: str, value: Any, at: int, basis: str, reference: str) -> None:
        if self.allowed_of(name) == value or (name and not isinstance(self.allowed, dict)):
            return
        self.allowed = with_field(self.allowed, name, value) if name else value
        self.auth.append({"value": self.allowed, "from": at, "basis": basis, "reference": reference})


def decisions(history: History, now: int) -> list[tuple[Nod, int, str]]:
    """Return what people accepted by `now`: when, and by which change that they granted afterwards, if by one."""
    of_changes = [
        (story.answers, approved_when(story, now, of_people=True), story.number)
        for story in history.stories
        if story.answers and draft_at(story, now) is not None and lacks(story, now, now, of_people=True) == 0
    ]
    return [(nod, nod.at, "") for nod in history.nods if nod.at <= now] + of_changes


def split(old: Any, new: Any) -> list[tuple[str, Any, Any]]:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [("", old, new)] if old != new else []
    return [(name, old.get(name), new.get(name)) for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def with_field(element: Any, name: str, value: Any) -> Any:
    changed = {**element, name: value}
    return {key: each for key, each in changed.items() if each is not None or key != name}


def arrival(history: History, ci: int, path: Any, now: int) -> Any:
    """Return what the first reading that spoke of this section of this CI showed: that is how it arrived."""
    before: dict[str, int] = {}
    came = [each for each in history.readings if each.arrived <= now and each.sections[path.section].ok]
    for reading in sorted(came, key=lambda each: (each.arrived, each.source, each.spool, each.seq)):
        news, _ = in_time_and_late(history, reading.source, path.section, now)
        if reading not in news:
            continue
        home = ci_of(history, reading)
        is_new_here = before.get(reading.source) != home
        before[reading.source] = home
        if home == ci and is_new_here:
            return known_to(history, reading, path, now)
    return None


def known_to(history: History, reading: Reading, path: Any, now: int) -> Any:
    """Return what the source held of the path after this reading: what it says, else what it said last."""
    news, _ = in_time_and_late(history, reading.source, path.section, now)
    held: Any = None
    for each in news[: news.index(reading) + 1]:
        speaks, value = value_in(each, path)
        held = value if speaks else held
    return held


def outcome(history: History, now: int) -> tuple[list[Row], list[Row]]:
    """Return every item with its verdict, and every move of what is authorised, at `now`."""
    rows: list[Row] = []
    auth: list[Row] = []
    for ci in (1, 2):
        for path in PATHS:
            course = Course(history, ci, path, now)
            rows += course.rows
            auth += [{"ci": ci, "path": path, **each} for each in course.auth]
    return rows, auth
