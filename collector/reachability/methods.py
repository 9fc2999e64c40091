"""Ways of asking a CI, each by itself: when it was used, answered, missed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from collector.reachability.terms import APART_MS, TERMS, Terms

ICMP, TCP, SNMP, AGENT = "icmp", "tcp", "snmp", "agent"
METHODS: Final = (ICMP, TCP, SNMP, AGENT)


@dataclass(frozen=True, slots=True)
class Method:
    """One way of asking: when it was used last, answered last (0: never), how often in a row it was not since, and
    when that began (all ms)."""

    asked_at: int = 0
    answered_at: int = 0
    misses: int = 0
    missed_at: int = 0

    def noted(self, answered: bool, at: int) -> Method:
        """Return it after it was used at `at` (ms)."""
        if answered:
            return Method(at, at)
        if self.misses and at - self.asked_at < APART_MS:
            return self
        return Method(at, self.answered_at, self.misses + 1, self.missed_at or at)

    def unasked(self) -> Method:
        """Return it when it was not needed: what was missed before says nothing any more."""
        return Method(0, self.answered_at)

    def answers(self, terms: Terms = TERMS) -> bool | None:
        """Return whether it is answered; None while that is in doubt or it never was."""
        if not self.answered_at or not self.asked_at:
            return None
        if not self.misses:
            return True
        return False if self.misses >= terms.misses else None


Methods = Mapping[str, Method]
NONE: Final = Method()


def looked(methods: Methods, signs: Collection[str], at: int) -> dict[str, Method]:
    """Return the methods after a look by echo, engine probe and, of who stayed silent, connects.

    `signs`: icmp, snmp, tcp/PORT; none: nobody answered. A word that is older than what is known changes nothing.
    """
    its = {name: methods.get(name, NONE) for name in (ICMP, TCP, SNMP)}
    if at <= max(each.asked_at for each in its.values()):
        return dict(methods)
    knocked = any(each.startswith("tcp/") for each in signs)
    found = {name: its[name].noted(name in signs, at) for name in (ICMP, SNMP)}
    found[TCP] = its[TCP].noted(knocked, at) if knocked or not signs else its[TCP].unasked()
    return {**methods, **found}


def answered(methods: Methods, at: int) -> dict[str, Method]:
    """Return the methods after somebody answered in a way that is not told: nothing counts as missed."""
    return {name: each if each.asked_at >= at else replace(each, misses=0, missed_at=0)
            for name, each in methods.items()}  # fmt: skip


def heartbeat(last_seen: int, now: int, silent_ms: int, terms: Terms = TERMS) -> Method:
    """Return the agent's own word as a method: it comes by itself, so silence is a miss for as long as it lasts."""
    if now - last_seen < silent_ms:
        return Method(now, last_seen)
    return Method(now, last_seen, terms.misses, last_seen + silent_ms)
