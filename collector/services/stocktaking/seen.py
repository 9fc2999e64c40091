"""A stock-take and where it stands; what is hidden from who counts blind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import stocktake
from collector.inspecting.photo import Photo
from collector.services import signatures
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.stocktake import Result, Thing
from collector.store import rounds, stocktake_leads, stocktakes
from collector.store import signatures as drawings
from collector.store.browse import stocktakes as browsed
from collector.store.browse.page import Page, Window
from collector.store.browse.stocktakes import StocktakeQuery, StocktakeRow, state_of
from collector.store.photos import STOCKTAKES
from collector.store.rounds import Planned
from collector.store.signatures import Signature
from collector.store.stocktake_leads import Lead
from collector.store.stocktakes import Kept

_NUMBER: Final = re.compile(r"ST-\d{6,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Seen:
    """A stock-take and where it stands. `changes`: CI → the change raised for it; `planned`: by which plan it came;
    `photos`: by `item_of` what they show; `leads`: likewise, what its end led to.

    `is_intact`: None while it is open; then whether the report is the one that was closed.
    """

    kept: Kept
    result: Result
    changes: Mapping[int, str]
    is_intact: bool | None = None
    planned: Planned | None = None
    photos: Mapping[str, Sequence[Photo]] = field(default_factory=dict)
    signatures: Sequence[Signature] = ()
    leads: Mapping[str, Lead] = field(default_factory=dict)

    @property
    def state(self) -> str:
        return state_of(self.kept.closed_at, self.kept.cancelled)

    def photos_of(self, thing: Thing | None, seen: str = "") -> Sequence[Photo]:
        """Return the photos of a thing, or of what nobody knows and was `seen` so."""
        return self.photos.get(item_of(thing, seen), ())

    def lead_of(self, thing: Thing | None, seen: str = "") -> Lead | None:
        """Return what became of a thing, or of what nobody knew and was `seen` so, when it was closed."""
        return self.leads.get(item_of(thing, seen))

    @property
    def has_moved(self) -> bool:
        """Return whether something stands elsewhere than its record says."""
        return bool(stocktake.moved(self.result))

    def is_overdue(self, now: int) -> bool:
        """Return whether it is open longer than its plan lets it at `now` (ms)."""
        return self.kept.closed_at is None and self.planned is not None and 0 < self.planned.due.due_at < now


async def listed(connection: AsyncConnection, query: StocktakeQuery, window: Window) -> Page[StocktakeRow]:
    """Return one page of stock-takes; raise `BadCursor`."""
    return await browsed.list_stocktakes(connection, query, window)


async def one(connection: AsyncConnection, number: str) -> Seen:
    """Return a stock-take with every line; raise `NotFound`."""
    kept = await find(connection, number)
    whole, photos = await result_of(connection, kept), await photos_of(connection, kept)
    drawn = await drawings.of(connection, f"stocktake/{number}")
    intact = None if kept.closed_at is None else _is_intact(kept, whole, photos, drawn)
    changes, planned = await stocktakes.proposals(connection, kept.id), await rounds.of(connection, kept.id)
    return Seen(kept, whole, changes, intact, planned, photos, drawn, await stocktake_leads.of(connection, kept.id))


def _is_intact(
    kept: Kept, whole: Result, photos: Mapping[str, Sequence[Photo]], drawn: Sequence[Signature]
) -> bool:  # fmt: skip
    """Return whether a report is the one that was closed, and what was drawn below it as well."""
    head = head_of(kept, photos)
    for each in drawn:
        head |= signatures.sha256_of(each.content)
    return stocktake.digest(head, whole) == kept.digest and signatures.are_intact(drawn, kept.digest)


def is_hidden(kept: Kept, who: str) -> bool:
    """Return whether `who` must not be shown what is expected: who counts blind, until it is closed."""
    return kept.new.blind and kept.closed_at is None and who in kept.people


def is_counted_by(kept: Kept, who: str) -> bool:
    return kept.closed_at is None and who in kept.people


async def find(connection: AsyncConnection, number: str, hold: bool = False) -> Kept:
    kept = await stocktakes.find(connection, number, hold) if _NUMBER.fullmatch(number) else None
    if kept is None:
        raise NotFound("stock-take", number[:40])
    return kept


async def still_open(tx: AsyncConnection, number: str) -> Kept:
    """Return a stock-take that is not closed, held until the transaction ends; raise `NotFound`, `Refused`."""
    kept = await find(tx, number, hold=True)
    if kept.closed_at is not None:
        raise Refused("it is closed: nothing of it is written any more", "closed")
    return kept


async def result_of(connection: AsyncConnection, kept: Kept) -> Result:
    lines = await stocktakes.lines(connection, kept.id)
    return stocktake.result(lines, await stocktakes.marks(connection, kept.id))


async def photos_of(connection: AsyncConnection, kept: Kept) -> dict[str, list[Photo]]:
    """Return the photos of a stock-take by what they show, the oldest first."""
    found: dict[str, list[Photo]] = {}
    for photo in await STOCKTAKES.of(connection, kept.id):
        found.setdefault(photo.item, []).append(photo)
    return found


def item_of(thing: Thing | None, seen: str = "") -> str:
    """Return what photos of a thing are kept under, or of what nobody knows."""
    return thing.uid if thing else seen.casefold()


def head_of(kept: Kept, photos: Mapping[str, Sequence[Photo]]) -> dict[str, object]:
    """Return what a report says of the stock-take itself, with the SHA-256 of every photo.

    Where there are no photos nothing is said of them: so did reports that are older than photos.
    """
    new = kept.new
    shown = {item: sorted(each.sha256 for each in taken) for item, taken in photos.items()}
    return ({"photos": shown} if shown else {}) | ({"cancelled": True} if kept.cancelled else {}) | {
        "number": kept.number, "kind": str(new.kind), "title": new.title, "opened_by": new.opened_by,
        "opened_at": new.opened_at, "closed_by": kept.closed_by, "closed_at": kept.closed_at, "note": kept.note,
        "people": list(kept.people),
    }  # fmt: skip
