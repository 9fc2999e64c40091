"""The relations of a list on their way in, or back: some rows at a time, each with what comes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from collector.model import CI
from collector.record import is_said
from collector.relations import HA_PEER, Tied
from collector.security.audit import Act
from collector.services.imports import ties
from collector.services.imports.columns import Columns
from collector.services.imports.devices import BadRow
from collector.services.imports.report import ENDED, MADE_, REFUSED, SAME, Line, refused
from collector.services.imports.ties import Tie
from collector.services.relations import Weigh
from collector.store import called, relations, sources

Asked = Mapping[int, tuple[CI, str, CI]]
"""Line → `a`, kind, `b`."""


@dataclass(frozen=True, slots=True)
class Words:
    """What lists call things, and what holds the relations they move against changes."""

    columns: Columns
    weigh: Weigh


class Tying:
    """Says the relations of one list in the name of `source`; `is_back`: takes back what people said of them."""

    def __init__(self, by: Words, act: Act, roles: Collection[str], source: str, is_back: bool) -> None:
        self._act, self._roles, self._columns, self._source = act, roles, by.columns, source
        self._weigh = by.weigh
        self._do = self._end if is_back else self._say

    async def some(self, rows: Sequence[tuple[int, Mapping[str, str]]]) -> list[Line]:
        """Return what comes of some rows, in their order."""
        read, lines = dict[int, Tie](), dict[int, Line]()
        for number, said in rows:
            try:
                read[number] = ties.read(said, self._columns)
            except BadRow as error:
                lines[number] = refused(number, said, error)
        known = await called.bearing(self._act.tx, {word for tie in read.values() for word in (tie.a, tie.b)})
        asked: dict[int, tuple[CI, str, CI]] = {}
        for number, tie in read.items():
            try:
                a, b = ties.ends(tie, known, self._roles)
            except BadRow as error:
                lines[number] = refused(number, {"from": tie.a}, error)
            else:
                asked[number] = a, tie.kind, b
        lines |= await self._do(asked)
        return [lines[number] for number, _ in rows]

    async def _say(self, asked: Asked) -> dict[int, Line]:
        """Say what nobody says yet; what holds by anybody's word, devices' or people's, is no news."""
        both = {(x.id, kind, y.id) for a, kind, b in asked.values() for x, y in ((a, b), (b, a))}
        held = set(await relations.held(self._act.tx, both))
        found, begun = dict[int, Line](), set[relations.Tie]()
        for number, (a, kind, b) in asked.items():
            this, back = (a.id, kind, b.id), (b.id, kind, a.id)
            if this in held or (kind == HA_PEER and back in held):
                found[number] = _line(number, SAME, (a, kind, b))
            elif back in held:
                found[number] = _line(number, REFUSED, (a, kind, b), "reversed")
            else:
                found[number] = _line(number, MADE_, (a, kind, b))
                begun.add(this)
                held.add(this)
        if begun:
            by, told = await self._by(), await relations.told_by_people(self._act.tx, {a for a, _, _ in begun})
            await relations.begin(self._act.tx, {(*this, by) for this in begun}, self._act.at)
            await self._weighed(Tied(*this, *self._now, was_held=False) for this in begun if this[0] in told)
        return found

    async def _end(self, asked: Asked) -> dict[int, Line]:
        """Take back what people say; what a device says stands as long as it does, and what nobody says is no news."""
        held = await relations.held(self._act.tx, {(a.id, kind, b.id) for a, kind, b in asked.values()})
        found, ended = dict[int, Line](), set[relations.Tie]()
        for number, (a, kind, b) in asked.items():
            this = a.id, kind, b.id
            by = held.get(this, [])
            if this in ended or not by:
                found[number] = _line(number, SAME, (a, kind, b))
            elif any(map(is_said, by)):
                found[number] = _line(number, ENDED, (a, kind, b))
                ended.add(this)
            else:
                found[number] = _line(number, REFUSED, (a, kind, b), "observed", by[0])
        await relations.end_said(self._act.tx, ended, self._act.at)
        await self._weighed(Tied(*this, *self._now, was_held=True) for this in ended)
        return found

    @property
    def _now(self) -> tuple[int, int]:
        return self._act.at, self._act.at

    async def _weighed(self, ties: Iterable[Tied]) -> None:
        """Hold what moved against changes; what a list is the first to say of a CI is the entry of its record."""
        if moved := list(ties):
            await self._weigh(self._act.tx, moved, self._act.at)

    async def _by(self) -> int:
        """Return the number of the source, made where the list is new."""
        await sources.ensure(self._act.tx, [self._source])
        return (await sources.load(self._act.tx, [self._source]))[self._source].id


def _line(number: int, outcome: str, tie: tuple[CI, str, CI], why: str = "", detail: str = "") -> Line:
    a, kind, b = tie
    return Line(
        number, outcome, a.name, a.uid, why=why, detail=detail, relation=kind, to=b.uid, to_name=b.name
    )  # fmt: skip
