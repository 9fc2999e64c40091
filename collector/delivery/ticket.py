"""Tickets: one in the other system for each incident of ours, made once, brought to the state the incident has.

Our key stands in the ticket, and nothing is made before it was searched for: an answer that was lost, a crash between
making and marking, a second collector make no second ticket. Should there be two all the same (the system answered
"nothing" while it was still making one), the younger one is closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from collector.channel import ENDS
from collector.delivery import DeliveryFailed, Fate
from collector.delivery.message import Voice, facts, headline, incident_of, say, title
from collector.model import Delivery

SETTLES_S: Final = 20.0
"""How long a system gets to finish what it did not answer to before it is asked what came of it."""
MAX_TITLE: Final = 200
OPEN, RESOLVED, CLOSED = "open", "resolved", "closed"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket there. `reference`: what its interface knows it by; `number`: what people do; `by`: who has it."""

    reference: str
    number: str
    stand: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What a ticket is made of. `urgency`: 1 high to 3 low."""

    key: str
    title: str
    text: str
    urgency: int


class Product(Protocol):
    """The interface of one system. Every call raises `DeliveryFailed`."""

    async def find(self, key: str) -> list[Ticket]:
        """Return the tickets that hold our key, the oldest first."""
        ...

    async def get(self, reference: str) -> Ticket | None: ...
    async def create(self, words: Words) -> Ticket: ...
    async def note(self, ticket: Ticket, text: str) -> None: ...
    async def resolve(self, ticket: Ticket, text: str) -> None: ...
    async def reopen(self, ticket: Ticket, text: str) -> None: ...
    async def aclose(self) -> None: ...


class Tickets:
    """A destination: one system. `prefix`: begins our keys, so that two collectors may share a system."""

    def __init__(self, product: Product, prefix: str, voice: Voice) -> None:
        self.product, self._prefix, self._voice = product, prefix, voice

    async def __call__(self, delivery: Delivery) -> str:
        """Bring the ticket of an incident to where the incident is; return its reference; raise `DeliveryFailed`."""
        ticket, is_new = await self._theirs(delivery)
        if delivery.event in ENDS:
            if ticket.stand == OPEN:
                await self.product.resolve(ticket, self._said(delivery))
        elif delivery.event == "reopened":
            if ticket.stand == RESOLVED:
                await self.product.reopen(ticket, self._said(delivery))
        elif not is_new and delivery.event != "opened":
            await self.product.note(ticket, self._said(delivery))
        return ticket.reference

    async def standing(self, number: str, reference: str) -> Ticket | None:
        """Return the ticket of an incident as it is now, None when there is none; raise `DeliveryFailed`."""
        found = await self.product.get(reference) if reference else None
        return found or next(iter(await self.product.find(self.key(number))), None)

    def key(self, number: str) -> str:
        return self._prefix + number

    async def aclose(self) -> None:
        await self.product.aclose()

    async def _theirs(self, delivery: Delivery) -> tuple[Ticket, bool]:
        """Return the ticket, and whether it was made just now."""
        found = await self.product.get(delivery.reference) if delivery.reference else None
        if found is not None and not (found.stand == CLOSED and delivery.event == "reopened"):
            return found, False
        key = self.key(str(incident_of(delivery.payload).get("number", "")))
        known = [each for each in await self.product.find(key) if each.stand != CLOSED or delivery.event != "reopened"]
        if not known:
            return await self._made(delivery, key), True
        await self._one_only(known)
        return known[0], False

    async def _made(self, delivery: Delivery, key: str) -> Ticket:
        words = Words(
            key, title(delivery.payload, self._voice.language)[:MAX_TITLE], self._said(delivery), _urgency(delivery)
        )
        try:
            return await self.product.create(words)
        except DeliveryFailed as error:
            if error.fate is Fate.UNKNOWN:
                raise DeliveryFailed(str(error), Fate.UNKNOWN, max(error.after_s, SETTLES_S)) from None
            raise

    async def _one_only(self, known: list[Ticket]) -> None:
        """Close what was made beside the first: nobody is to work on the same thing twice."""
        for each in known[1:]:
            if each.stand == OPEN:
                await self.product.resolve(each, f"= {known[0].number}")

    def _said(self, delivery: Delivery) -> str:
        colon = say("colon", self._voice.language)
        lines = [f"{label}{colon}{value}" for label, value in facts(delivery.payload, self._voice)]
        return "\n".join([headline(delivery.payload, self._voice.language), *lines])


def _urgency(delivery: Delivery) -> int:
    severity = incident_of(delivery.payload).get("severity")
    return {"critical": 1, "error": 1, "warning": 2}.get(str(severity), 3)


def rows_of(value: Any, what: str) -> list[Mapping[str, Any]]:
    """Return a list of records of an answer; raise `DeliveryFailed`."""
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise DeliveryFailed(f"{what}: a list of records is expected", Fate.UNKNOWN)
    return value


def record_of(value: Any, what: str) -> Mapping[str, Any]:
    """Return the one record of an answer; raise `DeliveryFailed`."""
    if not isinstance(value, Mapping):
        raise DeliveryFailed(f"{what}: a record is expected", Fate.UNKNOWN)
    return value


def word_of(value: Any) -> str:
    """Return what a field of theirs says, one bounded line; "" where it says nothing."""
    said = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return "".join(each for each in said[:200] if each.isprintable())
