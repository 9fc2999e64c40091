"""A photo that is sent: checked, and made one of an album; the photos of an album for a report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting.photo import BadPhoto, Photo, kind
from collector.report.value import Cell, Shot
from collector.services.missing import NotFound
from collector.store.engine import Store
from collector.store.photos import Album


async def taken(
    tx: AsyncConnection, album: Album, of: tuple[int, str], content: bytes, by: tuple[str, int]
) -> Photo:  # fmt: skip
    """Return the photo that bytes are, to be written into an album that has room for it; raise `BadPhoto`.

    `of`: whose it is, and what of that it shows; `by`: who took it, and when (ms).
    """
    media_type = kind(content)
    if await album.count(tx, of[0]) >= album.most:
        raise BadPhoto(f"there are {album.most} photos already, and no room for more")
    return Photo(0, of[1], hashlib.sha256(content).hexdigest(), media_type, len(content), by[1], by[0])


async def one(connection: AsyncConnection, album: Album, owner_id: int, photo_id: int) -> tuple[Photo, bytes]:
    """Return a photo with its bytes; raise `NotFound`."""
    found = await album.one(connection, owner_id, photo_id)
    if found is None:
        raise NotFound("photo", str(photo_id))
    return found


@dataclass(frozen=True, slots=True)
class Shown:
    """The photos of one owner for its report, which calls it `number`; their bytes are read when they are drawn."""

    store: Store
    album: Album
    owner_id: int
    number: str

    def shots(self, taken: Iterable[Photo], shows: Cell) -> tuple[Shot, ...]:
        """Return photos that all show the same."""
        return tuple(
            Shot(each.name_in(self.number), shows, each.who, each.at, each.sha256, partial(self._read, each.id))
            for each in taken
        )

    async def _read(self, photo_id: int) -> bytes:
        async with self.store.read() as connection:
            found = await self.album.one(connection, self.owner_id, photo_id)
        return found[1] if found else b""
