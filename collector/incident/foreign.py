"""Alerts of other systems, as values: what was told of one, and why it should be an incident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from collector.model import CI, Cause, Value
from collector.wording import clean

FOREIGN: Final = "foreign_alert"
FIRING, RESOLVED, EXPIRED = "firing", "resolved", "expired"


@dataclass(frozen=True, slots=True)
class ForeignAlert:
    """One alert of another system, one to it by (source, fingerprint); an episode of it by `started_at`. Times in ms.

    `name`: what kind of alert it is there; `names`: what it calls the thing it is about, by kind (serial, uuid, fqdn,
    ip, zone, name). `until`: it is over by then unless it is told again, None: until it is told so.
    `incomplete`: how many alerts of its message were left out on the way.
    """

    source: str
    fingerprint: str
    state: str
    severity: str
    name: str
    title: str
    started_at: int
    text: str = ""
    link: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    ended_at: int | None = None
    until: int | None = None
    incomplete: int = 0


def foreign_cause(alert: ForeignAlert, ci: CI | None) -> Cause:
    """Return why a firing alert should be an incident: of its CI, or of none where nobody knows which it is.

    Those of no CI share an incident for each kind of alert of a source: there may be thousands.
    """
    title = clean(alert.title or alert.name)
    named = f"{clean(ci.name)}: {title}" if ci and ci.name.lower() not in title.lower() else title
    detail: dict[str, Value] = {
        "source": alert.source, "fingerprint": alert.fingerprint, "alert": clean(alert.name), "text": alert.text,
        "labels": dict(alert.labels), "names": dict(alert.names), "link": alert.link, "incomplete": alert.incomplete,
    }  # fmt: skip
    if ci is not None:
        detail["ci"] = {"uid": ci.uid, "name": ci.name, "class": ci.ci_class, "type": ci.ci_type}
    return Cause(
        key=f"foreign|{alert.source}|{alert.fingerprint}",
        ci_id=ci.id if ci else None,
        kind=FOREIGN,
        severity=alert.severity,
        title={"zh": named, "en": named},
        detail=detail,
        since=alert.started_at,
        group="" if ci else f"foreign|{alert.source}|*|{alert.name}",
    )
