"""Alertmanager: its webhook (version 4), and its API v2, by which a Prometheus takes us for one.

Of the webhook, alerts end when it says so; of the API, also when nobody has told of them any more by their `endsAt`.
What we told an Alertmanager ourselves comes back by it: that is no news.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from collector.incident.foreign import FIRING, RESOLVED, ForeignAlert
from collector.services.inbound.reading import (
    BadAlert,
    fingerprint,
    labels,
    mapping,
    moment,
    names_of,
    several,
    severity,
    text,
    word,
)

SOURCE: Final = "alertmanager"
RESOLVE_TIMEOUT_MS: Final = 300_000
"""How long an alert without an end stands when it is not told again: Alertmanager's own default."""
VERSION: Final = "4"


def of_webhook(body: Any, source: str, now: int) -> list[ForeignAlert]:
    """Return the alerts of a message; raise `BadAlert`. Keys that are not known are passed over."""
    told = mapping(body, "body")
    if word(told.get("version")) != VERSION:
        raise BadAlert(f"version {VERSION} of the webhook is expected", "version")
    left_out = told.get("truncatedAlerts")
    incomplete = left_out if isinstance(left_out, int) and not isinstance(left_out, bool) and left_out > 0 else 0
    found = (_of_webhook(each, source, now, incomplete) for each in several(told.get("alerts"), "alerts"))
    return [each for each in found if not is_own(each)]


def of_api(body: Any, source: str, now: int) -> list[ForeignAlert]:
    """Return the alerts of `POST /api/v2/alerts`; raise `BadAlert`."""
    found = (_of_api(each, source, now) for each in several(body, "alerts"))
    return [each for each in found if not is_own(each)]


def is_own(alert: ForeignAlert) -> bool:
    return alert.labels.get("source") == "muster" and bool(alert.labels.get("incident"))


def _of_webhook(row: Mapping[str, Any], source: str, now: int, incomplete: int) -> ForeignAlert:
    ended = moment(row.get("endsAt"), "endsAt")
    is_over = word(row.get("status")) == RESOLVED
    return _alert(row, source, now, (is_over, ended if is_over else None, None), incomplete)


def _of_api(row: Mapping[str, Any], source: str, now: int) -> ForeignAlert:
    ends = moment(row.get("endsAt"), "endsAt")
    is_over = ends is not None and ends <= now
    until = ends if ends is not None else now + RESOLVE_TIMEOUT_MS
    return _alert(row, source, now, (is_over, ends if is_over else None, None if is_over else until), 0)


def _alert(
    row: Mapping[str, Any], source: str, now: int, fate: tuple[bool, int | None, int | None], incomplete: int
) -> ForeignAlert:
    """Return one alert. `fate`: whether it is over, when that was, and until when it stands (ms)."""
    its, said = labels(row.get("labels")), row.get("annotations")
    if not its:
        raise BadAlert("labels: an alert has some", "labels")
    is_over, ended, until = fate
    name = its.get("alertname", "alert")
    notes: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    return ForeignAlert(
        source, word(row.get("fingerprint")) or fingerprint(its), RESOLVED if is_over else FIRING,
        severity(its.get("severity")), name, word(notes.get("summary")) or word(notes.get("title")) or name,
        moment(row.get("startsAt"), "startsAt") or now, text(notes.get("description")),
        _address(row.get("generatorURL")), its, names_of(its), ended or (now if is_over else None), until, incomplete,
    )  # fmt: skip


def _address(value: Any) -> str:
    said = word(value)
    return said if said.startswith(("http://", "https://")) else ""
