"""Inspection: a rule × what is known of one CI → results.

Missing data never passes and never resolves: a section that failed, was denied, is too old or was
never seen is UNKNOWN; one the CI cannot have is N/A.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from collector.compiled import CompiledRule
from collector.language import Expression, Fault, History, Unknown
from collector.model import Outcome, Result, Value
from collector.wording import clean
from wire.observation import Status
from wire.sections import SECTIONS

MAX_INSTANCES = 500
"""Instances of one rule on one CI; beyond, the worst are told and the whole is UNKNOWN."""
AGENT_MS = 600_000
"""How long it may take until a rule about agents notices that a CI has one, or a newer one."""
_WORST_FIRST = (Outcome.PROBLEM, Outcome.ERROR, Outcome.UNKNOWN, Outcome.PASS, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one CI.

    `ci`: its own fields (id, uid, name, class, type, state, environment, and what its record says), `agent`
    ({last_seen: ms, version}) and the body of each section. `ages`: section → when it was last confirmed, ms.
    `statuses`: section → how the latest reading came about, for those that did not speak. `partial`: sections whose
    rows may not be all there are. `history`: of the values some rule looks back on.
    """

    ci: Mapping[str, Any]
    ages: Mapping[str, int]
    statuses: Mapping[str, Status] = field(default_factory=dict)
    partial: frozenset[str] = frozenset()
    history: History | None = None

    def unreadable(self, section: str, max_age_ms: int, now: int) -> Unknown | None:
        """Return why `section` cannot be judged by, or None when it can."""
        status = self.statuses.get(section, Status.OK)
        if not status.speaks:
            return Unknown(status.name.lower(), section)
        if section not in self.ci and status is not Status.EMPTY:
            return Unknown("never_seen", section)
        is_stale = max_age_ms and now - self.ages.get(section, 0) > max_age_ms
        return Unknown("stale", section) if is_stale else None


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows of a section that moved, as they were and as they are, and when it was last confirmed before that, ms."""

    rows: tuple[Mapping[str, Any], ...]
    since: int

    def __add__(self, later: Moved | None) -> Moved | None:
        return Moved(self.rows + later.rows, min(self.since, later.since)) if later else None


def passes_over(rule: CompiledRule, moved: Mapping[str, Moved | None], now: int) -> bool:
    """Return whether `rule`, which has judged the CI before, leaves all of the rows that moved out of its sight.

    Then it says what it said: what it asks of the rows of a section is false of all that moved, by what stands in them,
    and nothing else moved that it reads. What time alone moves is looked at by the clock. None stands for a section of
    which no rows can be told.
    """
    if rule.windows or rule.rule.min_samples > 1:
        return False
    return all(_is_out_of_sight(rule, name, moved[name], now) for name in rule.sections & moved.keys())


def _is_out_of_sight(rule: CompiledRule, section: str, told: Moved | None, now: int) -> bool:
    asked = rule.sights.get(section)
    if asked is None or told is None:
        return False
    if rule.overrides and any(path[0] == "param" for _, condition in asked for path in condition.reads):
        return False  # the row was left out by the limit of this CI
    if rule.rule.max_age_ms and now - told.since > rule.rule.max_age_ms:
        return False  # it was stale
    beside: dict[str, Any] = {"ci": Unknown("unread"), "now": Unknown("unread"), "param": rule.params}
    try:
        return all(condition.judge({**beside, name: row}) is False for name, condition in asked for row in told.rows)
    except Fault:
        return False


# --- results


def inspect(rule: CompiledRule, facts: Facts, now: int) -> tuple[Result, ...]:
    """Return what `rule` says of the CI at `now` (ms): one result, or one an instance; always at least one."""
    if rule.rule.kinds.isdisjoint((facts.ci["class"], facts.ci["type"])):  # most rules, on most CIs
        return (Result(rule.id, int(facts.ci["id"]), "", Outcome.NOT_APPLICABLE, {}, "kind"),)
    seen_at = min((facts.ages[name] for name in rule.sections if name in facts.ages), default=now)
    about = _About(rule, int(facts.ci["id"]), seen_at)
    holes = {name: why for name in rule.sections if (why := facts.unreadable(name, rule.rule.max_age_ms, now))}
    if unsupported := next((why for why in holes.values() if why.reason == "unsupported"), None):
        return (about.result(Outcome.NOT_APPLICABLE, str(unsupported)),)
    scope = _scope(rule, facts, holes, now)
    try:
        applies = rule.match.judge(scope)
        if applies is not True:
            return (about.of_verdict(applies, Outcome.PASS, Outcome.NOT_APPLICABLE, "match"),)
        return tuple(_of_instances(about, scope, facts)) if rule.each else (_judged(about, scope),)
    except Fault as fault:
        return (about.result(Outcome.ERROR, str(fault)),)


def next_turn(rule: CompiledRule, facts: Facts, results: Iterable[Result], now: int) -> int | None:
    """Return when (ms) the answer of `rule`, which said `results`, can change while no section moves; None: never.

    Of the CI's agent nobody tells when it comes, goes or is heard again: who misses its word is asked every time.
    """
    found = {each.outcome for each in results}
    if rule.reads_agent and rule.reads_time and Outcome.PROBLEM in found:
        return now
    moments = [now + AGENT_MS] if rule.reads_agent and found != {Outcome.PASS} else []
    timed = [each for each in rule.conditions if each.reads_time]
    if timed and not rule.rule.kinds.isdisjoint((facts.ci["class"], facts.ci["type"])):
        holes = {name: why for name in rule.sections if (why := facts.unreadable(name, rule.rule.max_age_ms, now))}
        scopes = _scopes(rule, _scope(rule, facts, holes, now))
        moments += [at for one in scopes for each in timed if (at := each.next_turn(one)) is not None]
    return min(moments, default=None)


def _scopes(rule: CompiledRule, scope: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the scope of each row a rule is about, or the one of the CI."""
    if rule.each is None:
        yield scope
        return
    rows = rule.each.over.evaluate(scope)
    is_fixed = rule.chosen is not None and rule.where is not None and not rule.where.reads_time
    chosen = rule.chosen.plainly(scope) if is_fixed and rule.chosen else None
    for row in chosen if chosen is not None else () if isinstance(rows, Unknown) else rows:
        yield {**scope, rule.each.variable: row}


