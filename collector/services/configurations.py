"""Configurations of a CI: which versions are kept, their text, and what differs between two of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.cis import SectionFacts
from collector.services.difference import Difference, difference
from collector.services.missing import NotFound
from collector.store import documents
from collector.store.browse import facts, steps
from collector.store.browse.cis import CiRow
from collector.store.browse.page import Window
from collector.store.browse.steps import StepQuery, StepRow

SECTION: Final = "configuration"
MOST_VERSIONS: Final = 200


@dataclass(frozen=True, slots=True)
class Version:
    """One configuration as it was read. `kind`: running or startup. `size`: octets, 0 where the text is not kept.

    First seen at `since`, the one before last seen at `last_old` (ms; None: there was none). `changed`: the device's
    own stamp. `source`: who read it.
    """

    kind: str
    sha256: str
    platform: str
    changed: str
    since: int
    last_old: int | None
    source: str
    size: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Configurations:
    """All versions, newest first."""

    versions: tuple[Version, ...]

    def current(self, kind: str) -> Version | None:
        return next((each for each in self.versions if each.is_current and each.kind == kind), None)

    @property
    def unsaved(self) -> tuple[Version, Version] | None:
        """What starts and what runs, where they differ: the next restart would bring back the former."""
        startup, running = self.current("startup"), self.current("running")
        if startup is None or running is None or startup.sha256 == running.sha256:
            return None
        return startup, running

    def before(self, version: Version) -> Version | None:
        """Return the version of the same kind that it followed."""
        older = (each for each in self.versions if each.kind == version.kind and each.since < version.since)
        return next(older, None)


def unsaved(sections: Iterable[SectionFacts]) -> tuple[str, str] | None:
    """Return the hashes of what starts and what runs, by the facts of a CI, where they differ."""
    entries = [entry for each in sections if each.name == SECTION for entry in each.entries]
    told = {entry.key: entry.fields.get("sha256") for entry in entries}
    startup, running = told.get("startup"), told.get("running")
    return (str(startup), str(running)) if startup and running and startup != running else None


async def of_ci(connection: AsyncConnection, ci: CiRow) -> Configurations:
    """Return which configurations of `ci` are kept."""
    found = await steps.list_steps(connection, StepQuery(ci.id, SECTION), Window(MOST_VERSIONS))
    now = {(row.key, _said(row.value).get("sha256")) for row in await facts.facts(connection, ci.id, None, SECTION)}
    moved = [step for step in found.items if _said(step.new).get("sha256") != _said(step.old).get("sha256")]
    sizes = await documents.sizes(connection, {sha256 for step in moved if (sha256 := _said(step.new).get("sha256"))})
    return Configurations(tuple(_versions(moved, sizes, now)))


def _versions(
    moved: Iterable[StepRow], sizes: Mapping[str, int], now: set[tuple[str, str | None]]
) -> Iterator[Version]:
    for step in moved:
        said = _said(step.new)
        sha256 = said.get("sha256", "")
        if sha256:
            is_current = (step.key, sha256) in now
            now.discard((step.key, sha256))  # what came back is current once, not each time it was seen before
            yield Version(
                step.key, sha256, said.get("platform", ""), said.get("changed", ""), step.at, step.last_old,
                step.source, sizes.get(sha256, 0), is_current,
            )  # fmt: skip


def _said(value: object) -> dict[str, str]:
    """Return a row of the section as text by field, empty where there is none."""
    return {name: str(each) for name, each in value.items()} if isinstance(value, Mapping) else {}


async def text(connection: AsyncConnection, ci: CiRow, sha256: str) -> str:
    """Return the text of a version of `ci`, secrets as keyed hashes; raise `NotFound`. Of another CI none is shown."""
    if any(each.sha256 == sha256 for each in (await of_ci(connection, ci)).versions):
        kept = await documents.text(connection, sha256)
        if kept is not None:
            return kept
    raise NotFound("configuration", sha256[:64])


async def compared(connection: AsyncConnection, ci: CiRow, old: str, new: str) -> Difference:
    """Return what differs between two versions of `ci`; raise `NotFound`."""
    before, after = await text(connection, ci, old), await text(connection, ci, new)
    return await asyncio.to_thread(difference, before, after)
