"""What people do: work at the change desk step by step, cases of identity, answers to findings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from collector.change.expected import Expected, How
from collector.change.flow import Step
from collector.change.lifecycle import Denied
from collector.change.record import ChangeType, Window
from collector.services.changes.asked import Asked, AskedLine
from collector.services.changes.desk import actor_of
from collector.services.decisions import SAME, Decision
from collector.services.registration import MOST
from collector.store import schema
from tests.bench.estate.play import ROLES, Play
from tests.bench.estate.touch import Touch
from tests.bench.estate.world import HOUR, Thing

MINUTE = 60_000
INFORMATIONAL = {"services": ("state",)}
"""Fields nobody promises: they move by themselves."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plan: what will move. `promised`: its value is named, else whatever is found is right."""

    thing: Thing
    touch: Touch
    promised: bool = True
    instead: object = None
    """Another value than the one that comes."""

    async def asked(self, play: Play) -> AskedLine:
        _, uid = await play.ci(self.thing)
        made = self.touch
        value = self.instead or made.new
        if isinstance(value, dict):
            value = {name: each for name, each in value.items() if name not in INFORMATIONAL.get(made.path.section, ())}
        expected = Expected(How.EXACT, value) if self.promised else Expected()
        return AskedLine(uid, made.path.section, made.path.key, made.field, expected)


@dataclass(frozen=True, slots=True)
class Work:
    """A change from its record to its end (ms). `granted` None: the last word is never given."""

    type: ChangeType
    lines: tuple[Line, ...]
    window: tuple[int, int]
    raised: int
    granted: int | None
    finished: int
    closed: int = 0
    """When closing it is tried; 0: never."""


def schedule(play: Play, work: Work) -> None:
    """Let people do all steps of `work` in their time."""
    number: list[str] = []
    play.at(work.raised, partial(_raised, work=work, number=number))
    for at, by, step in _steps(work):
        play.at(at, partial(_stepped, by=by, step=step, number=number))
    if work.closed:
        play.at(work.closed, partial(_closed, work=work, number=number))


def _steps(work: Work) -> list[tuple[int, str, Step]]:
    raised, granted = work.raised + MINUTE, work.granted
    steps = [(raised, "ann", Step.SUBMIT)]
    if work.type in (ChangeType.NORMAL, ChangeType.MAJOR):
        steps += [(raised, "bea", Step.APPROVE), (raised, "cid", Step.SUBMIT)]
    if granted is None:
        return steps
    steps.append((granted, "bea", Step.APPROVE))
    if work.type in (ChangeType.MAJOR, ChangeType.EMERGENCY):
        steps.append((granted, "max", Step.APPROVE))
    began = max(granted, work.window[0])
    return [*steps, (began, "cid", Step.START), (max(began, work.finished), "cid", Step.FINISH)]


async def _raised(play: Play, work: Work, number: list[str]) -> None:
    await play.settle()
    lines = tuple([await line.asked(play) for line in work.lines])
    asked = Asked("work", "it is needed", "cid", tuple(sorted({line.ci for line in lines})), lines,
                  Window(*work.window), "as always")  # fmt: skip
    async with play.acting("ann") as act:
        number.append(await play.desk.raise_(act, work.type, asked))
    play.count("changes raised")


async def _stepped(play: Play, by: str, step: Step, number: list[str]) -> None:
    await play.settle()
    async with play.acting(by) as act:
        await play.desk.step(act, actor_of(by, ROLES[by]), number[0], step)


async def _closed(play: Play, work: Work, number: list[str]) -> None:
    by = "bea" if work.type in (ChangeType.MAJOR, ChangeType.EMERGENCY) else "ann"
    try:
        await _stepped(play, by, Step.CLOSE, number)
        play.count("changes closed as seen")
    except Denied:
        play.count("changes that could not close")


# --- registration, cases, answers


async def register(play: Play, things: list[Thing]) -> None:
    """Let a configuration administrator register things."""
    uids = [(await play.ci(thing))[1] for thing in things]
    for at in range(0, len(uids), MOST):
        async with play.acting("adm") as act:
            left = await play.registrar.register(act, ROLES["adm"], uids[at : at + MOST])
        doubtful = {each.ci.uid for each in left if each.why == "doubt"}
        await _register_doubtful(play, [thing for thing in things if (await play.ci(thing))[1] in doubtful])


async def _register_doubtful(play: Play, things: list[Thing]) -> None:
    """Decide what is in doubt of things whose first look was torn: they are what they were taken for at first."""
    for thing in things:
        await decide(play, thing, SAME)
        async with play.acting("adm") as act:
            left = await play.registrar.register(act, ROLES["adm"], [(await play.ci(thing))[1]])
        play.count(f"things not registered, {left[0].why}" if left else "things registered once their case was decided")


async def decide(play: Play, thing: Thing, word: str) -> None:
    """Let an administrator decide the open cases about a thing: it is what goes on."""
    await play.settle()
    ci_id, uid = await play.ci(thing)
    case, member = schema.duplicate_case.c, schema.duplicate_member.c
    async with play.store.read() as reader:
        joined = schema.duplicate_case.join(schema.duplicate_member)
        wanted = select(case.id, case.kind).select_from(joined).where(member.ci_id == ci_id, case.state == "open")
        cases = list(await reader.execute(wanted.order_by(case.id)))
    for row in cases:
        async with play.acting("adm") as act:
            await play.decider.decide(act, ROLES["adm"], row.id, Decision(word, uid))
        play.count(f"cases decided: {row.kind}, {word}")
    if not cases:
        play.count("mishaps without a case")
    await play.settle()


async def accept(play: Play, thing: Thing, touch: Touch) -> None:
    """Let a supervisor accept what is open about one value of a thing."""
    await play.settle()
    ci_id, _ = await play.ci(thing)
    finding, item, path = schema.finding.c, schema.finding_item.c, schema.path.c
    async with play.store.read() as reader:
        joined = schema.finding_item.join(schema.finding).join(schema.path)
        here = (finding.ci_id == ci_id, path.section == touch.path.section, path.key == touch.path.key)
        wanted = select(finding.id).select_from(joined).where(*here, item.closed_at.is_(None)).distinct()
        numbers = [row.id for row in await reader.execute(wanted)]
    for number in numbers:
        async with play.acting("bea") as act:
            await play.answering.accept(act, ROLES["bea"], number, "it is right as it is")
        play.count("findings accepted")


LATER = 26 * HOUR
"""When closing is tried after the work: everything has been looked at again."""