@dataclass(frozen=True, slots=True)
class _About:
    """Makes the results of one rule on one CI."""

    rule: CompiledRule
    ci_id: int
    seen_at: int
    instance: str = ""

    def result(self, outcome: Outcome, reason: str = "", evidence: Mapping[str, Value] | None = None) -> Result:
        return Result(self.rule.id, self.ci_id, self.instance, outcome, evidence or {}, clean(reason), self.seen_at)

    def of_verdict(self, verdict: bool | Unknown, if_true: Outcome, if_false: Outcome, reason: str = "") -> Result:
        if isinstance(verdict, Unknown):
            return self.result(Outcome.UNKNOWN, str(verdict))
        return self.result(if_true if verdict else if_false, reason)


def _scope(rule: CompiledRule, facts: Facts, holes: Mapping[str, Unknown], now: int) -> dict[str, Any]:
    """Return the names of the language. The collector's own times are times there; those in sections stay texts."""
    empty: dict[str, Any] = {name: {} if SECTIONS[name].is_record else [] for name in rule.sections}
    beside = {name: why for name in rule.beside if (why := facts.unreadable(name, rule.rule.max_age_ms, now))}
    ci: dict[str, Any] = {**empty, **facts.ci, **beside, **holes}
    if agent := facts.ci.get("agent"):
        ci["agent"] = {**agent, **_moments(agent, "last_seen", "watch_due")}
    if reached := facts.ci.get("reach"):
        ci["reach"] = {**reached, **_moments(reached, "since")}
    if blind := facts.ci.get("blind"):
        ci["blind"] = {**blind, **_moments(blind, "since", "due")}
    params = params_of(rule, facts.ci) if rule.overrides else rule.params
    return {"ci": ci, "param": params, "now": _moment(now), "history": facts.history}


