"""Changes and items as the tests of change control write them: times are hours, people are named by what they do."""

from __future__ import annotations

from dataclasses import replace

from collector.change.approval import MANAGER, NEEDS, SUPERVISOR, hash_for
from collector.change.covering import HOUR_MS
from collector.change.expected import Expected, How
from collector.change.item import Item
from collector.change.record import Change, ChangeType, Line, Plan, Request, Stage, State, Window, Word
from collector.model import Path, Value

ANNA, BORIS, SOPHIA, MEI = "anna", "boris", "sophia", "mei"
"""Who asks, who does it, who supervises, who manages changes."""
WHO = {SUPERVISOR: SOPHIA, MANAGER: MEI}
SW1, DB1, UPS1 = 1, 2, 3
VERSION = Path("os", "version")


def hours(number: float) -> int:
    """Return hours as milliseconds."""
    return round(number * HOUR_MS)


def exactly(value: Value) -> Expected:
    return Expected(How.EXACT, value)


def line(path: Path = VERSION, expected: Expected | None = None, ci_id: int = SW1, field: str = "") -> Line:
    return Line(ci_id, path, expected or Expected(), field)


def change(
    *lines: Line,
    window: tuple[float, float] = (20, 22),
    recorded: float = -72,
    kind: ChangeType = ChangeType.NORMAL,
    number: str = "C1",
) -> Change:
    """Return a change nobody has said a word of yet, by Anna, to be done by Boris."""
    request = Request("work", "because", frozenset(each.ci_id for each in lines), BORIS, hours(recorded))
    plan = Plan(lines, Window(hours(window[0]), hours(window[1])), hours(recorded))
    return Change(number, kind, ANNA, request, plan, state=State.DRAFT)


def granted(of: Change, stage: Stage, at: float, who: str | None = None, **changed: Value) -> Change:
    """Return the change with one more word; `changed` fields of the word may make it a wrong one."""
    need = next(need for need in NEEDS[of.type] if need.stage is stage)
    word = Word(stage, need.role, who or WHO[need.role], hours(at), hash_for(of, need))
    return replace(of, words=(*of.words, replace(word, **changed)))


def approved(of: Change, *at: float) -> Change:
    """Return the change with the words it needs, given at these hours (the last one also for those that follow)."""
    for place, need in enumerate(NEEDS[of.type]):
        of = granted(of, need.stage, at[min(place, len(at) - 1)])
    return of


OLD = "V200R019C00"


def item(
    new: Value, lo: float, hi: float, path: Path = VERSION, ci_id: int = SW1, old: Value = OLD, field: str = ""
) -> Item:
    return Item(ci_id, "snmp", path, old, old, new, hours(lo), hours(hi), field)
