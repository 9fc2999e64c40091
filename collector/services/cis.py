"""One CI: what it is, what it is made of, what was true when, and why a value is so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.record import RELATIONS
from collector.model import Value
from collector.services.element import FieldChange, element, in_order, moved_fields
from collector.services.missing import NotFound
from collector.store.browse import agents, alerts, cis, facts, relations, steps
from collector.store.browse.alerts import AlertQuery
from collector.store.browse.cis import CiQuery, CiRow
from collector.store.browse.facts import AuthRow, ClaimRow, FactRow, Moment, SectionRow
from collector.store.browse.page import Page, Window
from collector.store.browse.relations import RelationQuery, RelationRow
from collector.store.browse.steps import StepQuery, StepRow
from wire.sections import APART, SECTIONS, Shape, shape_of

_ORDER = {name: place for place, name in enumerate(SECTIONS)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One value with its origin: a field of a record (`fields` has one, its own), or an element (`fields`: all)."""

    key: str
    fields: Mapping[str, Value]
    value: Value
    source: str
    why: str
    since: int


@dataclass(frozen=True, slots=True)
class SectionFacts:
    """One section of a CI: its entries, and how each source's reading of it stands."""

    name: str
    is_record: bool
    columns: tuple[str, ...]
    entries: tuple[Entry, ...]
    states: tuple[SectionRow, ...] = ()

    @property
    def confirmed_at(self) -> int:
        return max((state.last_ok for state in self.states), default=0)


@dataclass(frozen=True, slots=True)
class Why:
    """Why one value is so: the fact, what every source claims, what is authorised, and what it was before."""

    section: str
    key: str
    fact: FactRow | None
    claims: tuple[ClaimRow, ...]
    authorised: AuthRow | None
    steps: tuple[StepRow, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a CI is all right: the results of its rules by outcome, and the agent on it."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    agent_uid: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs between two moments."""

    section: str
    key: str
    old: Value
    new: Value

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        return moved_fields(self.section, self.old, self.new)


async def listed(connection: AsyncConnection, query: CiQuery, window: Window) -> Page[CiRow]:
    """Return one page of CIs; raise `BadCursor`."""
    return await cis.list_cis(connection, query, window)


async def one(connection: AsyncConnection, uid: str, moment: Moment | None = None) -> CiRow:
    """Return the CI with that id, as it stood at `moment` if anybody knew of it by then; raise `NotFound`."""
    found = await cis.one(connection, uid, moment)
    if found is None:
        raise NotFound("CI", uid)
    return found


async def standing(connection: AsyncConnection, ci: CiRow) -> Standing:
    """Return whether `ci` is all right."""
    page = await alerts.list_alerts(connection, AlertQuery(ci_id=ci.id), Window(200))
    outcomes: dict[str, int] = {}
    for row in page.items:
        outcomes[row.outcome] = outcomes.get(row.outcome, 0) + 1
    return Standing(outcomes, await agents.agent_of(connection, ci.id))


async def made_of(
    connection: AsyncConnection, ci: CiRow, moment: Moment | None = None, name: str | None = None
) -> tuple[SectionFacts, ...]:
    """Return the facts of `ci` by section, now or at `moment`; sections that failed are there with their reason."""
    rows = await facts.facts(connection, ci.id, moment, name)
    states = [each for each in await facts.sections(connection, ci.id) if name in (None, each.name)]
    names = {row.section for row in rows} | {state.name for state in states if state.name not in APART}
    names.discard(RELATIONS)  # they are listed whole: a lane holds what moved
    return tuple(
        _section(each, [row for row in rows if row.section == each], [s for s in states if s.name == each])
        for each in sorted(names, key=lambda each: (_ORDER.get(each, len(_ORDER)), each))
    )


def _section(name: str, rows: list[FactRow], states: list[SectionRow]) -> SectionFacts:
    shape = shape_of(name)
    entries = [_entry(shape, row) for row in rows]
    columns = in_order(shape, {name for entry in entries for name in entry.fields})  # one nobody fills is no column
    if shape.is_record:
        entries.sort(key=lambda entry: columns.index(entry.key))
    return SectionFacts(name, shape.is_record, columns, tuple(entries), tuple(states))


def _entry(shape: Shape, row: FactRow) -> Entry:
    whole = row.value if shape.is_record else element(shape, row.key, row.value)
    fields = {row.key: row.value} if shape.is_record else whole
    return Entry(row.key, fields, whole, row.source, row.why, row.since)


async def health(connection: AsyncConnection, ci: CiRow) -> tuple[list[dict[str, Value]], int]:
    """Return the newest measurements of `ci` and when they were taken (ms)."""
    return await facts.health(connection, ci.id)


async def why(connection: AsyncConnection, ci: CiRow, section: str, key: str) -> Why:
    """Return why one value of `ci` is so; raise `NotFound` when it never had one."""
    now = await facts.facts(connection, ci.id, None, section)
    moved = await steps.list_steps(connection, StepQuery(ci.id, section, key), Window(50))
    if not moved.items:
        raise NotFound("value", f"{section}.{key}")
    return Why(
        section,
        key,
        next((row for row in now if row.key == key), None),
        await facts.claims(connection, ci.id, section, key),
        await facts.authorised(connection, ci.id, section, key),
        moved.items,
    )


async def history(connection: AsyncConnection, query: StepQuery, window: Window) -> Page[StepRow]:
    """Return one page of what moved, newest first; raise `BadCursor`."""
    return await steps.list_steps(connection, query, window)


async def arrival(connection: AsyncConnection, ci: CiRow) -> tuple[int, int]:
    """Return when the first facts of `ci` came (ms; 0: none yet) and how many came then."""
    at = await steps.arrived_at(connection, ci.id)
    return (at, sum((await steps.arrival(connection, ci.id, at)).values())) if at else (0, 0)


async def related(connection: AsyncConnection, ci: CiRow, moment: Moment | None = None) -> tuple[RelationRow, ...]:
    """Return what `ci` touches, now or at `moment`; the first 200. What two sources say is one relation."""
    page = await relations.list_relations(connection, RelationQuery(ci.id, moment=moment), Window(200))
    return tuple({(each.a.uid, each.kind, each.b.uid): each for each in reversed(page.items)}.values())[::-1]


async def compare(connection: AsyncConnection, ci: CiRow, old_at: int, new_at: int, now: int) -> tuple[Difference, ...]:
    """Return what differs between two moments of `ci`, as it is known now (ms)."""
    before = await steps.values_at(connection, ci.id, old_at, now)
    after = await steps.values_at(connection, ci.id, new_at, now)
    moved = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    ids = {each[path] for path in moved for each in (before, after) if path in each}
    values = await steps.texts(connection, ids)
    return tuple(
        Difference(section, key, values.get(before.get((section, key), 0)), values.get(after.get((section, key), 0)))
        for section, key in moved
    )
