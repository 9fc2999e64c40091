"""A recurrence in words: `FREQ=WEEKLY;BYDAY=MO;BYHOUR=9` is every Monday at 09:00; a rarer one stands as it is."""

from __future__ import annotations

import re
from typing import Final

from collector.web.catalogue import Texts

KNOWN: Final = frozenset({"FREQ", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYHOUR", "BYMINUTE"})
FORMS: Final = ("daily", "daily_on", "weekly", "weekly_on", "monthly_on", "monthly_on_in", "yearly_on_in")
"""What there are words for."""
_DAY: Final = re.compile(r"(-1|[1-5])?([A-Z]{2})", re.ASCII)


def recurrence(texts: Texts, rrule: str) -> str:
    """Return when it comes due, as people say it."""
    parts = dict(part.partition("=")[::2] for part in rrule.strip().removeprefix("RRULE:").split(";"))
    if not parts.keys() <= KNOWN:
        return rrule
    days = _days(texts, parts.get("BYDAY", ""))
    month_days = [texts.plain("recurrence.month_day", n=each) for each in _listed(parts.get("BYMONTHDAY", ""))]
    if days is None or (days and month_days) or any("-" in each for each in month_days):
        return rrule
    months = [texts.label("month", each) for each in _listed(parts.get("BYMONTH", ""))]
    comma = texts.plain("list.comma")
    when = comma.join(days or month_days)
    often = f"{parts.get('FREQ', '').lower()}{'_on' if when else ''}{'_in' if months else ''}"
    if often not in FORMS:
        return rrule
    return texts.plain(f"recurrence.{often}", on=when, months=comma.join(months), at=_times(parts, comma))


def _days(texts: Texts, said: str) -> list[str] | None:
    """Return days of the week in words, None where they cannot be read."""
    found = []
    for each in _listed(said):
        match = _DAY.fullmatch(each)
        if match is None:
            return None
        day = texts.label("weekday", match[2])
        found.append(texts.plain("recurrence.nth", nth=texts.label("nth", match[1]), day=day) if match[1] else day)
    return found


def _times(parts: dict[str, str], comma: str) -> str:
    hours, minutes = _listed(parts.get("BYHOUR", "0")), _listed(parts.get("BYMINUTE", "0"))
    return comma.join(f"{hour:0>2}:{minute:0>2}" for hour in hours for minute in minutes)


def _listed(said: str) -> list[str]:
    return [each for each in said.split(",") if each]
