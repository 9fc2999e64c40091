"""GLPI: REST (`apirest.php`), the item type Change and what hangs on it: items, validations, people, tasks.

Lists come in ranges: 206 with Content-Range while there is more, 200 when that was all. Times are the server's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from collector.tickets import BadAnswer, BadRecord
from collector.tickets.exchange import Ask, Exchange
from collector.tickets.fields import Fields, foreign, moment, rows, text, word
from collector.tickets.record import Approval, Foreign, Pulled, Thing
from collector.tickets.system import Secret, System
from collector.tickets.tables import Table

PAGE: Final = 100
MAX_CHANGES: Final = 500
"""Each costs four requests more."""
MAX_LINKS: Final = 2_000
_ALL: Final[Mapping[str, str]] = MappingProxyType({})
_LATEST: Final = MappingProxyType({"sort": "date_mod", "order": "DESC", "expand_dropdowns": "true"})
_API: Final = "apirest.php/"
_BEYOND: Final = frozenset({400})
_BEYOND_SAID: Final = "ERROR_RANGE_EXCEED_TOTAL"
_UNSEEN: Final = frozenset({403, 404})
ACCEPTED, REFUSED = "3", "4"
"""CommonITILValidation."""
REQUESTER, ASSIGNED = "1", "2"
"""CommonITILActor."""
_NOBODY: Final = frozenset({"", "0"})
Row = Mapping[str, Any]
Rows = Sequence[Row]


@dataclass(frozen=True, slots=True)
class Around:
    """What hangs on one change. `logins`: number of a user → login; `items`: (type, number) → the device."""

    tasks: Rows = ()
    people: Rows = ()
    validations: Rows = ()
    links: Rows = ()
    logins: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[tuple[str, str], Thing] = field(default_factory=dict)


async def read(exchange: Exchange, system: System, table: Table, secret: Secret) -> Pulled:
    """Return the changes that were written in the last `system.days`; raise `BadAnswer`."""
    await _log_in(exchange, secret)
    try:
        return await _pulled(exchange, system, table)
    finally:
        await _log_out(exchange)


def record(row: Row, system: System, table: Table, around: Around) -> Foreign:
    """Return the change of one item with what hangs on it; raise `BadRecord`."""
    names = {"title": ("name",), **table.fields}
    found = foreign(Fields(row, names, system.zone))
    starts, ends = (
        [at for each in around.tasks if (at := moment(each.get(name), name, system.zone)) is not None]
        for name in ("begin", "end")
    )
    said = (_approval(each, around.logins) for each in around.validations)
    return replace(
        found,
        initiator=found.initiator or _actor(around, REQUESTER),
        implementer=found.implementer or _actor(around, ASSIGNED),
        start=found.start if found.start is not None else min(starts, default=None),
        end=found.end if found.end is not None else max(ends, default=None),
        things=tuple(_thing(each, around.items) for each in around.links),
        approvals=tuple(each for each in said if each),
    )


async def _log_in(exchange: Exchange, secret: Secret) -> None:
    if secret.app_token:
        exchange.headers["App-Token"] = secret.app_token
    if secret.token:
        login = {"Authorization": f"user_token {secret.token}"}
    else:
        exchange.auth, login = (secret.user, secret.password), {}
    answer = (await exchange.ask(Ask(_API + "initSession", headers=login))).value
    session = answer.get("session_token") if isinstance(answer, Mapping) else None
    if not isinstance(session, str) or not session.isascii() or not session.isprintable():
        raise BadAnswer("GLPI: a session is expected")
    exchange.headers["Session-Token"], exchange.auth = session, None


async def _log_out(exchange: Exchange) -> None:
    try:
        await exchange.get(_API + "killSession", {}, frozenset(range(200, 600)))
    except BadAnswer:
        return  # it ends by itself


async def _pulled(exchange: Exchange, system: System, table: Table) -> Pulled:
    pulled, logins, items = Pulled(), dict[str, str](), dict[tuple[str, str], Thing]()
    for row in await _changes(exchange, system):
        number = word(row.get("id"), "id")
        if not number.isdigit():
            raise BadAnswer("GLPI: the number of a change is expected")
        tasks, people, validations, links = [
            await _every(exchange, f"Change/{number}/{kind}")
            for kind in ("ChangeTask", "Change_User", "ChangeValidation", "Change_Item")
        ]
        for user in {*(_user(each) for each in people), *(_validator(each) for each in validations)} - _NOBODY:
            if user not in logins:
                logins[user] = word((await _item(exchange, "User", user)).get("name"), "name")
        for key in {_key(each) for each in links} - items.keys():
            items[key] = _device(await _item(exchange, *key))
        around = Around(tasks, people, validations, links, logins, items)
        pulled.take(number, partial(record, row, system, table, around))
    return pulled


async def _changes(exchange: Exchange, system: System) -> list[Row]:
    """Return the changes written since, the latest first; raise `BadAnswer`."""
    since = datetime.now(system.zone) - timedelta(days=system.days)
    oldest = int(since.timestamp() * 1000)
    found: list[Row] = []
    while True:
        page = await _list(exchange, "Change", len(found), _LATEST)
        fresh = [row for row in page if (moment(row.get("date_mod"), "date_mod", system.zone) or oldest) >= oldest]
        found += fresh
        if len(found) > MAX_CHANGES:
            raise BadAnswer(f"more than {MAX_CHANGES} changes; ask for fewer days")
        if len(page) < PAGE or len(fresh) < len(page):
            return found


async def _every(exchange: Exchange, path: str) -> list[Row]:
    """Return a whole list of what hangs on a change; raise `BadAnswer`."""
    found: list[Row] = []
    while len(found) <= MAX_LINKS:
        page = await _list(exchange, path, len(found))
        found += page
        if len(page) < PAGE:
            return found
    raise BadAnswer(f"{path}: more than {MAX_LINKS} of them")


async def _list(
    exchange: Exchange, path: str, start: int, params: Mapping[str, str] = MappingProxyType({})
) -> list[Row]:
    """Return one range of a list, nothing where it begins beyond the end; raise `BadAnswer`."""
    answer = await exchange.get(_API + path, {**params, "range": f"{start}-{start + PAGE - 1}"}, _BEYOND)
    if answer.status not in _BEYOND:
        return rows(answer.value, path)
    if not isinstance(answer.value, list) or answer.value[:1] != [_BEYOND_SAID]:
        raise BadAnswer(f"{path}: it answers {answer.status}")
    return []


async def _item(exchange: Exchange, kind: str, number: str) -> Row:
    """Return one item; an empty one where it is gone, or not ours to see."""
    if not (kind.isascii() and kind.replace("\\", "").replace("_", "").isalnum() and number.isdigit()):
        raise BadAnswer("GLPI: the type and number of an item are expected")
    answer = await exchange.get(f"{_API}{kind}/{number}", {}, _UNSEEN)
    return answer.value if answer.status not in _UNSEEN and isinstance(answer.value, Mapping) else {}


def _user(row: Row) -> str:
    return word(row.get("users_id"), "users_id")


def _validator(row: Row) -> str:
    """Return the number of who validates: since GLPI 11 it may stand as a target beside its type."""
    named = word(row.get("users_id_validate"), "users_id_validate")
    if named in _NOBODY and row.get("itemtype_target") == "User":
        return word(row.get("items_id_target"), "items_id_target")
    return named


def _approval(row: Row, logins: Mapping[str, str]) -> Approval | None:
    status, login = word(row.get("status"), "status"), logins.get(_validator(row), "")
    if status not in (ACCEPTED, REFUSED) or not login:
        return None
    when = word(row.get("validation_date"), "validation_date")
    return Approval((login,), status == ACCEPTED, when, text(row.get("comment_validation"), "comment_validation"))


def _actor(around: Around, part: str) -> tuple[str, ...]:
    """Return the one user who has this part in the change; several are nobody in particular."""
    found = {_user(each) for each in around.people if word(each.get("type"), "type") == part} - _NOBODY
    logins = {around.logins.get(user, "") for user in found} - {""}
    return tuple(logins) if len(logins) == 1 and len(found) == 1 else ()


def _key(row: Row) -> tuple[str, str]:
    return word(row.get("itemtype"), "itemtype"), word(row.get("items_id"), "items_id")


def _thing(row: Row, items: Mapping[tuple[str, str], Thing]) -> Thing:
    kind, number = _key(row)
    thing = items.get((kind, number), Thing(""))
    if thing == Thing(""):
        raise BadRecord(f"it names {kind[:40]} {number[:20]}, which is gone or not ours to see", "Change_Item")
    return thing


def _device(row: Row) -> Thing:
    return Thing(*(word(row.get(name), name) for name in ("name", "otherserial", "serial")))
