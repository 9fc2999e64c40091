"""One value in every lane as of two times: what was the fact, who said what, what was authorised on which basis."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.asof import Moment
from collector.store.browse import facts
from collector.store.browse.facts import AuthRow, ClaimRow, FactRow


@dataclass(frozen=True, slots=True)
class Lanes:
    """What stood in the three lanes; of a claim, when it was last confirmed is known of now only."""

    fact: FactRow | None
    claims: tuple[ClaimRow, ...]
    authorised: AuthRow | None


async def at(
    connection: AsyncConnection, ci_id: int, section: str, key: str, moment: Moment | None
) -> Lanes:  # fmt: skip
    """Return the lanes of one value, now or at `moment`; empty ones where nothing was known."""
    known = await facts.facts(connection, ci_id, moment, section)
    return Lanes(
        next((each for each in known if each.key == key), None),
        await facts.claims(connection, ci_id, section, key, moment),
        await facts.authorised(connection, ci_id, section, key, moment),
    )
