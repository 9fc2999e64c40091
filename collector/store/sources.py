"""What the pipeline remembers of each source: how far it has come, which CIs it speaks of, what it said last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER
from collector.store import doubts, interning, schema
from collector.store.engine import insert
from collector.store.sections import SectionState
from wire.observation import Status
from wire.sections import APART


@dataclass(slots=True)
class SourceState:
    """One source as the pipeline holds it in memory; a copy of the tables `source`, `subject_ci`, `section`.

    `agent_id` is 0 for a target of a sweep: it has no agent, and any probe of its zone may look at it.
    """

    id: int
    code: str
    agent_id: int
    epoch: bytes = b""
    seq: int = 0
    state_hash: bytes = b""
    confirmed_at: int = 0
    clock_offset_ms: int = 0
    cis: dict[str, int] = field(default_factory=dict)
    since: dict[int, int] = field(default_factory=dict)  # CI → since when this source speaks of it
    sections: dict[tuple[int, str], SectionState] = field(default_factory=dict)
    inventory: set[str] = field(default_factory=set)  # the sections of the host that a whole inventory names
    held: int = 0  # the case what it says of itself waits for; 0: none
    frozen: int = 0  # the case that lets nothing be written of its host's CI; 0: none
    absences: dict[str, int] = field(default_factory=dict)  # role → how often in a row it was not spoken of
    last_moment: int = 0  # when this source said its last word that was applied; before the first, when it came to be

    def hold(self, ci_id: int, name: str, now: SectionState) -> None:
        """Remember the last word on one section."""
        self.sections[ci_id, name] = now
        self.last_moment = max(self.last_moment, now.last_try)
        if name not in APART and ci_id == self.cis.get("host"):
            self.inventory.add(name)

    def confirm(self, moment: int) -> None:
        """A whole quiet inventory: everything that was said last still holds."""
        self.confirmed_at = self.last_moment = moment

    def last_ok(self, ci_id: int, name: str) -> int:
        """Return when this source last confirmed the section: with its own word, or with a whole quiet inventory."""
        held = self.sections.get((ci_id, name))
        if held is None:
            return 0
        return max(held.last_ok, self.confirmed_of(ci_id)) if held.status.speaks else held.last_ok

    def confirmed_of(self, ci_id: int) -> int:
        """Return when a whole quiet inventory was last of this CI; 0: never since the source speaks of it."""
        return self.confirmed_at if self.since.get(ci_id, FOREVER) <= self.confirmed_at else 0

    def speak_of(self, role: str, ci_id: int, at: int) -> None:
        """Speak of this CI in that role from `at` (ms) on; what was confirmed of the one before stays confirmed."""
        before = self.cis.get(role, 0)
        for (its, name), held in self.sections.items():
            if its == before:
                held.last_ok = self.last_ok(its, name)
        self.since.pop(before, None)
        self.cis[role], self.since[ci_id] = ci_id, at


async def load(connection: AsyncConnection, codes: Iterable[str]) -> dict[str, SourceState]:
    """Return code → state of those sources; a code that is not known is left out."""
    states: dict[int, SourceState] = {}
    table = schema.source.c
    for part in interning.chunks(codes):
        rows = await connection.execute(
            select(schema.source, schema.agent.c.clock_offset_ms, schema.agent.c.enrolled_at)
            .select_from(schema.source.outerjoin(schema.agent))
            .where(table.code.in_(part))
        )
        for row in rows:
            states[row.id] = SourceState(
                row.id, row.code, row.agent_id or 0, row.applied_epoch or b"", row.applied_seq,
                row.state_hash or b"", row.confirmed_at, row.clock_offset_ms or 0,
                last_moment=max(row.confirmed_at, row.enrolled_at or 0),
            )  # fmt: skip
    await _load_subjects(connection, states)
    await _load_sections(connection, states)
    for source_id, (held, frozen) in (await doubts.stopped(connection, states)).items():
        states[source_id].held, states[source_id].frozen = held, frozen
    return {state.code: state for state in states.values()}


async def codes(connection: AsyncConnection, source_ids: Iterable[int]) -> list[str]:
    """Return the codes of those sources."""
    found: list[str] = []
    for part in interning.chunks(source_ids):
        found += (await connection.execute(select(schema.source.c.code).where(schema.source.c.id.in_(part)))).scalars()
    return sorted(found)


async def number(connection: AsyncConnection, code: str) -> int:
    """Return the id of the source with that code, which is there."""
    return int((await connection.execute(select(schema.source.c.id).where(schema.source.c.code == code))).scalar_one())


async def ensure(connection: AsyncConnection, codes: Iterable[str]) -> None:
    """Make those sources that have no agent, such as a target of a sweep; the kind is the word they begin with."""
    rows = [{"code": code, "kind": code.partition("/")[0]} for code in sorted(codes)]
    if rows:
        await connection.execute(insert(connection, schema.source).on_conflict_do_nothing(), rows)


async def refresh_offsets(connection: AsyncConnection, states: Iterable[SourceState]) -> None:
    """Bring each state's clock offset up to what the agent's last heartbeat measured."""
    by_agent = {state.agent_id: state for state in states if state.agent_id}
    for part in interning.chunks(by_agent):
        for agent_id, offset in await connection.execute(_OFFSETS, {"agents": part}):
            by_agent[agent_id].clock_offset_ms = offset


async def _load_subjects(connection: AsyncConnection, states: dict[int, SourceState]) -> None:
    table = schema.subject_ci.c
    for part in interning.chunks(states):
        rows = await connection.execute(
            select(table.source_id, table.role, table.ci_id, table.since, table.absences).where(
                table.source_id.in_(part)
            )
        )
        for row in rows:
            states[row.source_id].cis[row.role] = row.ci_id
            states[row.source_id].since[row.ci_id] = row.since
            if row.absences:
                states[row.source_id].absences[row.role] = row.absences


async def _load_sections(connection: AsyncConnection, states: dict[int, SourceState]) -> None:
    table = schema.section.c
    columns = [column for column in schema.section.c if column.name != "body"]
    for part in interning.chunks(states):
        for row in await connection.execute(select(*columns).where(table.source_id.in_(part))):
            held = SectionState(
                Status(row.status), bytes(row.hash), row.revision, row.last_ok, row.last_try, row.misses, row.reason
            )
            states[row.source_id].hold(row.ci_id, row.name, held)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one source has come."""

    source_id: int
    observation_id: int
    epoch: bytes
    seq: int
    state_hash: bytes
    confirmed_at: int


