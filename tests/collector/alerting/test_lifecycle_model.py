"""Alerts over random pasts against an oracle that sees each past whole: `--campaign 20000` for many more of them.

Looks come fresh or stale, early or after a gap; between any two of them the program may be started anew (the alert goes
through its row); windows, waivers and changes begin and end, also while it looks away.
"""

from __future__ import annotations

import random
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from collector import alerting, suppression
from collector.model import Alert, Outcome, Result, Rule
from collector.store import alerts
from tests.oracle.alarms import BLIND, BUG, GONE, HALF, WELL, WORSE, Hold, Look, Terms, judged, told

START = 1_768_464_000_000
MINUTE = 60_000
TEXTS = {"zh": "", "en": ""}
PASTS = 400
LOOKS = 45
OUTCOMES = {
    WELL: Outcome.PASS, HALF: Outcome.PASS, WORSE: Outcome.PROBLEM, BLIND: Outcome.UNKNOWN, BUG: Outcome.ERROR,
    GONE: Outcome.NOT_APPLICABLE,
}  # fmt: skip
MOODS = (
    ((WELL, 60), (WORSE, 25), (HALF, 5), (BLIND, 6), (BUG, 2), (GONE, 2)),
    ((WELL, 10), (WORSE, 80), (HALF, 3), (BLIND, 6), (BUG, 1)),
    ((WELL, 48), (WORSE, 48), (HALF, 4)),
)


def terms_of(dice: random.Random) -> Terms:
    return Terms(
        dice.choice((0, 3, 10)) * MINUTE, dice.choice((1, 1, 2, 3)), dice.choice((0, 4)) * MINUTE,
        dice.choice((0, 9, 60)) * MINUTE, dice.choice(("keep", "keep", "keep", "ok", "fire")),
        dice.choice((None, (20, 30, 25), (6, 50, 20))),
    )  # fmt: skip


def rule_of(terms: Terms) -> Rule:
    return Rule(
        "T-ONE", frozenset({"server"}), "true", TEXTS, TEXTS, hold_ms=terms.hold, min_samples=terms.samples,
        keep_ms=terms.keep, max_age_ms=terms.max_age, on_unknown=terms.on_unknown, flap=terms.flap,
    )  # fmt: skip


def looks_of(dice: random.Random) -> list[Look]:
    at, seen, found = START, START, []
    mood = dice.choice(MOODS)
    for _ in range(LOOKS):
        at += dice.choice((1, 1, 2, 3, 14)) * MINUTE // dice.choice((1, 2))
        if dice.random() < 0.75:
            seen = at - dice.choice((0, 0, 1000))
        if dice.random() < 0.08:
            mood = dice.choice(MOODS)
        words, weights = zip(*mood, strict=True)
        found.append(Look(at, seen, dice.choices(words, weights)[0]))
    return found


def holds_of(dice: random.Random, end: int) -> list[Hold]:
    reasons = ("maintenance", "approved_change", "silence", "waiver", "parent_down", "lifecycle")
    found = []
    for _ in range(dice.choice((0, 1, 3, 5))):
        known = dice.randrange(START, end)
        start = known + dice.choice((0, 0, dice.randrange(1, 60 * MINUTE)))
        found.append(Hold(dice.choice(reasons), start, start + dice.randrange(1, 90 * MINUTE), known))
    return found


def written_and_read(alert: Alert) -> Alert:
    """Return the alert as a program that was started anew reads it."""
    row = {name: value for name, value in alerts._row(alert).items() if name != "timed"}
    return alerts.as_alert(SimpleNamespace(**row))  # type: ignore[arg-type]


def next_of(alert: Alert | None, look: Look, rule: Rule) -> Alert:
    evidence = {"severity": "warning"} if look.said == WORSE else {}
    result = Result("T-ONE", 7, "", OUTCOMES[look.said], evidence, look.said, look.seen, look.said != HALF)
    return alerting.next_of(alert, result, rule, look.at)


def weighed(alert: Alert, holds: list[Hold], now: int) -> Alert:
    known = [each for each in holds if each.known <= now]
    standing = [suppression.Hold(each.reason, each.reason) for each in known if each.start <= now < each.end]
    return suppression.weighed(alert, standing, [at for each in known for at in (each.start, each.end)], now)


class Play:
    """One past, played look by look; between looks the alert is only looked at when it asked for that, or by hand."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.terms = terms_of(self.dice)
        self.rule, self.looks = rule_of(self.terms), looks_of(self.dice)
        self.holds = holds_of(self.dice, self.looks[-1].at)
        self.alert: Alert | None = None
        self.was = False
        self.opened: list[tuple[int, bool]] = []

    def run(self) -> None:
        expected, last = judged(self.terms, self.looks), START
        for place, (look, want) in enumerate(zip(self.looks, expected, strict=True)):
            self._between(last, look.at, expected[place - 1] if place else None)
            self._look(look, want)
            last = look.at
            if self.alert is not None and self.dice.random() < 0.4:
                self.alert = written_and_read(self.alert)

    def _between(self, start: int, end: int, stands: Any) -> None:
        """Let the moments pass in which something begins, ends or becomes known."""
        moments = {at for each in self.holds for at in (each.known, each.start, each.end) if start < at < end}
        for at in sorted(moments):
            self.was = stands is not None and told(
                stands.state in ("firing", "recovering"), stands.flapping, self.was, self.holds, at
            )
            if self.alert is None:
                continue
            by_hand = any(each.known == at for each in self.holds)
            if by_hand or 0 < self.alert.look_at <= at:
                self.alert = weighed(self.alert, self.holds, at)
            assert self.alert.told is self.was, f"at {at}"

    def _look(self, look: Look, want: Any) -> None:
        alert = weighed(next_of(self.alert, look, self.rule), self.holds, look.at)
        fires = want.state in ("firing", "recovering")
        self.was = told(fires, want.flapping, self.was, self.holds, look.at)
        if want.state == "gone":
            self.was, self.alert = False, None
            return
        assert (alert.state, alert.episode, alert.flapping) == (want.state, want.episode, want.flapping)
        assert alert.told is self.was
        assert next_of(replace(alert), look, self.rule) == replace(next_of(alert, look, self.rule))
        self.alert = alert


def play(seed: int) -> None:
    one = Play(seed)
    try:
        one.run()
    except AssertionError as error:
        raise AssertionError(f"seed {seed}, {one.terms}: {error}") from error


def test_no_alert_is_lost_or_doubled_over_random_pasts() -> None:
    for seed in range(PASTS):
        play(seed)


@pytest.mark.campaign
def test_a_campaign_of_random_pasts(request: pytest.FixtureRequest) -> None:
    count = request.config.getoption("--campaign")
    if not count:
        pytest.skip("a campaign: --campaign 20000")
    for seed in range(PASTS, PASTS + count):
        play(seed)
