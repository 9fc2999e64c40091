"""Jira: issues by REST; our key is a label, which JQL finds.

Cloud searches at `/rest/api/3/search/jql` and takes documents (ADF), Data Center at `/rest/api/2/search` and takes
text. Which transition ends or reopens an issue the project's workflow says: the first that leads to a state of the
right category (`done`, or not), or the one that is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from collector.delivery import DeliveryFailed
from collector.delivery.caller import Call, Caller
from collector.delivery.plain import plain
from collector.delivery.ticket import OPEN, RESOLVED, Ticket, Words, record_of, rows_of, word_of

CLOUD: Final = "3"
DONE: Final = "done"
FIELDS: Final = "status,assignee"
_GONE: Final = frozenset({404})


class Jira:
    """One project. `version`: 3 for Cloud, 2 for Data Center."""

    def __init__(self, caller: Caller, version: str, project: str, issue_type: str, resolve_by: str) -> None:
        self._caller, self._version, self._project = caller, version, project
        self._type, self._resolve_by = issue_type, resolve_by

    async def find(self, key: str) -> list[Ticket]:
        path = self._api("search/jql" if self._version == CLOUD else "search")
        jql = f'project = "{self._project}" AND labels = "{key}" ORDER BY created ASC'
        heard = await self._caller.call(Call(path, "GET", params={"jql": jql, "fields": FIELDS, "maxResults": "10"}))
        return [_ticket(row) for row in rows_of(record_of(heard.value, path).get("issues"), path)]

    async def get(self, reference: str) -> Ticket | None:
        call = Call(self._issue(reference), "GET", params={"fields": FIELDS}, missing=_GONE)
        heard = await self._caller.call(call)
        return None if heard.status in _GONE else _ticket(record_of(heard.value, "issue"))

    async def create(self, words: Words) -> Ticket:
        fields = {
            "project": {"key": self._project}, "issuetype": {"name": self._type}, "labels": [words.key],
            "summary": plain(words.title) or words.key, "description": self._text(words.text),
        }  # fmt: skip
        made = record_of((await self._caller.call(Call(self._api("issue"), value={"fields": fields}))).value, "issue")
        return Ticket(_key(made.get("key")), _key(made.get("key")), OPEN)

    async def note(self, ticket: Ticket, text: str) -> None:
        path = f"{self._issue(ticket.reference)}/comment"
        await self._caller.call(Call(path, value={"body": self._text(text)}))

    async def resolve(self, ticket: Ticket, text: str) -> None:
        await self._move(ticket, to_done=True)
        await self.note(ticket, text)

    async def reopen(self, ticket: Ticket, text: str) -> None:
        await self._move(ticket, to_done=False)
        await self.note(ticket, text)

    async def aclose(self) -> None:
        await self._caller.aclose()

    async def _move(self, ticket: Ticket, to_done: bool) -> None:
        path = f"{self._issue(ticket.reference)}/transitions"
        heard = await self._caller.call(Call(path, "GET"))
        offered = rows_of(record_of(heard.value, path).get("transitions"), path)
        fitting = [each for each in offered if (_category(each.get("to")) == DONE) == to_done]
        named = [each for each in offered if to_done and word_of(each.get("name")) == self._resolve_by]
        chosen = next(iter(named or fitting), None)
        if chosen is None:
            raise DeliveryFailed("Jira: its workflow offers no transition there")
        await self._caller.call(Call(path, value={"transition": {"id": word_of(chosen.get("id"))}}))

    def _api(self, path: str) -> str:
        return f"/rest/api/{self._version}/{path}"

    def _issue(self, reference: str) -> str:
        return self._api(f"issue/{_key(reference)}")

    def _text(self, text: str) -> Any:
        if self._version != CLOUD:
            return plain(text)
        lines = [
            {"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in text.splitlines() if line
        ]
        return {"type": "doc", "version": 1, "content": lines}


def _ticket(row: Mapping[str, Any]) -> Ticket:
    fields = record_of(row.get("fields"), "fields")
    who = fields.get("assignee")
    by = word_of(who.get("displayName") or who.get("name")) if isinstance(who, Mapping) else ""
    stand = RESOLVED if _category(fields.get("status")) == DONE else OPEN
    return Ticket(_key(row.get("key")), _key(row.get("key")), stand, by)


def _category(status: Any) -> str:
    category = status.get("statusCategory") if isinstance(status, Mapping) else None
    return word_of(category.get("key")) if isinstance(category, Mapping) else ""


def _key(value: Any) -> str:
    said = word_of(value)
    return said if said.isascii() and said.replace("-", "").replace("_", "").isalnum() else ""
