"""Labels: what stands on those that stick on things, which of them no longer say what the record says, new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.labels import FORMATS, Format, Text, code, differing
from collector.security.audit import Act
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.stocktake import Thing, is_tangible
from collector.store import label_prints
from collector.store.browse import things
from collector.store.label_prints import Printed

MAX_LABELS: Final = 1_000
MAX_BASE: Final = 200
STATES: Final = ("stale", "never", "current")


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A CI and its label: `printed` what it says, None before the first one; `moved` the fields that differ."""

    thing: Thing
    printed: Printed | None
    moved: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        return "never" if self.printed is None else "stale" if self.moved else "current"


@dataclass(frozen=True, slots=True)
class Asked:
    """Labels as somebody asks for them: CIs by uid; a paper of `FORMATS`, the first `skip` places of it used up.

    `base`: the address of the collector, which the code then leads to; empty: the code says the CI's id.
    """

    cis: tuple[str, ...]
    format: str
    base: str = ""
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Label:
    """One label to be printed."""

    thing: Thing
    text: Text
    code: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Labels to be printed on one paper, in the order they were asked for."""

    format: Format
    labels: tuple[Label, ...]
    skip: int


async def listed(
    connection: AsyncConnection, states: Sequence[str] = (), classes: Sequence[str] = (), q: str = ""
) -> list[LabelRow]:
    """Return the labels of what is in production and can carry one, of some states and classes.

    `q`: stands in name, label, place or owner.
    """
    printed = await label_prints.newest(connection)
    standing = await things.standing(connection, classes)
    rows = [_row(each, printed.get(each.ci_id)) for each in standing if is_tangible(each) or each.ci_id in printed]
    wanted = q.strip().casefold()
    return [row for row in rows if (not states or row.state in states) and _says(row.thing, wanted)]


def _row(thing: Thing, printed: Printed | None) -> LabelRow:
    return LabelRow(thing, printed, differing(printed.text, _text(thing)) if printed else ())


def _says(thing: Thing, wanted: str) -> bool:
    return not wanted or any(wanted in each.casefold() for each in (thing.name, thing.label, thing.place, thing.owner))


def _text(thing: Thing) -> Text:
    return Text(thing.label, thing.name, thing.ci_class, thing.ci_type, thing.owner, thing.place)


async def batch(connection: AsyncConnection, asked: Asked) -> Batch:
    """Return what is to be printed; raise `NotFound`, `Refused`."""
    paper = FORMATS.get(asked.format)
    if paper is None:
        raise Refused(f"one of {', '.join(FORMATS)} is expected", "format")
    if not 0 < len(asked.cis) <= MAX_LABELS:
        raise Refused(f"1 to {MAX_LABELS} labels are printed at once", "cis")
    if not 0 <= asked.skip < paper.on_a_page:
        raise Refused(f"the first page has {paper.on_a_page} places", "skip")
    if len(asked.base) > MAX_BASE:
        raise Refused(f"an address of at most {MAX_BASE} characters is expected", "base")
    found = await things.by_uids(connection, set(asked.cis))
    return Batch(paper, tuple(_label(uid, found, asked.base) for uid in dict.fromkeys(asked.cis)), asked.skip)


def _label(uid: str, found: Mapping[str, Thing], base: str) -> Label:
    if uid not in found:
        raise NotFound("CI", uid)
    thing = found[uid]
    return Label(thing, _text(thing), code(uid, thing.label, base))


async def printed(act: Act, made: Batch) -> None:
    """Keep what was printed, so that it is known when it no longer says what the record says."""
    kept = {
        each.thing.ci_id: Printed(each.text.kept(), made.format.name, act.at, act.by) for each in made.labels
    }  # fmt: skip
    await label_prints.add(act.tx, kept)
    cis = [each.thing.uid for each in made.labels]
    act.tell("label.print", f"label/{made.format.name}", after={"count": len(cis), "cis": cis})
