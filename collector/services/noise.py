"""Noise: which attributes raise findings that turn out to be nothing, by month; proposed for review, never silenced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change import noise
from collector.change.noise import Answered
from collector.model import Path
from collector.services.refused import Refused
from collector.store.browse import noise as browsed
from collector.store.browse.noise import Place, Span
from wire.sections import SECTIONS

EARLIEST, LATEST = 1970, 2999


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute and what became of its findings; `is_for_review`: it was dismissed too often.

    `name`: of an element the field that moved, empty where it came or went as a whole.
    """

    section: str
    name: str
    answered: Answered
    is_for_review: bool


@dataclass(frozen=True, slots=True)
class Noise:
    """The attributes of a month, those for review first. `rate`: dismissed a thousand CIs and week; None: no CI."""

    month: str
    attributes: tuple[Attribute, ...]
    cis: int
    rate: float | None

    @property
    def total(self) -> Answered:
        its = [each.answered for each in self.attributes]
        return Answered(sum(each.confirmed for each in its), sum(each.dismissed for each in its))


async def of_month(connection: AsyncConnection, month: str, now: int) -> Noise:
    """Return what was answered in `month` (YYYY-MM, UTC; empty: the present one) until `now` (ms); raise `Refused`."""
    start = _first_day(month) if month else _at(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    span = Span(_ms(start), min(_ms(_next(start)), now + 1))
    confirmed, dismissed = await browsed.confirmed(connection, span), await browsed.dismissed(connection, span)
    answered = _folded(confirmed, dismissed)
    cis, length = await browsed.standing_cis(connection), span.end - span.start
    total = sum(each.dismissed for each in answered.values())
    rate = noise.dismissed_rate(total, cis, length) if cis and length > 0 else None
    return Noise(f"{start:%Y-%m}", _ordered(answered), cis, rate)


def _folded(confirmed: Mapping[Place, int], dismissed: Mapping[Place, int]) -> dict[Path, Answered]:
    """Return attribute → what became of it: a field of elements is one attribute, whichever element it was."""
    found: dict[Path, Answered] = {}
    for place in confirmed.keys() | dismissed.keys():
        attribute = _attribute(place)
        before = found.get(attribute, Answered())
        found[attribute] = Answered(
            before.confirmed + confirmed.get(place, 0), before.dismissed + dismissed.get(place, 0)
        )
    return found


def _attribute(place: Place) -> Path:
    section, key, field = place
    has_elements = section in SECTIONS and bool(SECTIONS[section].key)
    return Path(section, field if has_elements or field else key)


def _ordered(answered: Mapping[Path, Answered]) -> tuple[Attribute, ...]:
    review = noise.for_review(answered)
    others = sorted(answered.keys() - set(review), key=lambda path: (-sum(_counts(answered[path])), path))
    return tuple(Attribute(path.section, path.key, answered[path], path in review) for path in (*review, *others))


def _counts(answered: Answered) -> tuple[int, int]:
    return answered.confirmed, answered.dismissed


def _first_day(month: str) -> datetime:
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise Refused("a month is YYYY-MM", "month") from None
    if not EARLIEST <= first.year <= LATEST:
        raise Refused("a month is YYYY-MM", "month")
    return first


def _next(start: datetime) -> datetime:
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
