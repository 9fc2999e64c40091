"""What people ask for, checked and made the request and the plan of a change."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import record
from collector.change.approval import THREE_PERSONS
from collector.change.expected import Expected, How
from collector.change.record import PRESENCE, RELATIONS, RULE, ChangeType, Line, Plan, Request, Window
from collector.model import CI, Path
from collector.relations import KINDS
from collector.security.roles import Permission, permissions
from collector.services.refused import Refused
from collector.store import accounts, cis
from wire.sections import SECTIONS

MAX_TITLE: Final = 200
MAX_REASON: Final = 4_000
MAX_TEXT: Final = 20_000
MAX_KEY: Final = 1_000
MAX_CIS: Final = 1_000
MAX_LINES: Final = 5_000
LATEST: Final = 253_402_300_799_999
MAX_WINDOW_MS: Final = 366 * 86_400_000
NAMES: Final = frozenset({*SECTIONS, record.SECTION, RELATIONS, PRESENCE.section, RULE})
"""Sections a line may name."""
THERE: Final = (True, "true", "yes", "是")
"""Written of a relation: it will be there."""
ANYTHING: Final = Expected()
_RULES: Final = re.compile(
    r"[A-Z][A-Z0-9]{0,31}(-[A-Z0-9]{1,32}){0,8}(-?\*)?|[A-Za-z0-9._-]{1,40}/[^\x00-\x1f]{1,160}", re.ASCII
)
"""An id, a prefix with `*`, or `source/name` for a kind of alert of another system."""


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One thing that will move on one CI, by its uid; as `collector.change.record.Line`."""

    ci: str
    section: str
    key: str = ""
    field: str = ""
    expected: Expected = ANYTHING


@dataclass(frozen=True, slots=True)
class Asked:
    """A change as somebody asks for it: CIs by uid, times in ms. Without a window it has no plan yet."""

    title: str
    reason: str
    implementer: str
    cis: tuple[str, ...] = ()
    lines: tuple[AskedLine, ...] = ()
    window: Window | None = None
    text: str = ""


async def request_of(tx: AsyncConnection, asked: Asked, type_: ChangeType, initiator: str) -> Request:
    """Return the request of a change; raise `Refused`."""
    found = await _cis(tx, {*asked.cis, *(line.ci for line in asked.lines)})
    implementer = asked.implementer.strip()
    await check_takes_part(tx, implementer, "implementer")
    if type_ in THREE_PERSONS and implementer == initiator:
        raise Refused("who initiates a normal or major change does not carry it out", "implementer")
    title = one_line(asked.title, MAX_TITLE, "title")
    reason = lines_of(asked.reason, MAX_REASON, "reason")
    if not reason:
        raise Refused("say why it is needed", "reason")
    return Request(title, reason, frozenset(ci.id for ci in found.values()), implementer, 0)


async def plan_of(tx: AsyncConnection, asked: Asked) -> Plan | None:
    """Return the plan of a change, None where no window is named; raise `Refused`."""
    if asked.window is None:
        if asked.lines:
            raise Refused("a plan says when it is done", "window")
        return None
    window = _window(asked.window)
    if len(asked.lines) > MAX_LINES:
        raise Refused(f"a plan has at most {MAX_LINES} lines", "lines")
    found = await _cis(tx, {line.ci for line in asked.lines})
    lines = tuple(_line(line, found) for line in asked.lines)
    if len({(line.ci_id, line.path, line.field) for line in lines}) < len(lines):
        raise Refused("two lines of the plan name the same value", "lines")
    return Plan(lines, window, 0, lines_of(asked.text, MAX_TEXT, "text"))


async def check_takes_part(connection: AsyncConnection, name: str, field_: str) -> None:
    """Raise `Refused` unless `name` is an account that may work on changes."""
    found = await accounts.by_name(connection, name)
    if not found or found.state != accounts.ACTIVE or Permission.CHANGES_WRITE not in permissions(found.roles):
        raise Refused("the name of an account that may work on changes is expected", field_)


def one_line(text: str, most: int, field_: str) -> str:
    """Return a printable line of 1 to `most` characters; raise `Refused`."""
    line = " ".join(text.split())
    if not 0 < len(line) <= most or not line.isprintable():
        raise Refused(f"a printable line of 1 to {most} characters is expected", field_)
    return line


def lines_of(text: str, most: int, field_: str) -> str:
    """Return a text of up to `most` characters, one or more printable lines; raise `Refused`."""
    lines = [line.rstrip().expandtabs() for line in text.strip().splitlines()]
    if sum(map(len, lines)) > most or not all(line.isprintable() for line in lines):
        raise Refused(f"a printable text of up to {most} characters is expected", field_)
    return "\n".join(lines)


async def _cis(connection: AsyncConnection, uids: Collection[str]) -> Mapping[str, CI]:
    if len(uids) > MAX_CIS:
        raise Refused(f"a change names at most {MAX_CIS} CIs", "cis")
    found = await cis.by_uids(connection, uids)
    for uid in uids:
        if uid not in found:
            raise Refused(f"there is no CI {uid[:64]}", "cis")
    return found


def _is_text(text: str) -> bool:
    """Return whether any database takes it: what a device calls its parts need not be printable."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def _window(window: Window) -> Window:
    if not 0 < window.start <= window.end <= LATEST:
        raise Refused("a window begins before it ends", "window")
    if window.end - window.start > MAX_WINDOW_MS:
        raise Refused("a window is a year long at most", "window")
    return window


def _line(line: AskedLine, found: Mapping[str, CI]) -> Line:
    if line.section not in NAMES:
        raise Refused(f"there is no section {line.section[:64]}", "section")
    if len(line.key) > MAX_KEY or len(line.field) > MAX_KEY or not _is_text(line.key + line.field):
        raise Refused(f"keys and fields are texts of at most {MAX_KEY} characters", "key")
    if line.section == PRESENCE.section and Path(line.section, line.key) != PRESENCE:
        raise Refused(f"of {PRESENCE.section} a plan names {PRESENCE.key} only", "key")
    if line.section == RULE and not (_RULES.fullmatch(line.key) and line.expected == ANYTHING):
        raise Refused("a line may name a rule, as SRV-DISK-001 or NET-*, and expects no value of it", "key")
    expected = _relation(line) if line.section == RELATIONS else line.expected
    return Line(found[line.ci].id, Path(line.section, line.key), expected, line.field)


def _relation(line: AskedLine) -> Expected:
    """Return what is expected of a relation: that it is there, whatever else is said of it, or that it is gone."""
    kind, bar, other = line.key.partition("|")
    if line.key and not (kind in KINDS and bar and other):
        raise Refused(f"a relation is named by its kind, one of {', '.join(KINDS)}, `|` and the other CI's id", "key")
    is_there = line.expected.how is How.EXACT and line.expected.value in THERE
    return Expected(How.EXACT, {}) if is_there else line.expected