_ADVANCE = (
    update(schema.source)
    .where(schema.source.c.id == bindparam("b_id"))
    .values(
        applied_id=bindparam("b_applied"), applied_epoch=bindparam("b_epoch"), applied_seq=bindparam("b_seq"),
        state_hash=bindparam("b_hash"), confirmed_at=bindparam("b_confirmed"),
    )
)  # fmt: skip
_OFFSETS = select(schema.agent.c.id, schema.agent.c.clock_offset_ms).where(
    schema.agent.c.id.in_(bindparam("agents", expanding=True))
)


async def advance(connection: AsyncConnection, progress: Sequence[Progress]) -> None:
    """Move each source's cursor; one statement for all of them."""
    if not progress:
        return
    rows = [
        {"b_id": p.source_id, "b_applied": p.observation_id, "b_epoch": p.epoch, "b_seq": p.seq,
         "b_hash": p.state_hash, "b_confirmed": p.confirmed_at}
        for p in progress
    ]  # fmt: skip
    await connection.execute(_ADVANCE, rows)


async def restate(connection: AsyncConnection, state: SourceState) -> None:
    """Write what a source said last, its cursor left where it is: what waited was passed long ago."""
    own = update(schema.source).where(schema.source.c.id == state.id)
    await connection.execute(own.values(state_hash=state.state_hash, confirmed_at=state.confirmed_at))


async def bind(connection: AsyncConnection, source_id: int, role: str, ci_id: int, matched_by: str, at: int) -> None:
    """Remember which CI a subject of a source is."""
    row = {"source_id": source_id, "role": role, "ci_id": ci_id, "matched_by": matched_by, "since": at}
    statement = insert(connection, schema.subject_ci).values(row)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["source_id", "role"], set_={"ci_id": ci_id, "matched_by": matched_by, "since": at}
        )
    )


async def absent(connection: AsyncConnection, source_id: int, absences: Mapping[str, int], at: int) -> None:
    """Write how often in a row (0: it is) each role of a source was not spoken of, the last time at `at` (ms)."""
    table = schema.subject_ci
    its = update(table).where(table.c.source_id == source_id, table.c.role == bindparam("b_role"))
    rows = [{"b_role": role, "b_count": count} for role, count in absences.items()]
    if rows:
        await connection.execute(its.values(absences=bindparam("b_count"), absent_at=at), rows)


async def elsewhere(connection: AsyncConnection, source_id: int, ci_ids: Sequence[int]) -> set[int]:
    """Return those CIs that another source speaks of."""
    table, found = schema.subject_ci.c, set[int]()
    for part in interning.chunks(ci_ids):
        rows = await connection.execute(
            select(table.ci_id).where(table.ci_id.in_(part), table.source_id != source_id).distinct()
        )
        found |= set(rows.scalars())
    return found


_CONFIRMED = (
    update(schema.section)
    .where(schema.section.c.ci_id == bindparam("b_ci"), schema.section.c.source_id == bindparam("b_source"))
    .where(or_(*(schema.section.c.status == int(each) for each in (Status.OK, Status.EMPTY))))  # no IN with many rows
    .where(schema.section.c.last_ok < bindparam("b_at"))
    .values(last_ok=bindparam("b_at"))
)


async def settle(connection: AsyncConnection, confirmed: Iterable[tuple[int, int, int]]) -> None:
    """Write to the sections of (CI, source) that the source confirmed them as a whole at that time (ms).

    A quiet inventory is one row, of the source, and of what the source speaks of; so it is settled before that moves.
    """
    rows = [{"b_ci": ci_id, "b_source": source_id, "b_at": at} for ci_id, source_id, at in confirmed if at]
    if rows:
        await connection.execute(_CONFIRMED, rows)


async def unbind(connection: AsyncConnection, source_id: int, roles: Sequence[str]) -> None:
    """Forget subjects this source no longer speaks of."""
    table = schema.subject_ci
    for part in interning.chunks(roles):
        await connection.execute(table.delete().where(table.c.source_id == source_id, table.c.role.in_(part)))
