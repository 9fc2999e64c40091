"""A rule × a timeline → what is not as expected, interval by interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from collector.alerting import OK, AlertKey, advance
from collector.compiled import CompiledRule
from collector.inspection import Facts, inspect
from collector.model import Alert, Value
from collector.ruletests.cases import SERVER
from collector.ruletests.timelines import OPEN, RESOLVE, Expectation, Place, Timeline, Unheard
from collector.samples import History, Line, Point
from wire.observation import Status
from wire.sections import SECTIONS, row_key

_Seen = tuple[str, str | None, Value, bool]
"""State, outcome, severity, and whether it flaps."""
_NOTHING: Final = Unheard(failed=False)


def faults(rule: CompiledRule, timeline: Timeline) -> Iterator[str]:
    """Yield what `rule` does not do as `timeline` expects."""
    world, alerts, ops = _World(rule, timeline), dict[AlertKey, Alert](), list[tuple[int, str]]()
    waiting = sorted(timeline.expect, key=_at)
    last = max([each.at for each in waiting] + [at for at, _ in timeline.incidents or ()])
    for passed in range(0, last + 1, timeline.interval):
        while waiting and waiting[0].at < passed:
            yield from _missed(waiting.pop(0), alerts)
        facts = world.at(passed)
        moved = advance(alerts, inspect(rule, facts, timeline.start + passed), {rule.id: rule}, timeline.start + passed)
        ops += ((passed, op) for op in _ops(rule, alerts, moved))
        alerts |= {(each.rule, each.ci_id, each.instance): each for each in moved}
    for each in waiting:
        yield from _missed(each, alerts)
    if timeline.incidents is not None and tuple(ops) != timeline.incidents:
        yield f"incidents: {', '.join(f'{op} at {_told(at)}' for at, op in ops) or 'none'}"


def _at(expectation: Expectation) -> int:
    return expectation.at


def _ops(rule: CompiledRule, before: Mapping[AlertKey, Alert], moved: tuple[Alert, ...]) -> Iterator[str]:
    for each in moved:
        old = before.get((each.rule, each.ci_id, each.instance))
        if rule.rule.raises and each.fires is not bool(old and old.fires):
            yield OPEN if each.fires else RESOLVE


def _missed(expected: Expectation, alerts: Mapping[AlertKey, Alert]) -> Iterator[str]:
    """Yield what of one expectation the alerts do not keep; without an instance any alert may keep it."""
    some = [each for each in alerts.values() if expected.instance in (None, each.instance)]
    found: list[_Seen] = [_seen(each) for each in some] or [(OK, None, None, False)]
    wanted = expected.state, expected.outcome, expected.severity, expected.flapping
    if not any(all(want in (None, got) for want, got in zip(wanted, seen, strict=True)) for seen in found):
        told = "; ".join(" ".join(str(each) for each in seen if each) for seen in found)
        yield f"at {_told(expected.at)}: {' '.join(str(each) for each in wanted if each is not None)} expected, {told}"


def _seen(alert: Alert) -> _Seen:
    return alert.state, str(alert.outcome), alert.evidence.get("severity"), alert.flapping


def _told(ms: int) -> str:
    return f"{ms // 60_000}m{ms // 1000 % 60:02}s" if ms % 60_000 else f"{ms // 60_000}m"


class _World:
    """The CI of a timeline as it is known from interval to interval."""

    def __init__(self, rule: CompiledRule, timeline: Timeline) -> None:
        self._timeline = timeline
        self._looked_back_on = {(window.section, window.field) for window in rule.windows}
        self._ci: dict[str, Any] = {**SERVER, **timeline.ci}
        self._ages: dict[str, int] = {}
        self._failed: set[str] = set()
        self._lines: dict[Line, list[Point]] = {}

    def at(self, passed: int) -> Facts:
        """Return what is known so long (ms) after the start; to be asked for each interval in turn."""
        now, tick = self._timeline.start + passed, passed // self._timeline.interval
        said = {place: its[tick] if tick < len(its) else _NOTHING for place, its in self._timeline.series.items()}
        silent = {place.section: value for place, value in said.items() if isinstance(value, Unheard)}
        self._failed -= self._timeline.sections - silent.keys()
        self._failed |= {name for name, value in silent.items() if value.failed}
        for name in self._ci.keys() & SECTIONS.keys() - silent.keys():
            self._ages[name] = now
        for place, value in said.items():
            if place.section not in silent:
                self._ci[place.section] = _put(self._ci.get(place.section), place, value)
        self._remember(now, silent)
        failed = dict.fromkeys(self._failed, Status.FAILED)
        return Facts(dict(self._ci), dict(self._ages), failed, history=History(self._lines))

    def _remember(self, now: int, silent: Mapping[str, object]) -> None:
        for section, field in self._looked_back_on:
            if section in silent or section not in self._ci:
                continue
            body = self._ci[section]
            for row in [body] if isinstance(body, dict) else body:
                element = "" if SECTIONS[section].is_record else row_key(SECTIONS[section], row)
                self._lines.setdefault((section, element, field), []).append((now, row.get(field)))


def _put(body: Any, place: Place, value: object) -> Any:
    """Return the body of a section with one field of it set."""
    shape = SECTIONS[place.section]
    if shape.is_record:
        return {**(body or {}), place.field: value}
    return [{**row, place.field: value} if row_key(shape, row) == place.element else row for row in body or ()]
