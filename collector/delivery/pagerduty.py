"""PagerDuty, Events API v2 (`POST /v2/enqueue`): triggered, acknowledged, resolved by our key, of one incident."""

from __future__ import annotations

import json
from typing import Any, Final

from collector.channel import ENDS
from collector.delivery.caller import Call, Caller
from collector.delivery.message import Voice, facts, incident_of, page, title
from collector.model import Delivery

PATH: Final = "/v2/enqueue"
MAX_SUMMARY: Final = 1_024
MAX_KEY: Final = 255
MAX_DETAILS: Final = 400_000
"""Bytes; an event has at most 512 KB."""
SILENT: Final = frozenset({"commented", "updated"})
"""A trigger on an alert that stands changes nothing people see."""
_SEVERITY: Final = {"critical": "critical", "error": "error", "warning": "warning", "notice": "info"}


class PagerDuty:
    """A destination: one integration (routing key) of a service."""

    def __init__(self, caller: Caller, routing_key: str, prefix: str, voice: Voice) -> None:
        self._caller, self._key, self._prefix, self._voice = caller, routing_key, prefix, voice

    async def __call__(self, delivery: Delivery) -> str:
        number = str(incident_of(delivery.payload).get("number", ""))
        dedup = f"{self._prefix}{number}"[:MAX_KEY]
        if delivery.event in SILENT:
            return dedup
        event: dict[str, Any] = {"routing_key": self._key, "dedup_key": dedup, "event_action": "resolve"}
        if delivery.event == "acknowledged":
            event["event_action"] = "acknowledge"
        elif delivery.event not in ENDS:
            event |= self._triggered(delivery)
        await self._caller.call(Call(PATH, value=event))
        return dedup

    async def aclose(self) -> None:
        await self._caller.aclose()

    def _triggered(self, delivery: Delivery) -> dict[str, Any]:
        payload, incident = delivery.payload, incident_of(delivery.payload)
        detail = incident.get("detail") or {}
        is_small = len(json.dumps(detail, ensure_ascii=False).encode()) < MAX_DETAILS
        where = dict(facts(payload, Voice("en")))
        link = page(payload, self._voice.link)
        return {
            "event_action": "trigger",
            "payload": {
                "summary": title(payload, self._voice.language)[:MAX_SUMMARY] or str(incident.get("number")),
                "source": where.get("CI") or "muster",
                "severity": _SEVERITY.get(str(incident.get("severity")), "critical"),
                "timestamp": incident.get("opened_at"), "class": str(incident.get("category") or incident.get("kind")),
                "custom_details": detail if is_small else {"incident": incident.get("number")},
            },
            "client": "Muster",
            "links": [{"href": link, "text": str(incident.get("number"))}] if link else [],
        }  # fmt: skip
