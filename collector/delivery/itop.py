"""iTop: incidents by REST/JSON (`webservices/rest.php`): core/get, create, update, apply_stimulus.

It answers 200 with a code of its own: 0 is well. Our key begins the title, which is searched for. Texts are HTML there,
so they are escaped. States are those of the class Incident as delivered.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any, Final

from collector.delivery import DeliveryFailed, Fate
from collector.delivery.caller import Call, Caller
from collector.delivery.ticket import CLOSED, OPEN, RESOLVED, Ticket, Words, record_of, word_of

PATH: Final = "/webservices/rest.php"
CLASS: Final = "Incident"
SHOWN: Final = "id,ref,status,agent_name,title"
COMMENT: Final = "Muster"
_STANDS: Final = {"resolved": RESOLVED, "closed": CLOSED}
_REFUSED_LOGIN, _ITS_OWN_FAULT = 1, 100


class Itop:
    """One iTop. `organisation`: whose incidents they are, by name; `fields`: what else a new one says."""

    def __init__(
        self, caller: Caller, login: Mapping[str, str], organisation: str, fields: Mapping[str, str], version: str
    ) -> None:
        self._caller, self._login, self._organisation = caller, login, organisation
        self._fields, self._version = fields, version
        self._new: set[str] = set()

    async def find(self, key: str) -> list[Ticket]:
        return await self._objects({"operation": "core/get", "key": f"SELECT {CLASS} WHERE title LIKE '[{key}]%'"})

    async def get(self, reference: str) -> Ticket | None:
        return next(iter(await self._objects({"operation": "core/get", "key": {"id": _id(reference)}})), None)

    async def create(self, words: Words) -> Ticket:
        fields = {
            "org_id": f"SELECT Organization WHERE name = {_quoted(self._organisation)}", "origin": "monitoring",
            "urgency": str(words.urgency + 1), "impact": "2", **self._fields,
            "title": f"[{words.key}] {html.escape(words.title)}", "description": _html(words.text),
        }  # fmt: skip
        made = await self._objects({"operation": "core/create", "fields": fields, "comment": COMMENT})
        if not made:
            raise DeliveryFailed("iTop: the object it made is expected", Fate.UNKNOWN)
        return made[0]

    async def note(self, ticket: Ticket, text: str) -> None:
        log = {"add_item": {"message": _html(text), "format": "html"}}
        await self._on(ticket, {"operation": "core/update", "fields": {"private_log": log}})

    async def resolve(self, ticket: Ticket, text: str) -> None:
        # One that nobody has taken knows no ev_resolve; ev_autoresolve is what iTop itself uses there.
        stimulus = "ev_autoresolve" if ticket.reference in self._new else "ev_resolve"
        await self._stimulate(ticket, stimulus, {"solution": _html(text)})

    async def reopen(self, ticket: Ticket, text: str) -> None:
        await self._stimulate(ticket, "ev_reopen", {})
        await self.note(ticket, text)

    async def aclose(self) -> None:
        await self._caller.aclose()

    async def _stimulate(self, ticket: Ticket, stimulus: str, fields: Mapping[str, str]) -> None:
        await self._on(ticket, {"operation": "core/apply_stimulus", "stimulus": stimulus, "fields": fields})

    async def _on(self, ticket: Ticket, asked: Mapping[str, Any]) -> None:
        await self._objects({**asked, "key": {"id": _id(ticket.reference)}, "comment": COMMENT})

    async def _objects(self, asked: Mapping[str, Any]) -> list[Ticket]:
        told = json.dumps({"class": CLASS, "output_fields": SHOWN, **asked}, ensure_ascii=False)
        form = {"json_data": told, **self._login}
        heard = await self._caller.call(Call(PATH, params={"version": self._version}, form=form))
        answer = record_of(heard.value, "iTop")
        if answer.get("code") != 0:
            raise _failure(answer.get("code"))
        objects = record_of(answer.get("objects") or {}, "objects").values()
        found = [self._ticket(record_of(each, "object")) for each in objects]
        return sorted(found, key=lambda each: int(each.reference or 0))

    def _ticket(self, row: Mapping[str, Any]) -> Ticket:
        fields = record_of(row.get("fields"), "fields")
        reference, status = _id(word_of(row.get("key"))), word_of(fields.get("status"))
        (self._new.add if status == "new" else self._new.discard)(reference)
        number = word_of(fields.get("ref")) or reference
        return Ticket(reference, number, _STANDS.get(status, OPEN), word_of(fields.get("agent_name")))


def _failure(code: object) -> DeliveryFailed:
    """Return what a code means: 100 is iTop's own fault and may pass, a login is for people, others are for good."""
    if not isinstance(code, int):
        return DeliveryFailed("iTop: an answer with a code is expected", Fate.UNKNOWN)
    if code == _REFUSED_LOGIN:
        return DeliveryFailed("iTop: it refuses the login, or what it may do")
    fate = Fate.UNKNOWN if code == _ITS_OWN_FAULT else Fate.REJECTED
    return DeliveryFailed(f"iTop: it answers with code {code}", fate)


def _id(text: str) -> str:
    return text if text.isascii() and text.isdigit() else ""


def _quoted(text: str) -> str:
    """Return a string of OQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _html(text: str) -> str:
    return "<br>".join(html.escape(line) for line in text.splitlines())
