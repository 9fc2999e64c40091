"""A change of another system → a change here: taken once, followed in its steps, never changed behind anybody's back.

Times of words are ours: an approval there counts from when it was seen here. What cannot be made one of our changes is
refused with a sentence; so is a record that says something else than the change that was made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.lifecycle import Denied
from collector.change.record import ChangeType, Window
from collector.model import Path
from collector.security.audit import Actor, recorded
from collector.security.roles import Permission, permissions
from collector.services.changes import expecting, following
from collector.services.changes.asked import Asked, AskedLine
from collector.services.changes.desk import Desk, actor_of
from collector.services.changes.following import Move
from collector.services.changes.things import meant
from collector.services.refused import Refused
from collector.store import accounts, changes
from collector.store.changes import Kept
from collector.tickets.record import Foreign, Person, Thing
from collector.tickets.system import Stand, System
from collector.tickets.tables import Table

MAX_STEPS: Final = 12
"""In one look; the longest way has eight."""
ANY_TYPE: Final = "*"
MAX_LATE_MS: Final = 7 * 86_400_000
"""Beyond it, work that is done makes no change any more: a first look would make one of all there ever was."""
_OVER: Final = frozenset({Stand.DONE, Stand.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Came:
    """What became of a record: the change, whether it is new, and what of it was not taken."""

    number: str
    is_new: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Taking:
    """Takes changes of one system. `table`: its words, with what its settings say in their place."""

    desk: Desk
    system: System
    table: Table

    async def take(self, tx: AsyncConnection, foreign: Foreign, at: int) -> Came:
        """Make a change of a record, or know it again, and follow it; raise `Refused`, and nothing was written."""
        stand = self.table.stand_of(foreign.state)
        if stand is None:
            raise Refused(f"its state {foreign.state[:64]} is in no table", "state")
        known = await changes.by_reference(tx, self.system.name, foreign.reference)
        if known is None:
            _check_is_not_over(foreign, stand, at)
        elif known.change.state in changes.ENDED and stand in _OVER:
            return Came(known.change.number, False)
        asked, type_, initiator = await self._asked(tx, foreign)
        if known is not None and known.change.initiator != initiator:
            raise Refused(f"{known.change.number} was made of it, and somebody else initiates it now", "initiator")
        if known is not None and known.change.type is not type_:
            raise Refused(f"{known.change.number} was made of it, and its type is another one now", "type")
        async with recorded(tx, self._actor(initiator), at) as act:
            number, is_new = await self.desk.arrive(act, type_, asked, self.system.name, foreign.reference)
        return Came(number, is_new, await self._follow(tx, number, foreign, stand, at))

    async def _asked(self, tx: AsyncConnection, foreign: Foreign) -> tuple[Asked, ChangeType, str]:
        """Return what a record asks for, its type and who initiates it; raise `Refused`."""
        type_ = self.table.type_of(foreign.type)
        if type_ is None:
            raise Refused(f"its type {foreign.type[:64]} is in no table", "type")
        initiator = self._account(foreign.initiator, "initiator")
        implementer = self._account(foreign.implementer, "implementer")
        await _check_may_raise(tx, initiator)
        uids = await meant(tx, foreign.things)
        window = _window(foreign)
        lines = self._lines(foreign, uids) if window else ()
        asked = Asked(
            foreign.title, foreign.reason, implementer, tuple(dict.fromkeys(uids.values())), lines, window,
            foreign.text,
        )  # fmt: skip
        return asked, type_, initiator

    def _account(self, person: Person, part: str) -> str:
        found = following.accounts_of(person, self.system)
        if len(found) != 1:
            said = person[0][:64] if person else "nobody in particular"
            raise Refused(f"its {part} is {said}, who is no account here", part)
        return found.pop()

    def _lines(self, foreign: Foreign, uids: Mapping[Thing, str]) -> tuple[AskedLine, ...]:
        """Return the values a record says it will move; where it says none, whole sections as the settings have it."""
        if foreign.lines:
            return _written_lines(foreign.lines, uids)
        sections = self.system.sections.get(foreign.type) or self.system.sections.get(ANY_TYPE, ())
        return tuple(AskedLine(uid, section) for uid in dict.fromkeys(uids.values()) for section in sections)

    async def _follow(self, tx: AsyncConnection, number: str, foreign: Foreign, stand: Stand, at: int) -> str:
        """Do what was done there, step by step; return what of it could not be done here, empty when nothing."""
        for _ in range(MAX_STEPS):
            kept = await changes.find(tx, number)
            assert kept, "it was written a moment ago"
            move = following.next_move(kept.change, foreign, stand, self.system)
            if move is None:
                return following.missing(kept.change, stand, self.system)
            if why := await self._step(tx, kept, move, at):
                return why
        return ""

    async def _step(self, tx: AsyncConnection, kept: Kept, move: Move, at: int) -> str:
        account, number = await accounts.by_name(tx, move.by), kept.change.number
        if account is None or account.state != accounts.ACTIVE:
            return f"{number}: {move.by} is no active account, so no {move.step}"
        try:
            async with recorded(tx, self._actor(move.by), at) as act:
                await self.desk.step(act, actor_of(account.name, account.roles), number, move.step, move.reason)
        except Denied as denied:
            said = ", ".join(reason.replace("_", " ") for reason in denied.reasons)
            return f"{number}: {move.by} may not {move.step} it here: {said}"
        return ""

    def _actor(self, account: str) -> Actor:
        return Actor(account, f"system {self.system.name}")


def _check_is_not_over(foreign: Foreign, stand: Stand, at: int) -> None:
    if stand is Stand.WITHDRAWN:
        raise Refused("it was withdrawn before it was known here", "state")
    if stand is Stand.DONE and foreign.end is not None and at - foreign.end > MAX_LATE_MS:
        raise Refused("it was over a week or more before it was known here", "state")


async def _check_may_raise(tx: AsyncConnection, name: str) -> None:
    found = await accounts.by_name(tx, name)
    if not found or found.state != accounts.ACTIVE or Permission.CHANGES_RAISE not in permissions(found.roles):
        raise Refused(f"its initiator is {name} here, who may not raise changes", "initiator")


def _window(foreign: Foreign) -> Window | None:
    """Return when it is done; None where the record says nothing of it, or only half."""
    if foreign.start is None or foreign.end is None:
        return None
    return Window(foreign.start, foreign.end)


def _written_lines(text: str, uids: Mapping[Thing, str]) -> tuple[AskedLine, ...]:
    """Return the lines of a plan as a text has them, `CI:SECTION:KEY=VALUE` each; raise `Refused`.

    Without a CI: every one of the change. Without a value: whatever is found.
    """
    names = {name: uid for thing, uid in uids.items() for name in (thing.name, thing.asset, thing.serial, uid) if name}
    found: list[AskedLine] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        place, equals, value = line.partition("=")
        parts = [part.strip() for part in place.split(":", 2)]
        if len(parts) != 3 or (parts[0] and parts[0] not in names):
            raise Refused(f"CI:SECTION:KEY=VALUE with a CI of the change is expected, not {line[:80]}", "lines")
        ci, section, key = parts
        expected = expecting.read(Path(section, key), "", "exact" if equals else "discovered", value.strip())
        found += [AskedLine(uid, section, key, "", expected) for uid in _those(names, ci, uids)]
    return tuple(found)


def _those(names: Mapping[str, str], ci: str, uids: Mapping[Thing, str]) -> tuple[str, ...]:
    return (names[ci],) if ci else tuple(dict.fromkeys(uids.values()))
