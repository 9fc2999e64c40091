"""Alerts: results × what is remembered → alerts that moved. What holds an alert back lies above this and stops nothing.

    ok ─ problem ─► pending ─ `for` and `min_samples` met ─► firing ─ all well ─► recovering ─ `keep_firing_for` ─► ok
                       └─ pass ─► ok                           ◄──── problem, or `recover` does not hold ────┘

UNKNOWN and ERROR freeze the state and its timers, unless the rule's `on_unknown` says otherwise. Everything that is
needed is in the alert itself, so one that was written down and read again goes on exactly as it would have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from collector.compiled import CompiledRule
from collector.model import Alert, Outcome, Result, Rule

AlertKey = tuple[str, int, str]
"""Rule, CI id, instance."""

OK, PENDING, FIRING, RECOVERING = "ok", "pending", "firing", "recovering"
GONE: Final = "gone"
"""The reason of an N/A whose instance was not there when its section was read completely."""
NOT_BACK: Final = "not_back"
"""The reason of what fires on although its rule passes: `recover` does not hold yet."""
_FROZEN: Final = (Outcome.UNKNOWN, Outcome.ERROR)
_OLDEST, _NEWEST = 0.8, 1.15
"""How much a change of state counts for flapping, from the first of the window to the last."""


def key_of(alert: Alert | Result) -> AlertKey:
    return alert.rule, alert.ci_id, alert.instance


def advance(
    previous: Mapping[AlertKey, Alert], results: Sequence[Result], rules: Mapping[str, CompiledRule], now: int
) -> tuple[Alert, ...]:
    """Return the alerts that moved at `now`, given everything that some rules said of some CIs.

    An instance that is no longer there → ok, if its section was read completely. An alert with outcome N/A is to be
    forgotten.
    """
    judged = {(result.rule, result.ci_id) for result in results}
    doubtful = {key_of(result)[:2]: result for result in results if not result.instance and result.outcome in _FROZEN}
    told = {key_of(result): result for result in results}
    for key in previous:
        if key not in told and key[:2] in judged:
            told[key] = _untold(key, doubtful.get(key[:2]))
    moves = (
        (previous.get(key), next_of(previous.get(key), one, rules[one.rule].rule, now))
        for key, one in told.items()
        if one.outcome is not Outcome.NOT_APPLICABLE or key in previous  # nothing is remembered, and nothing to be
    )
    return tuple(_only_moved(moves))


def _untold(key: AlertKey, doubt: Result | None) -> Result:
    """Return what to think of an instance nothing was said of."""
    outcome, reason = (doubt.outcome, doubt.reason) if doubt else (Outcome.NOT_APPLICABLE, GONE)
    return Result(*key, outcome, {}, reason)


def _only_moved(moves: Iterable[tuple[Alert | None, Alert]]) -> Iterator[Alert]:
    for before, after in moves:
        if after != before:
            yield after


def next_of(before: Alert | None, result: Result, rule: Rule, now: int) -> Alert:
    """Return what becomes of an alert of `rule` by one result at `now` (ms)."""
    old = before or Alert(result.rule, result.ci_id, result.instance, OK, result.outcome, now, now)
    said = _as_known(result, rule)
    seen = said.seen_at or now
    match said.outcome:
        case Outcome.PROBLEM:
            new = _worse(old, said, rule, now, is_fresh=seen > old.seen_at or said is not result)
        case Outcome.UNKNOWN | Outcome.ERROR:
            new = replace(old, outcome=said.outcome, reason=said.reason)
            new = replace(new, keep_until=_kept_until(old, now)) if new.outcome != old.outcome else new
        case Outcome.PASS if old.fires and not said.is_back:
            new = _not_back(old, said, rule)
        case Outcome.PASS if old.fires and rule.keep_ms:
            new = _recovering(old, said, rule.keep_ms, now)
        case _:
            new = _well(old, said, now)
    if before is not None:  # the first state is no change of state
        new = _swung(old, new, rule, seen)
    moved = (new.state, new.outcome) != (old.state, old.outcome)
    return replace(new, changed_at=now) if moved else new


def _as_known(result: Result, rule: Rule) -> Result:
    """Return `result`, or what the rule makes of not knowing."""
    if result.outcome is not Outcome.UNKNOWN or rule.on_unknown == "keep":
        return result
    if rule.on_unknown == "ok":
        return replace(result, outcome=Outcome.PASS)
    return replace(result, outcome=Outcome.PROBLEM, evidence={"severity": rule.severity})


def _worse(old: Alert, said: Result, rule: Rule, now: int, *, is_fresh: bool) -> Alert:
    """Return the alert of a problem. A gap in what is known starts the hold again: nobody saw that it held."""
    new = replace(old, outcome=Outcome.PROBLEM, evidence=said.evidence, reason=said.reason, keep_until=0)
    if old.fires:
        return replace(new, state=FIRING)
    seen = said.seen_at or now
    if old.state == OK or old.outcome is not Outcome.PROBLEM or _has_gap(old, rule, seen):
        new = replace(new, state=PENDING, since=now, samples=1, seen_at=seen)
    elif is_fresh:
        new = replace(new, samples=new.samples + 1, seen_at=seen)
    if now - new.since >= rule.hold_ms and new.samples >= rule.min_samples:
        new = replace(new, state=FIRING, episode=old.episode + 1, samples=0)
    return new


def _has_gap(old: Alert, rule: Rule, seen: int) -> bool:
    return bool(rule.max_age_ms) and seen - old.seen_at > rule.max_age_ms


def _not_back(old: Alert, said: Result, rule: Rule) -> Alert:
    evidence = {**said.evidence, "severity": old.evidence.get("severity", rule.severity)}
    return replace(old, state=FIRING, outcome=Outcome.PROBLEM, evidence=evidence, reason=NOT_BACK, keep_until=0)


def _recovering(old: Alert, said: Result, keep_ms: int, now: int) -> Alert:
    """Return an alert that is well and fires on for a while; what it fired with is kept."""
    keep_until = _kept_until(old, now) if old.state == RECOVERING else now + keep_ms
    if now >= keep_until:
        return _well(old, said, now)
    return replace(old, state=RECOVERING, outcome=Outcome.PASS, reason=said.reason, keep_until=keep_until)


def _kept_until(old: Alert, now: int) -> int:
    """Return until when it goes on: the time in which nobody knew does not count."""
    is_frozen = old.keep_until and old.outcome in _FROZEN
    return old.keep_until + (now - old.changed_at if is_frozen else 0)


def _well(old: Alert, said: Result, now: int) -> Alert:
    """Return an alert that is over. It keeps no evidence: values move all the time and the facts stay readable."""
    since = old.since if old.state == OK else now
    return replace(
        old, state=OK, outcome=said.outcome, since=since, evidence={}, reason=said.reason, samples=0, keep_until=0
    )


# --- to and fro


def _swung(old: Alert, new: Alert, rule: Rule, seen: int) -> Alert:
    """Return `new` with the states it was seen in, and whether it flaps. What nobody knows is no state."""
    if rule.flap is None or new.outcome is Outcome.NOT_APPLICABLE:
        return replace(new, bits="", flapping=False, seen_at=new.seen_at if new.state == PENDING else 0)
    if new.outcome in _FROZEN:
        return new
    window, high, low = rule.flap
    bits = old.bits
    if new.fires != old.fires or (bits and seen > old.seen_at):
        bits = ((bits or str(int(old.fires))) + str(int(new.fires)))[-window:]
    share = swing(bits, window)
    is_uniform = len(set(bits)) < 2
    flaps = share >= low if old.flapping else share > high
    return replace(
        new,
        bits="" if is_uniform else bits,
        flapping=flaps,
        evidence=old.evidence if flaps and not new.fires else new.evidence,  # what it is told with while it flaps
        seen_at=max(seen, new.seen_at) if new.state == PENDING or not is_uniform else 0,
    )


def swing(bits: str, window: int) -> float:
    """Return how much of the last `window` states were changes, in percent; late changes count more than early ones."""
    pairs = window - 1
    step = (_NEWEST - _OLDEST) / max(1, pairs - 1)
    changes = (at for at in range(1, len(bits)) if bits[-at] != bits[-at - 1])
    return 100 * sum(_NEWEST - step * (at - 1) for at in changes) / pairs
