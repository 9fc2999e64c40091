"""Which CI alerts are about: what people said of a label, else serial number, then UUID, full name, address, name.

One CI, or none: two that answer to the same name are none. A serial number or UUID that nobody has makes no match by
something weaker with a CI that has another one: the address may have been given away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import identifiers
from collector.identifiers import Policy
from collector.incident.foreign import ForeignAlert
from collector.store import called, events, foreign_bindings
from collector.store.foreign_bindings import Binding

STRONG: Final = ("serial", "uuid")
ORDER: Final = (*STRONG, "fqdn", "ip", "name")
Names = Mapping[str, str]
Look = Callable[[AsyncConnection, Sequence[Names], Policy], Awaitable[list[set[int]]]]
"""For each of some things, by what they are called: the CIs that one kind of name finds."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The CI an alert is about, None: nobody knows, or several may be. `by`: who said so, "": its names do."""

    ci_id: int | None = None
    by: str = ""


@dataclass(slots=True)
class _Seeker:
    """One alert that is looked for: the strong names nobody has, and the CIs the first name finds that somebody has."""

    names: Names
    missed: list[str] = field(default_factory=list)
    found: set[int] = field(default_factory=set)


async def bound(connection: AsyncConnection, alerts: Sequence[ForeignAlert], policy: Policy) -> list[Bound]:
    """Return which CI each of these alerts is about, as it is known now: a few statements for any number."""
    said = await _as_people_say(connection, alerts)
    rest = [each for at, each in enumerate(alerts) if at not in said]
    named = iter(await _by_names(connection, [each.names for each in rest], policy))
    return [said[at] if at in said else Bound(next(named)) for at in range(len(alerts))]


# --- as people say


def words_of(alert: ForeignAlert) -> dict[str, str]:
    """Return what an alert may be bound by: its labels, and what it calls the thing it is about."""
    return {**alert.names, **alert.labels}


async def _as_people_say(connection: AsyncConnection, alerts: Sequence[ForeignAlert]) -> dict[int, Bound]:
    """Return place in the list → the CI people said its label means; none where labels name several."""
    known = await foreign_bindings.of_sources(connection, {each.source for each in alerts})
    if not known:
        return {}
    there = await called.there(connection, (each.ci_id for each in known))
    meant = {(each.source, each.label, each.value): each for each in known if each.ci_id in there}
    found: dict[int, Bound] = {}
    for at, alert in enumerate(alerts):
        if its := [meant[key] for word in words_of(alert).items() if (key := (alert.source, *word)) in meant]:
            found[at] = _agreed(its, there)
    return found


def _agreed(its: Sequence[Binding], there: Mapping[int, int]) -> Bound:
    return Bound(there[its[0].ci_id], its[0].who) if len({there[each.ci_id] for each in its}) == 1 else Bound()


# --- by names


async def _by_names(connection: AsyncConnection, called_so: Sequence[Names], policy: Policy) -> list[int | None]:
    seekers = [_Seeker(each) for each in called_so]
    for kind in ORDER:
        asking = [each for each in seekers if not each.found and each.names.get(kind)]
        answers = await _LOOKS[kind](connection, [each.names for each in asking], policy) if asking else []
        for each, found in zip(asking, answers, strict=True):
            each.found = found
            if not found and kind in STRONG:
                each.missed.append(kind)
    others = {kind: await _having(connection, kind, seekers) for kind in STRONG}
    return [_one(each, others) for each in seekers]


async def _having(connection: AsyncConnection, kind: str, seekers: Iterable[_Seeker]) -> set[int]:
    """Return the CIs that have a strong name of this kind, of those found for things that have another one."""
    doubtful = {ci_id for each in seekers if kind in each.missed for ci_id in each.found}
    return await called.holding(connection, kind, doubtful) if doubtful else set()


def _one(each: _Seeker, others: Mapping[str, set[int]]) -> int | None:
    if len(each.found) != 1 or any(each.found & others[kind] for kind in each.missed):
        return None
    return next(iter(each.found))


async def _by_serial(connection: AsyncConnection, things: Sequence[Names], policy: Policy) -> list[set[int]]:
    made = [
        identifiers.normalise("serial", identifiers.serial_value(each.get("vendor", "any"), each["serial"]), policy)
        for each in things
    ]
    serials = [each.value.partition("|")[2] if each else "" for each in made]
    return _each(await called.with_serials(connection, filter(None, serials)), serials)


async def _by_uuid(connection: AsyncConnection, things: Sequence[Names], policy: Policy) -> list[set[int]]:
    return await _identified(connection, "uuid", [each["uuid"] for each in things], policy)


async def _by_fqdn(connection: AsyncConnection, things: Sequence[Names], policy: Policy) -> list[set[int]]:
    return await _named(connection, [each["fqdn"] for each in things], policy)


async def _by_name(connection: AsyncConnection, things: Sequence[Names], policy: Policy) -> list[set[int]]:
    return await _named(connection, [each["name"] for each in things], policy)


async def _named(connection: AsyncConnection, names: Sequence[str], policy: Policy) -> list[set[int]]:
    by_name = _each(await called.named(connection, names), names)
    by_host = await _identified(connection, "hostname", names, policy)
    return [one | other for one, other in zip(by_name, by_host, strict=True)]


async def _by_address(connection: AsyncConnection, things: Sequence[Names], _policy: Policy) -> list[set[int]]:
    places = [(each.get("zone", ""), each["ip"]) for each in things]
    found = await events.speakers(connection, places)
    there = await called.there(connection, found.values())
    return [{there[found[each]]} if each in found and found[each] in there else set() for each in places]


async def _identified(connection: AsyncConnection, kind: str, values: Sequence[str], policy: Policy) -> list[set[int]]:
    made = [identifiers.normalise(kind, each, policy) for each in values]
    wanted = [each.value if each else "" for each in made]
    return _each(await called.identified(connection, kind, filter(None, wanted)), wanted)


def _each(found: Mapping[str, set[int]], wanted: Iterable[str]) -> list[set[int]]:
    return [found.get(each, set()) for each in wanted]


_LOOKS: Final[Mapping[str, Look]] = {
    "serial": _by_serial, "uuid": _by_uuid, "fqdn": _by_fqdn, "ip": _by_address, "name": _by_name,
}  # fmt: skip
