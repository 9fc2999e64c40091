"""The report of a stock-take: what every writer of files and the page show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from collector.report.value import Column, Figure, Kind, Report, Row, Shot, Table, standing
from collector.services.photos import Shown
from collector.services.signatures import drawn, pictures
from collector.services.stocktaking.seen import Seen
from collector.stocktake import STATES, Mark, Thing
from collector.stocktake import Row as Line
from collector.store.engine import Store
from collector.store.photos import STOCKTAKES

NAME: Final = "stocktake"
_CI: Final = (
    Column("ci", link=("/cis/", "id")), Column("id", hidden=True), Column("class", Kind.WORD, "class"),
    Column("type", Kind.WORD, "type"), Column("label"), Column("owner"),
)  # fmt: skip
_SAID: Final = (
    Column("now_at"), Column("seen_text"), Column("note"), Column("photos", Kind.NUMBER, wide=1), Column("who"),
    Column("at", Kind.TIME),
)  # fmt: skip
LINES: Final = (
    *_CI, Column("expected_at"), Column("outcome", Kind.WORD, "stocktake_outcome"), *_SAID,
    Column("contested", Kind.WORD, "stocktake_contested"), Column("change", link=("/changes/", "change")),
    Column("finding", link=("/findings/", "finding"), wide=1), Column("incident", link=("/incidents/", "incident")),
    Column("last_seen", Kind.TIME), Column("plugged"),
)  # fmt: skip
FOUND: Final = (
    *_CI, *_SAID, Column("change", link=("/changes/", "change")), Column("arrival", link=("/cis/", "arrival"), wide=3),
)  # fmt: skip
PHOTOS: Final = (
    Column("photo"), *_CI, Column("seen_text"), Column("size_bytes", Kind.NUMBER, wide=1), Column("sha256", wide=3),
    Column("who"), Column("at", Kind.TIME),
)  # fmt: skip

Shots = Mapping[int, Sequence[Shot]]


def report(seen: Seen, store: Store, now: int) -> Report:
    """Return the report of a stock-take, open or closed. `store`: where its photos are."""
    kept, new = seen.kept, seen.kept.new
    parameters = (
        Figure("number", kept.number, Kind.TEXT), Figure("title", new.title, Kind.TEXT),
        Figure("kind", str(new.kind), Kind.WORD, "stocktake_kind"),
        Figure("state", seen.state, Kind.WORD, "stocktake_state"), *_planned(seen),
        Figure("people", kept.people, Kind.TEXTS), Figure("opened_by", new.opened_by, Kind.TEXT),
        Figure("opened_at", new.opened_at, Kind.TIME), Figure("closed_by", kept.closed_by or None, Kind.TEXT),
        Figure("closed_at", kept.closed_at, Kind.TIME), Figure("note", kept.note or None, Kind.TEXT),
        Figure("digest", kept.digest or None, Kind.TEXT), *drawn(seen.signatures),
    )  # fmt: skip
    figures = tuple(Figure(f"stocktake_{state}", seen.result.counts[state]) for state in map(str, STATES))
    lines = [_line(row, seen) for row in seen.result.rows]
    found = [_found(mark, seen) for mark in seen.result.found]
    of_lines, of_found = _shots(seen, store)
    tables = (
        Table("lines", LINES, standing(lines), shots=of_lines), Table("found", FOUND, standing(found), shots=of_found),
        Table("photos", PHOTOS, standing(list(_photos(seen)))),
    )  # fmt: skip
    return Report(NAME, now, parameters, figures, tables, pictures(seen.signatures))


def _planned(seen: Seen) -> tuple[Figure, ...]:
    """Return which plan it came by, whose it is and until when; nothing of one that was opened by hand."""
    if seen.planned is None:
        return ()
    due = seen.planned.due
    return (
        Figure("plan", seen.planned.plan, Kind.TEXT), Figure("scheduled_for", due.scheduled_for, Kind.TIME),
        Figure("due_at", due.due_at or None, Kind.TIME), Figure("assignee", due.assignee, Kind.TEXT),
        Figure("deputy", due.deputy or None, Kind.TEXT),
        Figure("maintenance_incident", due.incident, Kind.TEXT),
    )  # fmt: skip


def _ci(thing: Thing | None) -> Row:
    if thing is None:
        return (None,) * len(_CI)
    return (thing.name, thing.uid, thing.ci_class, thing.ci_type, thing.label or None, thing.owner or None)


def _said(mark: Mark | None, photos: int) -> Row:
    if mark is None:
        return (None, None, None, photos or None, None, None)
    return (mark.place or None, mark.seen or None, mark.note or None, photos or None, mark.who, mark.at)


def _photos(seen: Seen) -> Iterator[Row]:
    """Yield the photos of every line, then of what was found, each by the name its file has."""
    shown = [(row.line.thing, "") for row in seen.result.rows] + [(mark.thing, mark.seen) for mark in seen.result.found]
    for thing, text in shown:
        for each in seen.photos_of(thing, text):
            name = each.name_in(seen.kept.number)
            yield (name, *_ci(thing), text or None, each.size, each.sha256, each.who, each.at)


def _shots(seen: Seen, store: Store) -> tuple[Shots, Shots]:
    """Return the photos of each line, and of each thing that was found."""
    album = Shown(store, STOCKTAKES, seen.kept.id, seen.kept.number)

    def of(thing: Thing | None, text: str = "") -> tuple[Shot, ...]:
        return album.shots(seen.photos_of(thing, text), " ".join((thing.label, thing.name)).strip() if thing else text)

    lines = {at: of(row.line.thing) for at, row in enumerate(seen.result.rows)}
    return lines, {at: of(mark.thing, mark.seen) for at, mark in enumerate(seen.result.found)}


def _found(mark: Mark, seen: Seen) -> Row:
    """Return what was found, with its change where it belongs elsewhere, and the CI that is proposed for it."""
    led = seen.lead_of(mark.thing, mark.seen)
    change = seen.changes.get(mark.thing.ci_id) if mark.thing else None
    said = _said(mark, len(seen.photos_of(mark.thing, mark.seen)))
    return (*_ci(mark.thing), *said, change, led.uid if led else None)


def _line(row: Line, seen: Seen) -> Row:
    contested = "yes" if row.contested else None
    line, led = row.line, seen.lead_of(row.line.thing)
    said = _said(row.mark, len(seen.photos_of(line.thing)))
    return (
        *_ci(line.thing), line.thing.place or None, row.state, *said, contested, seen.changes.get(line.thing.ci_id),
        *((led.finding_id, led.incident or None) if led else (None, None)), line.last_seen or None,
        line.plugged or None,
    )  # fmt: skip
