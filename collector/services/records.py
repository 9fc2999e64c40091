"""The record of a CI as people write it: in their classes only, one value at a time, each with its source."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import record
from collector.model import CI, GONE, Path, Value
from collector.record import HAND, SECTION, Word
from collector.security.audit import Act
from collector.security.roles import administers
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import cis, lanes

Enter = Callable[[AsyncConnection, str, Sequence[Word], int], Awaitable[None]]
"""Let a source say words at that time (ms), with all that follows from it, inside the transaction."""


class NotTheirs(Exception):
    """Somebody else administers the class of this CI."""

    def __init__(self, ci_class: str) -> None:
        super().__init__(f"this needs the role config_admin:{ci_class}")
        self.ci_class = ci_class


async def theirs(tx: AsyncConnection, roles: Collection[str], uid: str) -> CI:
    """Return a CI that somebody of these roles may write; raise `NotFound`, `NotTheirs`, `Refused` for a closed one."""
    ci = (await cis.by_uids(tx, [uid])).get(uid)
    if ci is None:
        raise NotFound("CI", uid)
    if not administers(roles, ci.ci_class):
        raise NotTheirs(ci.ci_class)
    if ci.state in GONE:
        raise Refused("a CI that is retired or archived is no longer written")
    return ci


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes records by way of the pipeline, which `app` puts here."""

    enter: Enter

    async def write(self, act: Act, roles: Collection[str], uid: str, said: Mapping[str, object]) -> None:
        """Let whoever acts say values of a CI's record, None to take one back; the others stay.

        Raise `NotFound`, `NotTheirs`, `BadValue`, and `Refused` for a label that another CI carries.
        """
        values = record.checked(said)
        ci = await theirs(act.tx, roles, uid)
        await check_label(act.tx, ci.id, values.get("label"))
        await self.write_alike(act, [ci], values)

    async def write_alike(self, act: Act, found: Collection[CI], values: Mapping[str, str | None]) -> None:
        """Let whoever acts say the same of several CIs that are theirs; `values` as `record.checked` returns them."""
        ci_ids = [ci.id for ci in found]
        before = await lanes.standing(act.tx, ci_ids)
        words = [Word(ci_id, {SECTION: values}) for ci_id in ci_ids]
        await self.enter(act.tx, f"{HAND}/{act.by}", words, act.at)
        after = await lanes.standing(act.tx, ci_ids)
        for ci in found:
            was, now = _record(before.get(ci.id, {})), _record(after.get(ci.id, {}))
            if was != now:
                act.tell("ci.record", f"ci/{ci.uid}", was, now)


async def standing(connection: AsyncConnection, ci_id: int) -> dict[str, str]:
    """Return the record of a CI as it holds now."""
    return _record((await lanes.standing(connection, [ci_id])).get(ci_id, {}))


def _record(facts: Mapping[Path, Value]) -> dict[str, str]:
    return {path.key: str(value) for path, value in sorted(facts.items()) if path.section == SECTION}


async def check_label(tx: AsyncConnection, ci_id: int, label: str | None) -> None:
    """Raise `Refused` for a label that another CI carries."""
    if label is not None and (await cis.labelled(tx, [label])).get(label, ci_id) != ci_id:
        raise Refused("another CI carries this label", "label")