def _moments(told: Mapping[str, Any], *names: str) -> dict[str, datetime]:
    """Return as times those of these fields that are told (ms)."""
    return {name: _moment(told[name]) for name in names if told.get(name) is not None}


def params_of(rule: CompiledRule, ci: Mapping[str, Any]) -> Mapping[str, Value]:
    """Return the constants of `rule` as they are for this CI: of the overrides of each the first that holds."""
    scope = {"ci": ci}
    return {
        name: next((said for holds, said in rule.overrides.get(name, ()) if holds.judge(scope) is True), value)
        for name, value in rule.params.items()
    }


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _of_instances(about: _About, scope: dict[str, Any], facts: Facts) -> Iterator[Result]:
    each = about.rule.each
    assert each is not None
    rows = each.over.evaluate(scope)
    if isinstance(rows, Unknown):
        yield about.result(Outcome.UNKNOWN, str(rows))
        return
    chosen = about.rule.chosen.plainly(scope) if about.rule.chosen else None
    found: dict[str, Result] = {}
    inner = dict(scope)
    for row in rows if chosen is None else chosen:
        inner[each.variable] = row
        for result in _of_row(about, inner, chosen is not None):
            found[result.instance] = min(found.get(result.instance, result), result, key=_badness)
    ranked = sorted(found.values(), key=lambda result: (_badness(result), result.instance))
    yield from ranked[:MAX_INSTANCES]
    if len(ranked) > MAX_INSTANCES:
        yield about.result(Outcome.UNKNOWN, f"too_many: {len(ranked)} instances")
    elif each.section in facts.partial:
        yield about.result(Outcome.UNKNOWN, f"partial: {each.section}")
    elif not ranked:
        yield about.result(Outcome.PASS)


def _badness(result: Result) -> int:
    return _WORST_FIRST.index(result.outcome)


def _of_row(about: _About, scope: dict[str, Any], is_chosen: bool) -> Iterator[Result]:
    """Yield the one result of an element, or nothing when `where` leaves it out, which may have been asked before."""
    rule = about.rule
    assert rule.each is not None
    one = about
    try:
        chosen = rule.where.judge(scope) if rule.where and not is_chosen else True
        if chosen is False:
            return
        key = rule.each.key.evaluate(scope)
        one = _About(rule, about.ci_id, about.seen_at, "-" if isinstance(key, Unknown) else clean(str(key)) or "-")
        unknown = chosen if isinstance(chosen, Unknown) else None
        yield one.result(Outcome.UNKNOWN, str(unknown)) if unknown else _judged(one, scope)
    except Fault as fault:
        yield one.result(Outcome.ERROR, str(fault))


def _judged(about: _About, scope: dict[str, Any]) -> Result:
    """Return the result of `expr`, raise `Fault`."""
    rule = about.rule
    verdict = rule.expr.judge(scope)
    if isinstance(verdict, Unknown):
        return about.result(Outcome.UNKNOWN, str(verdict))
    evidence = _evidence(rule.evidence, scope)
    if verdict:
        return about.result(Outcome.PROBLEM, "", {**evidence, "severity": _severity(rule, scope)})
    is_back = rule.recover is None or rule.recover.judge(scope) is True
    return replace(about.result(Outcome.PASS, "", evidence), is_back=is_back)


def _severity(rule: CompiledRule, scope: dict[str, Any]) -> str:
    return next((level for condition, level in rule.levels if condition.judge(scope) is True), rule.rule.severity)


def _evidence(names: Mapping[str, Expression], scope: dict[str, Any]) -> dict[str, Value]:
    """Return the single values behind a result, times as text."""
    values = {name: one.evaluate(scope) for name, one in names.items()}
    return {name: shown for name, value in values.items() if (shown := _plain(value)) is not None}


def _plain(value: Any) -> Value:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, str):
        return clean(value)
    return value if isinstance(value, bool | int | float) else None
