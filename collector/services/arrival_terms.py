"""What somebody asks of an arrival rule, checked: whom it is about, where they were reached, what it says of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from collector import record
from collector.arrival import ArrivalRule
from collector.classes import TYPES, UNKNOWN
from collector.security.roles import administers
from collector.services.records import NotTheirs
from collector.services.refused import Refused
from wire.observation import ZONE
from wire.ranges import BadRange, ranges

MAX_NAME: Final = 100
MAX_RANGES: Final = 64
GIVES: Final = ("owner", "department", "contact", "place", "environment")
"""What a rule may say of what it accepts: never what each has of its own, such as its label."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule as somebody asks for it; `ends_at` in ms, None: it does not end."""

    name: str
    ci_class: str
    ci_type: str = ""
    zone: str = ""
    within: tuple[str, ...] = ()
    gives: Mapping[str, str] = field(default_factory=dict)
    ends_at: int | None = None


def own(roles: Collection[str], asked: Asked, now: int) -> ArrivalRule:
    """Return what was asked as a rule of one's own classes; raise `NotTheirs`, and as `checked`."""
    rule = checked(asked, now)
    if not administers(roles, rule.ci_class):
        raise NotTheirs(rule.ci_class)
    return rule


def checked(asked: Asked, now: int) -> ArrivalRule:
    """Return what was asked at `now` (ms) as a rule, whosever its class is; raise `BadValue`, `Refused`."""
    name = " ".join(asked.name.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Refused(f"a name of 1 to {MAX_NAME} characters is expected", "name")
    if asked.ci_class == UNKNOWN or asked.ci_class not in TYPES:
        raise Refused("a class of the regulation is expected", "class")
    if asked.ci_type and asked.ci_type not in TYPES[asked.ci_class]:
        raise Refused("a type of that class, or none, is expected", "type")
    if asked.ends_at is not None and asked.ends_at <= now:
        raise Refused("a time to come is expected", "ends")
    return ArrivalRule(
        name, asked.ci_class, asked.ci_type, asked.zone, _within(asked), _gives(asked.gives), asked.ends_at
    )  # fmt: skip


def _within(asked: Asked) -> tuple[str, ...]:
    if not ZONE.fullmatch(asked.zone):
        raise Refused("a zone is named by letters, digits, points, dashes and underscores", "zone")
    if not asked.within and not asked.zone:
        raise Refused("say where: ranges of addresses, or a zone that has a name", "ranges")
    if len(asked.within) > MAX_RANGES:
        raise Refused(f"at most {MAX_RANGES} ranges are expected", "ranges")
    try:
        ranges(asked.within)
    except BadRange as error:
        raise Refused(str(error), "ranges") from error
    return tuple(each.strip() for each in asked.within)


def _gives(said: Mapping[str, str]) -> dict[str, str]:
    if other := sorted(said.keys() & record.FIELDS.keys() - set(GIVES)):
        raise Refused("each has its own: a rule cannot give it", other[0])
    return {name: value for name, value in record.checked(said).items() if value is not None}
