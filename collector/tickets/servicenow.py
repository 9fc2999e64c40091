"""ServiceNow: the Table API, tables `change_request`, `task_ci` and `sysapproval_approver`.

Values are asked as stored (`sysparm_display_value=false`), so times are UTC and words do not depend on a language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any, Final

from collector.tickets import BadAnswer
from collector.tickets.exchange import Exchange
from collector.tickets.fields import Fields, at, foreign, person, rows, text, word
from collector.tickets.record import Approval, Foreign, Pulled, Thing
from collector.tickets.system import Secret, System
from collector.tickets.tables import Table

PAGE: Final = 50
MAX_CHANGES: Final = 2_000
MAX_LINKS: Final = 20_000
_CI: Final = ("name", "asset_tag", "serial_number")
_TABLE: Final = "api/now/table/"
_DECIDED: Final = {"approved": True, "rejected": False}
Rows = Sequence[Mapping[str, Any]]


def log_in(exchange: Exchange, secret: Secret) -> None:
    """Send user and password, or the token of an OAuth client."""
    if secret.token:
        exchange.headers["Authorization"] = f"Bearer {secret.token}"
    else:
        exchange.auth = (secret.user, secret.password)


async def read(exchange: Exchange, system: System, table: Table, secret: Secret) -> Pulled:
    """Return the changes that `table.query` asks for; raise `BadAnswer`."""
    log_in(exchange, secret)
    pulled = Pulled()
    changes = await _all(exchange, "change_request", table.query, _wanted(table), MAX_CHANGES)
    for start in range(0, len(changes), PAGE):
        some = changes[start : start + PAGE]
        things, approvals = await _around(exchange, [word(row.get("sys_id"), "sys_id") for row in some])
        for row in some:
            key = word(row["sys_id"], "sys_id")
            make = partial(record, row, system, table, things.get(key, ()), approvals.get(key, ()))
            pulled.take(word(row.get("number"), "number") or key, make)
    return pulled


def record(
    row: Mapping[str, Any], system: System, table: Table, things: Rows = (), approvals: Rows = ()
) -> Foreign:  # fmt: skip
    """Return the change of a row of `change_request` with those of the other tables; raise `BadRecord`."""
    found = foreign(Fields(row, table.fields, system.zone))
    own = (_thing(row, "cmdb_ci"), *(_thing(each, "ci_item") for each in things))
    named = tuple(dict.fromkeys(each for each in own if each.name or each.asset or each.serial))
    said = (_approval(each) for each in approvals)
    return replace(found, things=named, approvals=tuple(each for each in said if each))


async def _around(exchange: Exchange, keys: Sequence[str]) -> tuple[dict[str, Rows], dict[str, Rows]]:
    """Return the CIs and the approvals of some changes, by the key of the change."""
    listed = ",".join(keys)
    cis = ["task", *(f"ci_item.{name}" for name in _CI)]
    things = await _all(exchange, "task_ci", f"taskIN{listed}^ORDERBYtask", cis, MAX_LINKS)
    said = ["sysapproval", "approver", "approver.user_name", "state", "sys_updated_on", "comments"]
    query = f"sysapprovalIN{listed}^ORDERBYsysapproval"
    approvals = await _all(exchange, "sysapproval_approver", query, said, MAX_LINKS)
    return _by(things, "task"), _by(approvals, "sysapproval")


async def _all(exchange: Exchange, table: str, query: str, fields: Iterable[str], most: int) -> list[Mapping[str, Any]]:
    """Return all rows of a table that a query asks for; raise `BadAnswer`, also where there are more than `most`."""
    found: list[Mapping[str, Any]] = []
    while True:
        answer = await exchange.get(_TABLE + table, {
            "sysparm_query": f"{query}^ORDERBYsys_id", "sysparm_fields": ",".join(fields),
            "sysparm_display_value": "false", "sysparm_exclude_reference_link": "true", "sysparm_limit": str(PAGE),
            "sysparm_offset": str(len(found)),
        })  # fmt: skip
        page = rows(answer.value.get("result") if isinstance(answer.value, Mapping) else None, table)
        found += page
        total = answer.headers.get("x-total-count", "")
        if len(found) > most:
            raise BadAnswer(f"{table}: more than {most} rows; ask for fewer changes")
        if not page or len(page) < PAGE or total == str(len(found)):
            return found


def _wanted(table: Table) -> list[str]:
    theirs = {name for names in table.fields.values() for name in names}
    return sorted(theirs | {"sys_id", "number", *(f"cmdb_ci.{name}" for name in _CI)})


def _thing(row: Mapping[str, Any], link: str) -> Thing:
    return Thing(*(word(at(row, f"{link}.{name}"), link) for name in _CI))


def _approval(row: Mapping[str, Any]) -> Approval | None:
    granted = _DECIDED.get(word(row.get("state"), "state"))
    if granted is None:
        return None
    who = person(at(row, "approver.user_name")) + person(row.get("approver"))
    when = word(row.get("sys_updated_on"), "sys_updated_on")
    return Approval(who, granted, when, text(row.get("comments"), "comments"))


def _by(found: Rows, link: str) -> dict[str, Rows]:
    def key(row: Mapping[str, Any]) -> str:
        value = row.get(link)
        return word(value.get("value") if isinstance(value, Mapping) else value, link)

    return {each: list(some) for each, some in groupby(sorted(found, key=key), key)}
