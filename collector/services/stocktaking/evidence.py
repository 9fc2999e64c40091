"""Photos of what is missing, damaged or found: taken by who counts, kept with the line, part of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting.photo import BadPhoto, Photo
from collector.security.audit import Act
from collector.services import photos
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.services.stocktaking.counting import counted_by
from collector.services.stocktaking.seen import find, is_hidden, item_of, photos_of
from collector.stocktake import MAX_SCAN, Thing
from collector.store import stocktakes
from collector.store.browse import things
from collector.store.photos import STOCKTAKES
from collector.store.stocktakes import Kept


@dataclass(frozen=True, slots=True)
class Showing:
    """A photo that is sent and what it shows: a CI by its uid, or what nobody knows by the text that was seen."""

    photo: bytes
    ci: str = ""
    text: str = ""


async def attach(act: Act, number: str, showing: Showing) -> Sequence[Photo]:
    """Keep a photo and return all of what it shows; raise `NotFound`, and `Refused` unless `act.by` counts there."""
    kept = await counted_by(act.tx, number, act.by)
    item = await _item(act.tx, kept, showing)
    try:
        photo = await photos.taken(act.tx, STOCKTAKES, (kept.id, item), showing.photo, (act.by, act.at))
    except BadPhoto as error:
        raise Refused(str(error), "photo") from None
    if await STOCKTAKES.add(act.tx, kept.id, photo, showing.photo):
        act.tell("stocktake.photo", f"stocktake/{number}", after={"item": item, "photo": photo.sha256})
    return (await photos_of(act.tx, kept))[item]


async def _item(tx: AsyncConnection, kept: Kept, showing: Showing) -> str:
    """Return what the photo is kept under: something that is expected, or of which something was said."""
    thing = await _thing(tx, showing.ci)
    seen = " ".join(showing.text[: MAX_SCAN * 4].split())
    is_expected = thing is not None and bool(await stocktakes.lines(tx, kept.id, [thing.ci_id]))
    if not is_expected and not ((thing or seen) and await stocktakes.is_known(tx, kept.id, thing, seen)):
        raise Refused("a photo belongs to what is counted here: say first what you see", "photo_of")
    return item_of(thing, seen)


async def _thing(tx: AsyncConnection, uid: str) -> Thing | None:
    thing = await things.by_uid(tx, uid) if uid else None
    if uid and thing is None:
        raise NotFound("CI", uid[:40])
    return thing


async def one(connection: AsyncConnection, number: str, photo_id: int, who: str) -> tuple[Photo, bytes]:
    """Return a photo with its bytes; who counts blind is shown their own. Raise `NotFound`."""
    kept = await find(connection, number)
    about, content = await photos.one(connection, STOCKTAKES, kept.id, photo_id)
    if is_hidden(kept, who) and about.who != who:
        raise NotFound("photo", str(photo_id))
    return about, content
