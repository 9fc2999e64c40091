"""iTop: REST/JSON, `core/get` of the class Change and of the devices it names.

iTop answers 200 with a code of its own: 0 is well, everything else is an error. Times are the server's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from collector.tickets import BadAnswer, BadRecord
from collector.tickets.exchange import Ask, Exchange
from collector.tickets.fields import MAX_ITEMS, Fields, at, foreign, person, text, word
from collector.tickets.record import Approval, Foreign, Pulled, Thing
from collector.tickets.system import Secret, System
from collector.tickets.tables import Decision, Table, fold

PAGE: Final = 100
MAX_CHANGES: Final = 2_000
DEVICES_AT_ONCE: Final = 200
_PATH: Final = "webservices/rest.php"
_CODES: Final = {1: "it refuses the login, or what it may read", 100: "it failed itself"}
Row = Mapping[str, Any]


async def read(exchange: Exchange, system: System, table: Table, secret: Secret) -> Pulled:
    """Return the changes that `table.query`, an OQL, asks for; raise `BadAnswer`."""
    asking = _Asking(exchange, system.version or "1.3", _login(secret))
    objects = await asking.changes(table.query)
    devices = await asking.devices(sorted({number for row in objects for number in _numbers(row)}))
    pulled = Pulled()
    for row in objects:
        pulled.take(_named(row), partial(record, row, system, table, devices))
    return pulled


def record(row: Row, system: System, table: Table, devices: Mapping[str, Thing]) -> Foreign:
    """Return the change of one object; `devices`: what is known of CIs by their number. Raise `BadRecord`."""
    fields = _fields(row)
    found = foreign(Fields({**fields, "finalclass": row.get("class")}, table.fields, system.zone))
    linked = tuple(devices.get(number) or Thing(name) for number, name in _links(fields))
    state = fold(found.state)
    said = (_approval(fields, each, state) for each in table.decisions)
    return replace(found, things=linked, approvals=tuple(each for each in said if each))


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks one iTop for objects."""

    exchange: Exchange
    version: str
    login: Mapping[str, str] = field(repr=False)

    async def objects(self, kind: str, query: str, fields: str, page: int = 0) -> list[Row]:
        """Return the objects of a class that an OQL asks for, a page of them if `page` is given; raise `BadAnswer`."""
        asked: dict[str, object] = {"operation": "core/get", "class": kind, "key": query, "output_fields": fields}
        if page:
            asked |= {"limit": PAGE, "page": page}
        form = {"json_data": json.dumps(asked), **self.login}
        return _objects((await self.exchange.ask(Ask(_PATH, {"version": self.version}, form))).value)

    async def changes(self, query: str) -> list[Row]:
        """Return all changes that an OQL asks for; an iTop that knows no pages sends all of them each time."""
        found: dict[str, Row] = {}
        for page in range(1, MAX_CHANGES // PAGE + 2):
            some = await self.objects("Change", query, "*+", page)
            known = len(found)
            found |= {word(row.get("key"), "key"): row for row in some}
            if len(found) > MAX_CHANGES:
                break
            if len(some) != PAGE or len(found) == known:
                return list(found.values())
        raise BadAnswer(f"more than {MAX_CHANGES} changes; ask for fewer")

    async def devices(self, numbers: Sequence[str]) -> dict[str, Thing]:
        """Return number of a CI → what is printed on it, for those that are devices; raise `BadAnswer`."""
        found: dict[str, Thing] = {}
        for start in range(0, len(numbers), DEVICES_AT_ONCE):
            query = f"SELECT PhysicalDevice WHERE id IN ({','.join(numbers[start : start + DEVICES_AT_ONCE])})"
            some = await self.objects("PhysicalDevice", query, "name,asset_number,serialnumber")
            found |= {word(row.get("key"), "key"): _device(row) for row in some}
        return found


def _login(secret: Secret) -> dict[str, str]:
    if secret.token:
        return {"auth_token": secret.token}
    return {"auth_user": secret.user, "auth_pwd": secret.password}


def _objects(value: Any) -> list[Row]:
    """Return the objects of an answer, `null` when there are none; raise `BadAnswer`."""
    if not isinstance(value, Mapping) or not isinstance(value.get("code"), int):
        raise BadAnswer("iTop: an answer with a code is expected")
    if value["code"]:
        raise BadAnswer(f"iTop: {_CODES.get(value['code'], 'it answers with code ' + str(value['code'])[:9])}")
    objects = value.get("objects") or {}
    if not isinstance(objects, Mapping) or not all(isinstance(each, Mapping) for each in objects.values()):
        raise BadAnswer("iTop: objects by name are expected")
    return list(objects.values())


def _fields(row: Row) -> Row:
    fields = row.get("fields")
    if not isinstance(fields, Mapping):
        raise BadRecord("an object has fields", "fields")
    return fields


def _named(row: Row) -> str:
    fields = row.get("fields")
    return str((fields.get("ref") if isinstance(fields, Mapping) else None) or row.get("key"))


def _links(fields: Row) -> Iterator[tuple[str, str]]:
    """Yield number and name of each CI of a change; raise `BadRecord`."""
    links = fields.get("functionalcis_list") or []
    if not isinstance(links, Sequence) or isinstance(links, str) or len(links) > MAX_ITEMS:
        raise BadRecord(f"a list of at most {MAX_ITEMS} CIs is expected", "functionalcis_list")
    for link in links:
        if not isinstance(link, Mapping):
            raise BadRecord("a list of links is expected", "functionalcis_list")
        number, name = (word(link.get(each), each) for each in ("functionalci_id", "functionalci_name"))
        yield number, name


def _numbers(row: Row) -> list[str]:
    """Return the numbers of the CIs of a change, none of one that cannot be read."""
    try:
        return [number for number, _ in _links(_fields(row)) if number.isascii() and number.isdigit()]
    except BadRecord:
        return []


def _device(row: Row) -> Thing:
    fields = _fields(row)
    return Thing(*(word(fields.get(each), each) for each in ("name", "asset_number", "serialnumber")))


def _approval(fields: Row, decision: Decision, state: str) -> Approval | None:
    """Return the decision of whom a record names for it, once it was decided."""
    who, when = person(at(fields, decision.who)), word(at(fields, decision.at), decision.at)
    is_refused = state in decision.refused
    if not who or not (when or is_refused):
        return None
    return Approval(who, not is_refused, when, text(at(fields, decision.said), decision.said))
