"""Jira: issues by JQL, and the approvals of Jira Service Management beside each.

Cloud answers at `/rest/api/3/search/jql` with a token for the next page, Data Center at `/rest/api/2/search` with a
start: `version` says which (`3` is usual). Field ids differ from site to site, so fields go by their names
(`expand=names`); a field's id works as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from collector.tickets import BadAnswer, BadRecord
from collector.tickets.exchange import Exchange
from collector.tickets.fields import Fields, foreign, person, rows, things, word
from collector.tickets.record import Approval, Foreign, Pulled
from collector.tickets.system import Secret, System
from collector.tickets.tables import Table

PAGE: Final = 50
MAX_CHANGES: Final = 1_000
MAX_APPROVALS: Final = 500
_NONE: Final = frozenset({404})
"""An issue that is no request of a service desk has no approvals."""
_DECIDED: Final = {"approved": True, "declined": False}
Row = Mapping[str, Any]


async def read(exchange: Exchange, system: System, table: Table, secret: Secret) -> Pulled:
    """Return the changes that `table.query`, a JQL, asks for; raise `BadAnswer`."""
    if secret.user:
        exchange.auth = (secret.user, secret.token or secret.password)
    else:
        exchange.headers["Authorization"] = f"Bearer {secret.token}"
    pulled = Pulled()
    for row, names in await _issues(exchange, system, table.query):
        key = word(row.get("key"), "key")
        if not key.replace("-", "").replace("_", "").isalnum():
            raise BadAnswer("Jira: the key of an issue is expected")
        approvals = await _approvals(exchange, key)
        pulled.take(key, partial(record, row, system, table, names, approvals))
    return pulled


def record(row: Row, system: System, table: Table, names: Mapping[str, Any], approvals: Sequence[Row] = ()) -> Foreign:
    """Return the change of an issue; `names`: id of a field → what people call it. Raise `BadRecord`."""
    said = row.get("fields")
    if not isinstance(said, Mapping):
        raise BadRecord("an issue has fields", "fields")
    called = {name: said[each] for each, name in names.items() if isinstance(name, str) and said.get(each) is not None}
    fields = Fields({**called, **said, "key": row.get("key")}, table.fields, system.zone)
    theirs, value = fields.first("things")
    decided = [each for approval in approvals for each in _decisions(approval)]
    return replace(foreign(fields), things=things(value, theirs), approvals=tuple(decided))


async def _issues(exchange: Exchange, system: System, query: str) -> list[tuple[Row, Row]]:
    """Return issues, each with the names of fields its page told; raise `BadAnswer`."""
    found: list[tuple[Row, Row]] = []
    by_start = system.version == "2"
    path = "rest/api/2/search" if by_start else "rest/api/3/search/jql"
    params = {"jql": query, "maxResults": str(PAGE), "fields": "*all", "expand": "names"}
    while True:
        page = (await exchange.get(path, params)).value
        if not isinstance(page, Mapping):
            raise BadAnswer("Jira: a page of issues is expected")
        issues, names = rows(page.get("issues"), path), page.get("names")
        found += [(each, names if isinstance(names, Mapping) else {}) for each in issues]
        if len(found) > MAX_CHANGES:
            raise BadAnswer(f"Jira: more than {MAX_CHANGES} issues; ask for fewer")
        more = _next(page, len(found)) if by_start else _token(page)
        if not issues or not more:
            return found
        params = {**params, **more}


def _token(page: Row) -> dict[str, str]:
    """Return what asks for the next page of Cloud; nothing on the last one."""
    token = page.get("nextPageToken")
    return {"nextPageToken": token} if isinstance(token, str) and token and page.get("isLast") is not True else {}


def _next(page: Row, seen: int) -> dict[str, str]:
    """Return what asks for the next page of Data Center; nothing on the last one."""
    total = page.get("total")
    return {"startAt": str(seen)} if isinstance(total, int) and seen < total else {}


async def _approvals(exchange: Exchange, key: str) -> list[Row]:
    path, found = f"rest/servicedeskapi/request/{key}/approval", list[Row]()
    while len(found) <= MAX_APPROVALS:
        answer = await exchange.get(path, {"start": str(len(found)), "limit": str(PAGE)}, _NONE)
        if answer.status in _NONE:
            return found
        page = answer.value
        values = rows(page.get("values") if isinstance(page, Mapping) else None, path)
        found += values
        if not values or page.get("isLastPage") is not False:
            return found
    raise BadAnswer(f"{path}: more than {MAX_APPROVALS} approvals")


def _decisions(approval: Row) -> list[Approval]:
    """Return what each approver of an approval decided; raise `BadRecord`."""
    listed = approval.get("approvers")
    if not isinstance(listed, list) or len(listed) > MAX_APPROVALS or not all(isinstance(x, Mapping) for x in listed):
        raise BadRecord("a list of approvers is expected", "approvers")
    done = approval.get("completedDate")
    when = word(done.get("iso8601"), "completedDate") if isinstance(done, Mapping) else ""
    title = word(approval.get("name"), "name")
    found = []
    for each in listed:
        granted = _DECIDED.get(word(each.get("approverDecision"), "approverDecision"))
        if granted is not None:
            found.append(Approval(person(each.get("approver")), granted, when, title))
    return found
