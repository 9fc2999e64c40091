"""Alerts of other systems, as values: what was told of one, and why it should be an incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from collector.incident.planning import TOLD
from collector.model import CI, Cause, Value
from collector.severity import rank
from collector.wording import clean

FOREIGN: Final = "foreign_alert"
FIRING, RESOLVED, EXPIRED = "firing", "resolved", "expired"


@dataclass(frozen=True, slots=True)
class ForeignAlert:
    """An alert of another system, one by (account, source, fingerprint); an episode of it by `started_at`. Times in ms.

    `account`: who tells of it; nobody else's word moves it. `cause_key`: the key of the cause it is, see `told_by`.
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
    account: str = ""
    cause_key: str = ""


def told_by(account: str, alert: ForeignAlert) -> ForeignAlert:
    """Return an alert as one that this account tells of."""
    return replace(alert, account=account, cause_key=f"foreign|{alert.source}|{account}|{alert.fingerprint}")


def named_as_rule(alert: ForeignAlert) -> str:
    """Return what windows, waivers and changes call a kind of alert of another system: `source/name`, as a rule."""
    return f"{alert.source}/{alert.name}"


def is_kind(pattern: str) -> bool:
    """Return whether an id, or a prefix with `*`, is meant for alerts of other systems."""
    return "/" in pattern


def key_of_kind(source: str, name: str) -> str:
    """Return the key of the incident that alerts of a kind share while nobody knows which CIs they are about."""
    return f"foreign|{source}|*|{name}"


def foreign_cause(alert: ForeignAlert, ci: CI | None, began_under: Sequence[str] = ()) -> Cause:
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
        detail["began_under"] = list(began_under)
    return Cause(
        key=alert.cause_key,
        ci_id=ci.id if ci else None,
        kind=FOREIGN,
        severity=alert.severity,
        title={"zh": named, "en": named},
        detail=detail,
        since=alert.started_at,
        group="" if ci else key_of_kind(alert.source, alert.name),
    )


# --- alerts of no CI, told together


def unbound_words(source: str, name: str, counts: Mapping[str, int], now: int) -> Cause:
    """Return the words by which alerts of a kind are told together; `counts`: severity → how many stand (one at least).

    It is no cause itself: the incident lasts as long as they do. The number is told by its magnitude, so that a storm
    is not told anew for each of its alerts.
    """
    kind, system = clean(name), clean(source)
    count = sum(counts.values())
    many = magnitude(count)
    return Cause(
        key=key_of_kind(source, name),
        ci_id=None,
        kind=FOREIGN,
        severity=max(counts, key=rank),
        title={
            "zh": f"{kind}：来自 {system} 的 {many} 条{'' if many == 1 else '以上'}告警找不到对应的配置项",
            "en": f"{kind}: {'one alert' if many == 1 else f'{many} or more alerts'} of {system} about no known CI",
        },
        detail={"source": source, "alert": kind, "alerts": many},
        since=now,
        role=TOLD,
    )


def magnitude(count: int) -> int:
    """Return the largest of 1, 2, 5, 10, 20, 50 … that is not above `count` (at least 1)."""
    power = int("1" + "0" * (len(str(count)) - 1))
    return max(each * power for each in (1, 2, 5) if each * power <= count)
