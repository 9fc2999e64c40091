"""GLPI: tickets by REST (`apirest.php`); our key stands in the title, and is searched for there.

Texts are HTML there, so they are escaped. 207 answers some of several rows; one row is asked at a time. Search options
of a ticket: 1 title, 2 number, 12 status, 15 opened; states: 5 solved, 6 closed.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any, Final

from collector.delivery import DeliveryFailed, Fate
from collector.delivery.caller import Call, Caller, Heard
from collector.delivery.ticket import CLOSED, OPEN, RESOLVED, Ticket, Words, record_of, rows_of, word_of

API: Final = "/apirest.php"
TITLE, NUMBER, STATUS = "1", "2", "12"
_STANDS: Final = {"5": RESOLVED, "6": CLOSED}
_PARTLY: Final = 207
_NO_SESSION: Final = frozenset({401})


class Glpi:
    """One GLPI. A session is opened with the first call and again when it has run out."""

    def __init__(self, caller: Caller, login: Mapping[str, str], fields: Mapping[str, str]) -> None:
        self._caller, self._login, self._fields, self._session = caller, login, fields, ""

    async def find(self, key: str) -> list[Ticket]:
        params = {
            "criteria[0][field]": TITLE, "criteria[0][searchtype]": "contains", "criteria[0][value]": f"[{key}]",
            "forcedisplay[0]": NUMBER, "forcedisplay[1]": STATUS, "sort": NUMBER, "order": "ASC", "range": "0-9",
        }  # fmt: skip
        heard = await self._ask(Call("/search/Ticket", "GET", params=params))
        rows = rows_of(record_of(heard.value, "search").get("data", []), "search")
        # `contains` takes what looks like it, too.
        exact = (row for row in rows if f"[{key}]" in word_of(row.get(TITLE)) or TITLE not in row)
        return [Ticket(_id(row.get(NUMBER)), _id(row.get(NUMBER)), _stand(row.get(STATUS))) for row in exact]

    async def get(self, reference: str) -> Ticket | None:
        heard = await self._ask(Call(f"/Ticket/{_id(reference)}", "GET", missing=frozenset({404})))
        if heard.status == 404:
            return None
        row = record_of(heard.value, "Ticket")
        if word_of(row.get("is_deleted")) == "1":
            return None
        by = word_of(row.get("users_id_lastupdater"))
        return Ticket(_id(row.get("id")), _id(row.get("id")), _stand(row.get("status")), by and f"user {by}")

    async def create(self, words: Words) -> Ticket:
        asked = {
            **self._fields, "name": f"[{words.key}] {html.escape(words.title)}", "content": _html(words.text),
            "type": 1, "urgency": {1: 5, 2: 3}.get(words.urgency, 2),
        }  # fmt: skip
        made = record_of((await self._ask(Call("/Ticket", value={"input": asked}))).value, "Ticket")
        if not _id(made.get("id")):
            raise DeliveryFailed("GLPI: the number of the ticket is expected", Fate.UNKNOWN)
        return Ticket(_id(made["id"]), _id(made["id"]), OPEN)

    async def note(self, ticket: Ticket, text: str) -> None:
        await self._on(ticket, "ITILFollowup", text)

    async def resolve(self, ticket: Ticket, text: str) -> None:
        await self._on(ticket, "ITILSolution", text)

    async def reopen(self, ticket: Ticket, text: str) -> None:
        await self._ask(Call(f"/Ticket/{ticket.reference}", "PUT", value={"input": {"status": 2}}))
        await self.note(ticket, text)

    async def aclose(self) -> None:
        await self._caller.aclose()

    async def _on(self, ticket: Ticket, kind: str, text: str) -> None:
        asked = {"itemtype": "Ticket", "items_id": int(ticket.reference), "content": _html(text)}
        await self._ask(Call(f"/{kind}", value={"input": asked}))

    async def _ask(self, call: Call) -> Heard:
        """Return the answer; where the session has run out, a new one asks once more."""
        for is_last in (False, True):
            if not self._session:
                self._session = await self._opened()
            headers = {"Session-Token": self._session, **self._app()}
            missing = call.missing if is_last else call.missing | _NO_SESSION
            heard = await self._caller.call(_under(call, headers, missing))
            if heard.status not in _NO_SESSION:
                break
            self._session = ""
        if heard.status == _PARTLY:
            raise DeliveryFailed("GLPI: it did a part of it (207)", Fate.UNKNOWN)
        return heard

    async def _opened(self) -> str:
        headers, self._caller.auth = self._app(), None
        if token := self._login.get("token"):
            headers["Authorization"] = f"user_token {token}"
        else:
            self._caller.auth = (self._login.get("user", ""), self._login.get("password", ""))
        try:
            heard = await self._caller.call(Call(f"{API}/initSession", "GET", headers=headers))
        finally:
            self._caller.auth = None
        session = word_of(record_of(heard.value, "initSession").get("session_token"))
        if not session.isascii() or not session:
            raise DeliveryFailed("GLPI: a session is expected")
        return session

    def _app(self) -> dict[str, str]:
        token = self._login.get("app_token")
        return {"App-Token": token} if token else {}


def _under(call: Call, headers: Mapping[str, str], missing: frozenset[int]) -> Call:
    return Call(API + call.path, call.method, call.value, None, None, call.params, headers, missing)


def _stand(status: Any) -> str:
    return _STANDS.get(word_of(status), OPEN)


def _id(value: Any) -> str:
    said = word_of(value)
    return said if said.isascii() and said.isdigit() else ""


def _html(text: str) -> str:
    return "<br>".join(html.escape(line) for line in text.splitlines())
