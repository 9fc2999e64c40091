"""A past period and the terms it is to be judged by, as somebody asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector import governance, yamlfile
from collector.change.covering import DAY_MS, MINUTE_MS, Margins
from collector.governance import Governance
from collector.services.refused import Refused
from collector.yamlfile import BadFile

LONGEST_MS: Final = 400 * DAY_MS
"""The longest period: the thirteen months an audit looks back."""
WIDEST_MIN: Final = 90 * 24 * 60
"""The widest margin, in minutes."""
MARGINS: Final = ("pre", "post", "reach")
"""Margins by the name people give them in minutes; see `collector.change.covering.Margins`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What moved within [start, end) (ms), judged by `governance` and `margins`; None: by those that hold now."""

    start: int
    end: int
    governance: Governance | None = None
    margins: Margins | None = None


def asked_of(start: int, end: int, policy: str, minutes: Mapping[str, int], now: int) -> Asked:
    """Return what is asked for; `policy`: a table as `rules/attributes.yaml`, empty: the present one. Raise `Refused`.

    `minutes`: margins by name, those that are to be others than now.
    """
    until = min(end, now)
    if not 0 <= start < until:
        raise Refused("the period begins before it ends, and has begun", "from")
    if until - start > LONGEST_MS:
        raise Refused(f"a period of at most {LONGEST_MS // DAY_MS} days is expected", "from")
    return Asked(start, until, _governance(policy), _margins(minutes))


def _governance(policy: str) -> Governance | None:
    if not policy.strip():
        return None
    try:
        return governance.of_table(yamlfile.parse(policy, Path("policy")))
    except BadFile as error:
        raise Refused(str(error)[:500], "policy") from error


def _margins(minutes: Mapping[str, int]) -> Margins | None:
    for name, value in minutes.items():
        if name not in MARGINS or not 0 <= value <= WIDEST_MIN:
            raise Refused(f"a margin of 0 to {WIDEST_MIN} minutes is expected", name)
    if not minutes:
        return None
    now = Margins()
    pre, post, reach = (
        minutes[name] * MINUTE_MS if name in minutes else kept
        for name, kept in zip(MARGINS, (now.pre_ms, now.post_ms, now.reach_ms), strict=True)
    )
    return Margins(pre, post, reach)
