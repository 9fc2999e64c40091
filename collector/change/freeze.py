"""Freezes: times in which nothing but emergencies is done, and what a planned window collides with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from collector.change.record import Change, ChangeType, State, Window


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time, both ends included, in which the classes named are left alone (none named: all of them)."""

    name: str
    window: Window
    ci_classes: frozenset[str] = frozenset()


def forbidding(freezes: Iterable[Freeze], change: Change) -> tuple[Freeze, ...]:
    """Return the freezes that forbid the planned window of `change`; an emergency waits for none."""
    if change.plan is None or change.type is ChangeType.EMERGENCY:
        return ()
    window = change.plan.window
    return tuple(each for each in freezes if meets(each.window, window) and _concerns(each, change))


def colliding(change: Change, others: Iterable[Change]) -> tuple[Change, ...]:
    """Return those of `others` that plan work on the same CIs at the same time."""
    if change.plan is None:
        return ()
    return tuple(each for each in others if each.number != change.number and _collide(change, each))


def meets(one: Window, other: Window) -> bool:
    return one.start <= other.end and other.start <= one.end


def _concerns(freeze: Freeze, change: Change) -> bool:
    return not freeze.ci_classes or not freeze.ci_classes.isdisjoint(change.ci_classes)


def _collide(one: Change, other: Change) -> bool:
    if one.plan is None or other.plan is None or other.state in {State.CLOSED, State.CANCELLED}:
        return False
    shares = not one.request.ci_ids.isdisjoint(other.request.ci_ids)
    return shares and meets(one.plan.window, other.plan.window)
