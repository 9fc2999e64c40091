"""ServiceNow: incidents by the Table API (`/api/now/table/incident`); our key is the `correlation_id`.

The table knows no upsert by it, so it is searched for first. States are those of the incident as delivered: 6 resolved,
7 closed, 8 canceled. Journal fields render `[code]`, so texts lose their brackets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from collector.delivery.caller import Call, Caller
from collector.delivery.plain import plain
from collector.delivery.ticket import CLOSED, OPEN, RESOLVED, Ticket, Words, record_of, rows_of, word_of

PATH: Final = "/api/now/table/incident"
FIELDS: Final = "sys_id,number,state,resolved_by.user_name,assigned_to.user_name"
_STANDS: Final = {"6": RESOLVED, "7": CLOSED, "8": CLOSED}
_GONE: Final = frozenset({404})


class ServiceNow:
    """One instance. `close_code`: a resolution needs one of those it has."""

    def __init__(self, caller: Caller, close_code: str, fields: Mapping[str, str]) -> None:
        self._caller, self._close_code, self._fields = caller, close_code, fields

    async def find(self, key: str) -> list[Ticket]:
        params = {"sysparm_query": f"correlation_id={key}^ORDERBYsys_created_on", "sysparm_limit": "10", **_SHOWN}
        heard = await self._caller.call(Call(PATH, "GET", params=params))
        return [_ticket(row) for row in rows_of(record_of(heard.value, PATH).get("result"), PATH)]

    async def get(self, reference: str) -> Ticket | None:
        heard = await self._caller.call(Call(f"{PATH}/{_id(reference)}", "GET", params=_SHOWN, missing=_GONE))
        return None if heard.status in _GONE else _ticket(record_of(record_of(heard.value, PATH).get("result"), PATH))

    async def create(self, words: Words) -> Ticket:
        value = {
            **self._fields, "short_description": plain(words.title)[:160], "description": plain(words.text),
            "correlation_id": words.key, "correlation_display": "Muster", "urgency": str(words.urgency),
            "contact_type": "monitoring",
        }  # fmt: skip
        heard = await self._caller.call(Call(PATH, value=value, params=_SHOWN))
        return _ticket(record_of(record_of(heard.value, PATH).get("result"), PATH))

    async def note(self, ticket: Ticket, text: str) -> None:
        await self._patch(ticket, {"work_notes": plain(text)})

    async def resolve(self, ticket: Ticket, text: str) -> None:
        await self._patch(ticket, {"state": "6", "close_code": self._close_code, "close_notes": plain(text)})

    async def reopen(self, ticket: Ticket, text: str) -> None:
        await self._patch(ticket, {"state": "2", "work_notes": plain(text)})

    async def aclose(self) -> None:
        await self._caller.aclose()

    async def _patch(self, ticket: Ticket, value: Mapping[str, str]) -> None:
        await self._caller.call(Call(f"{PATH}/{_id(ticket.reference)}", "PATCH", value=value, params=_SHOWN))


_SHOWN: Final = {
    "sysparm_fields": FIELDS, "sysparm_display_value": "false", "sysparm_exclude_reference_link": "true",
}  # fmt: skip


def _ticket(row: Mapping[str, Any]) -> Ticket:
    by = word_of(row.get("resolved_by.user_name")) or word_of(row.get("assigned_to.user_name"))
    stand = _STANDS.get(word_of(row.get("state")), OPEN)
    return Ticket(_id(word_of(row.get("sys_id"))), word_of(row.get("number")), stand, by)


def _id(text: str) -> str:
    """Return what may stand in a path: a `sys_id` is 32 hexadecimal digits."""
    return "".join(each for each in text if each.isascii() and each.isalnum())
