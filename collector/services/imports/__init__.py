"""Lists of devices and relations, taken whole or not at all: what comes of each line, and then done.

A dry run is the same work in the same transaction, which is undone because it tells the audit log nothing.
Relations are taken after all devices of the list, so that they may name them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.classes import UNKNOWN
from collector.model import CI, GONE
from collector.record import DOUBTFUL, IMPORT, MADE, Listed, Settled, Word
from collector.security.audit import Act
from collector.security.roles import administers
from collector.services.imports import devices, table, ties
from collector.services.imports.columns import BadHeadings, Columns, Headings
from collector.services.imports.devices import BadRow, Row
from collector.services.imports.kept import fingerprint
from collector.services.imports.report import CHANGED, MADE_, REFUSED, SAME, Line, Report, refused
from collector.services.imports.table import WIDE, BadTable, Table
from collector.services.imports.tying import Tying, Words
from collector.services.records import Enter
from collector.services.refused import Refused
from collector.services.relations import Weigh
from collector.store import cis, lanes

__all__ = ["BadTable", "Importer", "Line", "Report"]

AT_ONCE: Final = 500

Settle = Callable[[AsyncConnection, str, Sequence[tuple[Listed, int]], int], Awaitable[list[Settled]]]
"""Tell which CI each device of a list is; a CI is made, proposed, for one that nobody knows."""


@dataclass(frozen=True, slots=True)
class Importer:
    """Takes lists by way of the pipeline, which `app` puts here."""

    columns: Columns
    settle: Settle
    enter: Enter
    tied: Weigh

    async def take(self, act: Act, roles: Collection[str], name: str, file: IO[bytes], dry: bool) -> Report:
        """Take the list `name` if no line of it is refused and it is not a `dry` run; raise `BadTable`, `Refused`."""
        report, told = await self._whole(act, roles, name, file)
        if not dry and told:
            report.applied = True
            act.tell("import.apply", f"import/{name}", after=told)
        return report

    async def take_back(self, act: Act, roles: Collection[str], name: str, file: IO[bytes], dry: bool) -> Report:
        """Take back what people said of the relations of a list; else as `take`. Devices are refused."""
        report, told = await self._whole(act, roles, name, file, is_back=True)
        if not dry and told:
            report.applied = True
            act.tell("import.take_back", f"import/{name}", before=told)
        return report

    async def take_one(self, act: Act, roles: Collection[str], source: str, said: Mapping[str, str]) -> Line:
        """Take one device (field → text) as the word of `source`; whoever asks keeps what came of it, or undoes it."""
        (line,) = await _Taking(self, act, roles, source).some([(1, said)])
        return line

    async def _whole(
        self, act: Act, roles: Collection[str], name: str, file: IO[bytes], is_back: bool = False
    ) -> tuple[Report, dict[str, Any]]:
        """Return what comes of a list, and what is told of it: nothing where it cannot be taken."""
        if not 0 < len(name) <= 60 or not name.isprintable() or "/" in name:
            raise Refused("a list has a name of 1 to 60 characters without a slash", "name")
        source = f"{IMPORT}/{name}"
        taking = _Taking(self, act, roles, source)
        report = await taking.whole(file, Tying(Words(self.columns, self.tied), act, roles, source, is_back), is_back)
        if report.counts[REFUSED] or not report.rows:
            return report, {}
        return report, {"rows": report.rows, **report.counts, "sha256": fingerprint(file)}


class _Taking:
    """One list on its way in."""

    def __init__(self, by: Importer, act: Act, roles: Collection[str], source: str) -> None:
        self._by, self._act, self._roles, self._source = by, act, roles, source
        self._seen: dict[int | str, int] = {}
        """CI, or label → the line that spoke of it."""

    async def whole(self, file: IO[bytes], tying: Tying, is_back: bool) -> Report:
        """Return what comes of the whole list, which is read once more where it has relations; raise `BadTable`."""
        found, headings = table.read(file), Headings(self._by.columns)
        report, has_ties = Report(found.format, found.encoding), False
        for some in _pieces(found, headings):
            its = [(number, said) for number, said in some if not _is_tie(said)]
            has_ties = has_ties or len(its) < len(some)
            for line in [_no_device(*each) for each in its] if is_back else await self.some(its):
                report.add(line)
        if has_ties:
            file.seek(0)
            for some in _pieces(table.read(file), headings):
                for line in await tying.some([(number, said) for number, said in some if _is_tie(said)]):
                    report.add(line)
        report.columns, report.ignored = headings.known, headings.ignored
        return report

    async def some(self, rows: Sequence[tuple[int, Mapping[str, str]]]) -> list[Line]:
        """Return what comes of some rows, in their order."""
        read, lines = dict[int, Row](), dict[int, Line]()
        for number, said in rows:
            try:
                read[number] = devices.read(said, self._by.columns)
            except BadRow as error:
                lines[number] = refused(number, said, error)
        named = await self._named(read, lines)
        wanted = [(number, row) for number, row in read.items() if number not in lines]
        settled = await self._by.settle(
            self._act.tx, self._source, [(row.device, named[number]) for number, row in wanted], self._act.at
        )
        known = await cis.by_ids(self._act.tx, [each.ci_id for each in settled if each.ci_id])
        words: dict[int, tuple[int, Row]] = {}
        for (number, row), each in zip(wanted, settled, strict=True):
            why = self._why_not(number, row, each, known.get(each.ci_id))
            if why is not None:
                lines[number] = why
            else:
                words[number] = each.ci_id, row
        made = {each.ci_id for each in settled if each.outcome == MADE}
        lines |= await self._enter(words, known, made)
        return [lines[number] for number, _ in rows]

    async def _named(self, read: Mapping[int, Row], lines: dict[int, Line]) -> dict[int, int]:
        """Return line → the CI it names itself by id or label, 0 for none; refuse a line that names one in vain."""
        uids = {row.uid for row in read.values() if row.uid}
        by_uid = await cis.by_uids(self._act.tx, uids) if uids else {}
        labels = {row.label for row in read.values() if row.label}
        by_label = await cis.labelled(self._act.tx, labels) if labels else {}
        named = {}
        for number, row in read.items():
            labelled = by_label.get(row.label, 0)
            chosen = by_uid[row.uid].id if row.uid in by_uid else labelled
            if row.uid and row.uid not in by_uid:
                lines[number] = Line(number, REFUSED, row.device.name, why="id", field="id")
            elif labelled not in (0, chosen):
                lines[number] = Line(number, REFUSED, row.device.name, why="label", field="label")
            elif row.label and (before := self._seen.setdefault(row.label, number)) != number:
                lines[number] = Line(number, REFUSED, row.device.name, why="twice", field="label", detail=str(before))
            named[number] = chosen
        return named

    def _why_not(self, number: int, row: Row, settled: Settled, ci: CI | None) -> Line | None:
        """Return the line of a device that cannot be taken."""

        def refused(why: str, field: str = "", detail: str = "") -> Line:
            return Line(number, REFUSED, row.device.name, ci.uid if ci else "", why=why, field=field, detail=detail)

        if settled.outcome == DOUBTFUL:
            return refused("doubt", detail=settled.why)
        if ci is None:
            return refused("untyped", "type")
        if not administers(self._roles, ci.ci_class):
            return refused("class", "type", ci.ci_class)
        if ci.state in GONE:
            return refused("closed")
        if row.device.ci_type and ci.ci_type not in (row.device.ci_type, UNKNOWN):
            return refused("kind_differs", "type", ci.ci_type)
        if (before := self._seen.setdefault(ci.id, number)) != number:
            return refused("twice", detail=str(before))
        return None

    async def _enter(
        self, words: Mapping[int, tuple[int, Row]], known: Mapping[int, CI], made: Collection[int]
    ) -> dict[int, Line]:
        """Say what the list says, and return what came of each line."""
        for ci_id, row in words.values():
            if row.device.ci_type and known[ci_id].ci_type == UNKNOWN:
                kind, when = (row.device.ci_class, row.device.ci_type), cis.When.said(self._act.at)
                await cis.classify(self._act.tx, ci_id, *kind, when)
        ci_ids = [ci_id for ci_id, _ in words.values()]
        before = await lanes.standing(self._act.tx, ci_ids)
        said = [Word(ci_id, row.device.values) for ci_id, row in words.values() if row.device.values]
        await self._by.enter(self._act.tx, self._source, said, self._act.at)
        after = await lanes.standing(self._act.tx, ci_ids)
        found = {}
        for number, (ci_id, row) in words.items():
            was, now = before.get(ci_id, {}), after.get(ci_id, {})
            moved = tuple(sorted(path.key for path in {**was, **now} if was.get(path) != now.get(path)))
            outcome = MADE_ if ci_id in made else CHANGED if moved else SAME
            found[number] = Line(number, outcome, row.device.name, known[ci_id].uid, moved)
        return found


def _pieces(found: Table, headings: Headings) -> Iterator[Sequence[tuple[int, Mapping[str, str]]]]:
    """Yield the rows of a list by fields, some at a time; raise `BadTable`."""
    rows = iter(found.rows)
    try:
        while some := [(number, _fields(headings, row)) for number, row in islice(rows, AT_ONCE)]:
            yield some
    except BadHeadings as error:
        raise BadTable(str(error)) from None


def _fields(headings: Headings, row: Mapping[str, str]) -> Mapping[str, str]:
    """Return a row by fields; that it is wider than its headings stays with it."""
    beyond = row.get(WIDE)
    if beyond is None:
        return headings.read(row)
    said = {heading: text for heading, text in row.items() if heading != WIDE}
    return (headings.read(said) if said else {}) | {WIDE: beyond}


def _is_tie(said: Mapping[str, str]) -> bool:
    """Return whether a row is a relation; one that is too wide is nothing we can tell."""
    return ties.is_one(said) and WIDE not in said


def _no_device(number: int, said: Mapping[str, str]) -> Line:
    return refused(number, said, BadRow("wide", detail=said[WIDE]) if WIDE in said else BadRow("device"))
