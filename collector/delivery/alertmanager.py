"""Alertmanager, API v2 (`POST /api/v2/alerts`): an alert an incident, told again before it ends, ended when it is over.

An alert is its labels, so they hold nothing that moves but the severity: where that moves, the alert of the severity
before runs out by itself within `LASTS_MS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from collector.channel import ENDS
from collector.clock import Clock
from collector.delivery.caller import Call, Caller
from collector.delivery.message import Voice, facts, incident_of, page, title
from collector.model import Delivery
from collector.wording import time_text

PATH: Final = "/api/v2/alerts"
LASTS_MS: Final = 300_000
"""How long an alert stands when it is not told again."""
AT_ONCE: Final = 500


class Alertmanager:
    """A destination. It knows of no incident but by its labels, so whatever is told twice is there once."""

    remind_s = 60.0

    def __init__(self, caller: Caller, voice: Voice, clock: Clock) -> None:
        self._caller, self._voice, self._clock = caller, voice, clock

    async def __call__(self, delivery: Delivery) -> None:
        await self._post([self._alert(delivery)])

    async def remind(self, payloads: Sequence[Delivery]) -> None:
        """Tell again what is still open; raise `DeliveryFailed`."""
        for start in range(0, len(payloads), AT_ONCE):
            await self._post([self._alert(each) for each in payloads[start : start + AT_ONCE]])

    async def aclose(self) -> None:
        await self._caller.aclose()

    async def _post(self, alerts: list[dict[str, Any]]) -> None:
        await self._caller.call(Call(PATH, value=alerts, reads=False))

    def _alert(self, delivery: Delivery) -> dict[str, Any]:
        payload, now = delivery.payload, self._clock()
        incident, is_over = incident_of(payload), delivery.event in ENDS
        ended = incident.get("resolved_at") if is_over else None
        return {
            "labels": _labels(incident),
            "annotations": {
                "summary": title(payload, self._voice.language),
                "description": self._described(payload),
            },
            "startsAt": incident.get("opened_at"),
            "endsAt": ended or time_text(now if is_over else now + LASTS_MS),
            "generatorURL": page(payload, self._voice.link),
        }

    def _described(self, payload: Mapping[str, Any]) -> str:
        """Return what there is to say but where the incident is: an alert has a field for that."""
        return "\n".join(f"{label}: {value}" for label, value in facts(payload, replace(self._voice, link="")))


def _labels(incident: Mapping[str, Any]) -> dict[str, str]:
    detail = incident.get("detail")
    told: Mapping[str, Any] = detail if isinstance(detail, Mapping) else {}
    place = told.get("ci")
    ci: Mapping[str, Any] = place if isinstance(place, Mapping) else {}
    labels = {
        "alertname": told.get("rule") or incident.get("kind"), "incident": incident.get("number"),
        "severity": incident.get("severity"), "category": incident.get("category"), "instance": ci.get("name"),
        "site": incident.get("site"), "ci_class": ci.get("class"), "source": "muster",
    }  # fmt: skip
    return {name: str(value) for name, value in labels.items() if value}
