"""The report of a run: what the page and every writer of files show. Problems first, what passed last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from collector.inspecting.answer import Filled
from collector.inspecting.line import COVERED, FIXED, WORST_FIRST, Line, State
from collector.inspecting.photo import Photo
from collector.inspecting.plan import CHOICE
from collector.model import Rule
from collector.report.value import Column, Figure, Kind, Report, Row, Table, standing
from collector.services.inspecting.seen import Run, Seen
from collector.services.photos import Shown
from collector.services.signatures import drawn, pictures
from collector.severity import rank
from collector.stocktake import Thing
from collector.store.engine import Store
from collector.store.photos import INSPECTIONS

NAME: Final = "inspection"
_STATE: Final = Column("outcome", Kind.WORD, "check_state", 1)
_CI: Final = (
    Column("ci", link=("/cis/", "id")), Column("id", hidden=True), Column("class", Kind.WORD, "class", 1),
    Column("place"),
)  # fmt: skip
_CHECK: Final = (Column("check", Kind.OWN, wide=3), Column("rule", hidden=True), Column("instance"))
_VALUES: Final = (Column("found", Kind.VALUE, wide=3), Column("limits", Kind.VALUE))
_WHEN: Final = (Column("observed_at", Kind.TIME), Column("source"), Column("since", Kind.TIME))
PROBLEMS: Final = (
    _STATE, Column("severity", Kind.WORD, "severity", 1), *_CI, *_CHECK, *_VALUES, *_WHEN,
    Column("standing", Kind.WORD, "standing", 1), Column("incident", link=("/incidents/", "incident")),
)  # fmt: skip
DOUBTS: Final = (
    _STATE, *_CI, *_CHECK, Column("why", Kind.WORD, "reason"), Column("about", Kind.WORD, "section"), *_WHEN,
)  # fmt: skip
ITEMS: Final = (
    Column("item", Kind.OWN, wide=3), Column("answer", Kind.OWN), Column("limits"),
    Column("outcome", Kind.WORD, "item_state", 1), Column("note"), Column("photos", Kind.NUMBER, wide=1),
    Column("who"), Column("at", Kind.TIME), Column("incident", link=("/incidents/", "incident")),
)  # fmt: skip
CIS: Final = (
    *_CI, Column("checks", Kind.NUMBER, wide=1), Column("coverage", Kind.RATIO, wide=1),
    *(Column(name, Kind.NUMBER, wide=1) for name in ("problems", "doubts", "waived", "passed")),
)  # fmt: skip
PASSED: Final = (_STATE, *_CI, *_CHECK, *_VALUES, *_WHEN, Column("standing", Kind.WORD, "standing", 1))
PHOTOS: Final = (
    Column("photo"), Column("item", Kind.OWN, wide=3), Column("size_bytes", Kind.NUMBER, wide=1),
    Column("sha256", wide=3), Column("who"), Column("at", Kind.TIME),
)  # fmt: skip
NOTES: Final = (Column("note", wide=6), Column("who"), Column("at", Kind.TIME))

Rules = Mapping[str, Rule]


def report(seen: Seen, rules: Rules, store: Store, now: int) -> Report:
    """Return the report of a run, signed or not. `rules`: by id, for their titles; `store`: where its photos are."""
    rows, album = _Rows(seen, rules), Shown(store, INSPECTIONS, seen.run.id, seen.run.number)
    shots = {at: album.shots(each.photos, dict(each.item.text)) for at, each in enumerate(seen.items)}
    tables = (
        Table("problems", PROBLEMS, standing([rows.problem(each) for each in problems(seen.lines)])),
        Table("doubts", DOUBTS, standing([rows.doubt(each) for each in doubts(seen.lines)])),
        Table("items", ITEMS, standing([_item(each, seen) for each in seen.items]), shots=shots),
        Table("per_ci", CIS, standing(rows.per_ci(seen.lines))),
        Table("passed", PASSED, standing([rows.passed(each) for each in passed(seen.lines)])),
        Table("photos", PHOTOS, standing([_photo(each, photo, seen) for each in seen.items for photo in each.photos])),
        Table("notes", NOTES, standing([(each.text, each.who, each.at) for each in seen.notes])),
    )
    return Report(NAME, now, _parameters(seen), _figures(seen, now), tables, pictures(seen.signatures))


def problems(lines: Iterable[Line]) -> list[Line]:
    """Return what is wrong, the worst and newest first, then what is waived."""
    found = [each for each in lines if each.state in (State.PROBLEM, State.WAIVED)]
    return sorted(found, key=lambda each: (WORST_FIRST.index(each.state), -_level(each), each.standing, each.key))


def doubts(lines: Iterable[Line]) -> list[Line]:
    """Return what could not be told, and rules that could not be run."""
    found = [each for each in lines if each.state in (State.UNKNOWN, State.ERROR)]
    return sorted(found, key=lambda each: (WORST_FIRST.index(each.state), each.reason, each.key))


def passed(lines: Iterable[Line]) -> list[Line]:
    """Return what is in order or does not apply; what is fixed since the last run comes first."""
    found = [each for each in lines if each.state in (State.PASS, State.NOT_APPLICABLE)]
    return sorted(found, key=lambda each: (each.standing != FIXED, each.state is not State.PASS, each.key))


def fixed(lines: Iterable[Line]) -> int:
    return sum(each.standing == FIXED for each in lines)


def _level(line: Line) -> int:
    return rank(line.severity) if line.severity else -1


class _Rows:
    """Makes rows of lines."""

    def __init__(self, seen: Seen, rules: Rules) -> None:
        self._seen, self._things, self._rules = seen, seen.things, rules

    def problem(self, line: Line) -> Row:
        return (
            str(line.state), line.severity or None, *self._of(line), dict(line.evidence) or None,
            dict(line.limits) or None, *_when(line), line.standing or None, self._seen.incident_of(line) or None,
        )  # fmt: skip

    def doubt(self, line: Line) -> Row:
        why, _, about = line.reason.partition(": ")
        return (str(line.state), *self._of(line), why or None, about.removeprefix("ci.") or None, *_when(line))

    def passed(self, line: Line) -> Row:
        return (
            str(line.state), *self._of(line), dict(line.evidence) or None, dict(line.limits) or None, *_when(line),
            line.standing or None,
        )  # fmt: skip

    def _of(self, line: Line) -> Row:
        rule = self._rules.get(line.rule)
        title = dict(rule.title) if rule else {"zh": line.rule, "en": line.rule}
        return (*_ci(self._things[line.ci_id]), title, line.rule, line.instance or None)

    def per_ci(self, lines: Iterable[Line]) -> list[Row]:
        """Return one row a CI, those with problems first, also for those nothing was checked of."""
        worst: dict[int, dict[str, State]] = {ci_id: {} for ci_id in self._things}
        for line in lines:
            at = worst[line.ci_id]
            at[line.rule] = min(at.get(line.rule, line.state), line.state, key=WORST_FIRST.index)
        rows = [(*_ci(self._things[ci_id]), *_counted(list(checks.values()))) for ci_id, checks in worst.items()]
        return sorted(rows, key=lambda row: (-row[-4], -row[-3], str(row[0])))


def _counted(states: Sequence[State]) -> Row:
    """Return how many checks there were of one CI, how many of them were seen, and how they came out."""
    counts = Counter(states)
    expected = len(states) - counts[State.NOT_APPLICABLE]
    covered = sum(counts[each] for each in COVERED)
    doubtful = counts[State.UNKNOWN] + counts[State.ERROR]
    return (
        expected, covered / expected if expected else None, counts[State.PROBLEM], doubtful, counts[State.WAIVED],
        counts[State.PASS],
    )  # fmt: skip


def _ci(thing: Thing) -> Row:
    return (thing.name, thing.uid, thing.ci_class, thing.place or None)


def _when(line: Line) -> Row:
    return (line.observed_at or None, line.source or None, line.since or None)


def _item(filled: Filled, seen: Seen) -> Row:
    item, said = filled.item, filled.answer
    return (
        dict(item.text), answer_of(filled), limits_text(filled), filled.state, (said and said.note) or None,
        len(filled.photos), said and said.who, said and said.at, seen.found.get(seen.item_key(item.id)),
    )  # fmt: skip


def _photo(filled: Filled, photo: Photo, seen: Seen) -> Row:
    name = photo.name_in(seen.run.number)
    return (name, dict(filled.item.text), photo.size, photo.sha256, photo.who, photo.at)


def answer_of(filled: Filled) -> object:
    """Return an answer in words: the option chosen, the reading with its unit, the text."""
    item, said = filled.item, filled.answer
    if said is None:
        return None
    if item.answer == CHOICE:
        return dict(item.options[int(said.value)].text)
    return f"{said.value} {item.unit}".strip()


def limits_text(filled: Filled) -> str | None:
    """Return between what a reading should be, with its unit."""
    item = filled.item
    if item.low is None and item.high is None:
        return None
    low, high = ("" if each is None else f"{each:g}" for each in (item.low, item.high))
    span = f"{low}–{high}" if low and high else f"≥ {low}" if low else f"≤ {high}"
    return f"{span} {item.unit}".strip()


def _parameters(seen: Seen) -> tuple[Figure, ...]:
    run, new = seen.run, seen.run.new
    return (
        Figure("number", run.number, Kind.TEXT), Figure("title", dict(new.title), Kind.OWN),
        Figure("plan", f"{seen.plan_number} v{new.version}", Kind.TEXT),
        Figure("state", run.state, Kind.WORD, "inspection_state"),
        Figure("scheduled_for", new.scheduled_for, Kind.TIME), Figure("looked_at", run.looked_at, Kind.TIME),
        Figure("due_at", new.due_at, Kind.TIME), Figure("assignee", new.assignee, Kind.TEXT),
        Figure("deputy", new.deputy or None, Kind.TEXT),
        Figure("maintenance_incident", run.incident or None, Kind.TEXT),
        Figure("signed_by", run.signed_by or None, Kind.TEXT), Figure("signed_at", run.signed_at, Kind.TIME),
        Figure("reviewed_by", run.reviewed_by or None, Kind.TEXT), Figure("reviewed_at", run.reviewed_at, Kind.TIME),
        *_cancelled(run), Figure("digest", run.digest or None, Kind.TEXT), *drawn(seen.signatures),
    )  # fmt: skip


def _cancelled(run: Run) -> tuple[Figure, ...]:
    """Return who called a run off, when and why; nothing of one that is not."""
    if run.cancelled_at is None:
        return ()
    return (
        Figure("cancelled_by", run.cancelled_by, Kind.TEXT), Figure("cancelled_at", run.cancelled_at, Kind.TIME),
        Figure("cancel_reason", run.cancel_reason, Kind.TEXT),
    )  # fmt: skip


def _figures(seen: Seen, now: int) -> tuple[Figure, ...]:
    states = seen.run.coverage.states
    return (
        Figure("overdue", "yes" if seen.is_overdue(now) else "no", Kind.WORD, "yes_no"),
        Figure("cis", len(seen.things)), Figure("unchecked", seen.run.coverage.unchecked),
        Figure("expected", seen.run.coverage.expected), Figure("coverage", seen.run.coverage.ratio, Kind.RATIO),
        *(Figure(f"inspection_{name}", states.get(str(state), 0)) for name, state in _COUNTED),
        Figure("fixed", fixed(seen.lines)), Figure("items", len(seen.items)), Figure("open_items", seen.open_items),
        Figure("item_problems", sum(each.state == "problem" for each in seen.items)),
    )  # fmt: skip


_COUNTED: Final = (
    ("problem", State.PROBLEM), ("unknown", State.UNKNOWN), ("error", State.ERROR), ("waived", State.WAIVED),
    ("pass", State.PASS),
)  # fmt: skip
