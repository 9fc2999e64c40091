"""What an inspection found wrong becomes incidents when it is signed: each cause has one, whoever finds it.

Rules that monitoring asks are monitoring's: it opens their incidents, holds them back and ends them, and the report
names those there are. Of rules for inspections only, and of what people filled in, the signature opens them, by the key
monitoring would use; nothing but a person ends these. A rule that fails on many CIs is one incident.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.compiled import CompiledRule
from collector.incident import alert_of, check_cause
from collector.incident.planning import CANCELLED, MERGED, REOPEN_WINDOW_MS
from collector.inspecting import difference
from collector.inspecting.answer import GOOD, PROBLEM, Filled
from collector.inspecting.line import Line, State
from collector.model import CI, Cause, Rule
from collector.services.inspecting.reporting import answer_of, limits_text
from collector.services.inspecting.seen import OPEN, Seen
from collector.severity import rank
from collector.store import cis, inspection_found
from collector.store.inspection_found import Home
from collector.wording import clean

KIND: Final = "inspection"
"""What kind of incident it is that a signature opens."""
RECORD_ONLY: Final = "record_only"
MOST_EACH: Final = 10
"""On so many CIs a rule opens an incident each; beyond, one for all of them."""
MAX_NAMED: Final = 50
"""CIs such an incident lists; the report has them all."""

Rules = Mapping[str, CompiledRule]


class Fate(enum.StrEnum):
    """What becomes of something that is wrong when the report is signed."""

    OPENS = "opens"
    REOPENS = "reopens"
    STANDS = "stands"
    """There is an incident, or somebody has dealt with it since it was seen."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One incident of what is wrong. `incident`: its number, "" for one to be opened; `keys`: the causes told in it.

    `cause` None: it stands already, and is told by others. `uids`: the CIs of one that is about many.
    """

    title: Mapping[str, str]
    fate: Fate
    incident: str = ""
    keys: tuple[str, ...] = ()
    cause: Cause | None = None
    uids: tuple[str, ...] = ()


@dataclass(slots=True)
class _Sorted:
    """The problems of a report: keys of those that have an incident by its number, and the others by their rule."""

    standing: dict[str, list[Line]] = field(default_factory=dict)
    others: dict[str, list[Line]] = field(default_factory=dict)


async def foreseen(connection: AsyncConnection, rules: Rules, seen: Seen, now: int) -> list[Foreseen]:
    """Return what a signature at `now` (ms) makes of what is wrong, what opens first; nothing is written."""
    lines = [each for each in seen.lines if each.state is State.PROBLEM and each.rule in rules]
    items = [each for each in seen.items if each.state == PROBLEM]
    keys = {seen.key_of(each) for each in lines} | {seen.item_key(each.item.id) for each in items}
    keys |= {_together(seen, each.rule) for each in lines}
    homes = await inspection_found.homes(connection, keys)
    its = _Sorted()
    for line in lines:
        _sort(its, line, rules[line.rule].rule, seen, homes)
    about = await cis.by_ids(connection, sorted({each.ci_id for some in its.others.values() for each in some}))
    found: list[Foreseen] = []
    for rule, some in its.others.items():
        found += _of_rule(rules[rule].rule, some, seen, homes, about, now)
    found += [_item(each, seen, homes, now) for each in items]
    found += [_stands(number, some, seen, rules) for number, some in its.standing.items()]
    return sorted(found, key=lambda each: tuple(Fate).index(each.fate))


async def before_signing(connection: AsyncConnection, rules: Rules, seen: Seen, now: int) -> list[Foreseen]:
    """Return the same for whoever is about to sign: nothing as long as something is to be filled in, or once signed."""
    return await foreseen(connection, rules, seen, now) if seen.run.state == OPEN and not seen.open_items else []


def _sort(its: _Sorted, line: Line, rule: Rule, seen: Seen, homes: Mapping[str, Home]) -> None:
    """Put a problem where it belongs: what monitoring, or nobody, is to open an incident for is left out."""
    home = homes.get(seen.key_of(line))
    together = homes.get(_together(seen, line.rule))
    for each in (home, together):
        if each is not None and _stands_still(each, seen.run.looked_at):
            its.standing.setdefault(each.number, []).append(line)
            return
    if not (rule.raises or rule.shadow or rule.create == RECORD_ONLY):
        its.others.setdefault(line.rule, []).append(line)


def _stands_still(home: Home, seen_at: int) -> bool:
    """Return whether an incident is open, or was ended by somebody after this was seen at `seen_at` (ms)."""
    return home.resolved_at is None or home.resolved_at >= seen_at


def _fate(home: Home | None, seen_at: int, now: int) -> tuple[Fate, str]:
    """Return what becomes of something seen at `seen_at` (ms), and the number of the incident there is for it."""
    if home is None:
        return Fate.OPENS, ""
    if _stands_still(home, seen_at):
        return Fate.STANDS, home.number
    is_back = home.state not in (CANCELLED, MERGED) and now - (home.resolved_at or 0) <= REOPEN_WINDOW_MS
    return (Fate.REOPENS, home.number) if is_back else (Fate.OPENS, "")


def _stands(number: str, lines: Sequence[Line], seen: Seen, rules: Rules) -> Foreseen:
    first = lines[0]
    return Foreseen(
        _named(rules[first.rule].rule, clean(seen.things[first.ci_id].name)), Fate.STANDS, number,
        tuple(seen.key_of(each) for each in lines),
    )  # fmt: skip


def _of_rule(
    rule: Rule, lines: Sequence[Line], seen: Seen, homes: Mapping[str, Home], about: Mapping[int, CI], now: int
) -> Iterator[Foreseen]:
    """Yield an incident for each of these problems, or one for all where they are of many CIs."""
    at = seen.run.looked_at
    causes = {seen.key_of(each): _check(rule, each, about[each.ci_id], seen) for each in lines}
    if len({each.ci_id for each in lines}) > MOST_EACH:
        cause = _many(rule, lines, list(causes.values()), seen)
        uids = tuple(dict.fromkeys(seen.things[each.ci_id].uid for each in lines))
        yield Foreseen(cause.title, *_fate(homes.get(cause.key), at, now), tuple(causes), cause, uids)
        return
    for key, cause in causes.items():
        yield Foreseen(cause.title, *_fate(homes.get(key), at, now), (key,), cause)


def _check(rule: Rule, line: Line, ci: CI, seen: Seen) -> Cause:
    values = {**line.evidence, **{f"param.{name}": value for name, value in line.limits.items()}}
    cause = check_cause(
        rule, ci, (line.instance, values), line.severity or rule.severity, line.since or seen.run.looked_at
    )
    return replace(cause, kind=KIND, detail={**cause.detail, "inspection": seen.run.number})


def _many(rule: Rule, lines: Sequence[Line], causes: Sequence[Cause], seen: Seen) -> Cause:
    """Return the cause that a rule is which does not hold on many CIs."""
    names = sorted({clean(seen.things[each.ci_id].name) for each in lines})
    said: dict[str, Any] = {
        "inspection": seen.run.number, "rule": rule.id, "rule_title": rule.title, "category": rule.category,
        "runbook": rule.runbook, "kb": rule.kb, "found_on": names[:MAX_NAMED], "more": max(0, len(names) - MAX_NAMED),
    }  # fmt: skip
    worst = max((each.severity for each in causes), key=rank)
    title = {
        "zh": f"{rule.title.get('zh', rule.id)}：{len(names)} 个配置项",
        "en": f"{rule.title.get('en', rule.id)}: {len(names)} CIs",
    }
    return Cause(
        _together(seen, rule.id), None, KIND, worst, title, said, min(each.since for each in causes),
        category=rule.category, urgency=rule.urgency, line=rule.line or 2,
    )  # fmt: skip


def _item(filled: Filled, seen: Seen, homes: Mapping[str, Home], now: int) -> Foreseen:
    item, said = filled.item, filled.answer
    at = said.at if said else seen.run.looked_at
    answer = answer_of(filled)
    texts = answer if isinstance(answer, Mapping) else dict.fromkeys(("zh", "en"), str(answer or ""))
    key = seen.item_key(item.id)
    detail: dict[str, Any] = {
        "inspection": seen.run.number, "item": item.id, "item_text": dict(item.text), "answer": dict(texts),
        "limits": limits_text(filled) or "", "note": said.note if said else "",
        "photos": [each.id for each in filled.photos],
    }  # fmt: skip
    title = {
        "zh": f"{clean(item.text['zh'])}：{clean(texts['zh'])}", "en": f"{clean(item.text['en'])}: {clean(texts['en'])}"
    }  # fmt: skip
    cause = Cause(key, None, KIND, "warning", title, detail, at, category="maintenance", line=2)
    return Foreseen(title, *_fate(homes.get(key), at, now), (key,), cause)


def _named(rule: Rule, name: str) -> dict[str, str]:
    return {"zh": f"{name} {rule.title.get('zh', rule.id)}", "en": f"{name}: {rule.title.get('en', rule.id)}"}


def _together(seen: Seen, rule: str) -> str:
    """Return the key of the one incident of a rule that fails on many CIs of a plan."""
    return seen.item_key(rule)


def well(seen: Seen, keys: Collection[str]) -> bool:
    """Return whether a run saw all of these causes, and every one of them is well: what nobody saw is not."""
    rows: dict[tuple[str, str], list[Line]] = {}
    for line in seen.lines:
        rows.setdefault((line.rule, seen.things[line.ci_id].uid), []).append(line)
    good = {seen.item_key(each.item.id) for each in seen.items if each.state == GOOD}
    return all(key in good or _is_well(key, rows) for key in keys)


def _is_well(key: str, rows: Mapping[tuple[str, str], Sequence[Line]]) -> bool:
    named = alert_of(key)
    if named is None:
        return False
    rule, uid, instance = named
    said = rows.get((rule, uid), [])
    return bool(said) and difference.is_well((said[0].ci_id, rule, instance), said)


def numbered(its: Iterable[Foreseen], homes: Mapping[str, Home]) -> dict[str, tuple[str, bool]]:
    """Return key of each cause → the number of its incident, and whether the signature opened that."""
    found: dict[str, tuple[str, bool]] = {}
    for each in its:
        number = each.incident or (homes[each.cause.key].number if each.cause else "")
        found |= dict.fromkeys(each.keys, (number, each.cause is not None))
    return found
