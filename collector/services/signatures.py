"""A signature drawn by hand: checked, and kept with who signed which report, and as what."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting import drawing
from collector.inspecting.drawing import BadDrawing
from collector.report.value import Figure, Kind, Picture
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import signatures
from collector.store.signatures import Signature

INSPECTOR, REVIEWER, CLOSER = "inspector", "reviewer", "closer"
SAID: Final = {INSPECTOR: "signed_by", REVIEWER: "reviewed_by", CLOSER: "closed_by"}
"""As what → the figure of a report that says by whom."""


def cleaned(drawn: bytes) -> bytes:
    """Return what was drawn as it is kept, nothing where nothing was; raise `Refused`."""
    try:
        return drawing.cleaned(drawn) if drawn else b""
    except BadDrawing as error:
        raise Refused(str(error), "drawing") from None


def sha256_of(drawn: bytes) -> dict[str, str]:
    """Return what is told of a drawing; nothing where there is none."""
    return {"drawing": hashlib.sha256(drawn).hexdigest()} if drawn else {}


async def keep(
    tx: AsyncConnection, subject: str, by: tuple[str, str, int], digest: str, drawn: bytes
) -> dict[str, str]:
    """Keep what was drawn under a report, and return what is told of it; nothing where nothing was drawn.

    `by`: as what, who, and when (ms). Raise `Refused`.
    """
    whole = cleaned(drawn)
    told = sha256_of(whole)
    if told:
        await signatures.add(tx, subject, Signature(*by, digest, told["drawing"], whole))
    return told


def are_intact(found: Sequence[Signature], digest: str) -> bool:
    """Return whether drawings are those that were made under the report with this digest."""
    return all(
        each.digest == digest and hashlib.sha256(each.content).hexdigest() == each.sha256 for each in found
    )  # fmt: skip


async def one(connection: AsyncConnection, subject: str, role: str) -> bytes:
    """Return what somebody drew as PNG; raise `NotFound`."""
    found = [each for each in await signatures.of(connection, subject) if each.role == role]
    if not found:
        raise NotFound("signature", role[:40])
    return found[0].content


def drawn(found: Sequence[Signature]) -> tuple[Figure, ...]:
    """Return the SHA-256 of each drawing for a report: what a file without pictures names it by."""
    return tuple(Figure(f"{SAID[each.role]}_drawing", each.sha256, Kind.TEXT) for each in found)


def pictures(found: Sequence[Signature]) -> tuple[Picture, ...]:
    """Return the drawings for a report: by whom, when, and the SHA-256 of each."""
    return tuple(
        Picture(SAID[each.role], each.who, each.at, each.sha256, each.content, drawing.size(each.content))
        for each in found
    )
