"""Present causes against open incidents → what to open, to join, to update, to reopen, to resolve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from collector.model import Cause, Incident, Member, Value

NEW, ASSIGNED, IN_PROGRESS, PENDING = "new", "assigned", "in_progress", "pending"
RESOLVED, CLOSED, CANCELLED, MERGED = "resolved", "closed", "cancelled", "merged"
UNTOUCHED: Final = frozenset({NEW, ASSIGNED})
"""States in which nobody works on an incident yet: it may resolve by itself."""
CAUSE, VICTIM, TOLD = "cause", "victim", "told"
"""Roles. What people told of, or planned, is looked for by nothing: it is no member, and nothing ends it.

Such a cause can also be the words of an incident that others are members of.
"""
USER: Final = "user"
MAINTENANCE: Final = "maintenance"
SELF_RECOVERED, CI_RETIRED, GROUPED = "self_recovered", "ci_retired", "grouped"
"""How an incident resolved by itself; `grouped`: what it told of is told in the incident of the root cause."""
REOPEN_WINDOW_MS: Final = 24 * 3_600_000
"""What comes back within it is the same incident again (reference/rules.md §3.6)."""
SEVERITIES: Final = ("notice", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of some CIs (or of one kind of cause) before a plan is made.

    `members`: all open ones of those CIs. `incidents`: the open ones they belong to, and those whose key is a group of
    the present causes. `recent`: incidents of such keys that were resolved within the window in which they reopen.
    `merged`: such keys whose incident people merged into an open one, with the key of that one.
    """

    incidents: tuple[Incident, ...] = ()
    members: tuple[Member, ...] = ()
    recent: tuple[Incident, ...] = ()
    merged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    `open`: the cause each new incident is told by; `join`: causes by the key of the incident they go to; `leave`:
    members that are over. `update`, `resolve`, `reopen` and `recover` (the causes went while somebody works on it) are
    the incidents as they will be. `under`: (id, key of the incident that tells of it from now on) of those that end.
    """

    open: tuple[Cause, ...] = ()
    update: tuple[Incident, ...] = ()
    resolve: tuple[Incident, ...] = ()
    reopen: tuple[Incident, ...] = ()
    recover: tuple[Incident, ...] = ()
    join: tuple[tuple[str, Cause], ...] = ()
    leave: tuple[Member, ...] = ()
    under: tuple[tuple[int, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.open or self.update or self.resolve or self.reopen or self.recover or self.join or self.leave)


def key_of(cause: Cause) -> str:
    """Return the key of the incident `cause` goes to."""
    return cause.group or cause.key


def plan(held: Held, causes: Iterable[Cause], now: int, retired: Collection[int] = ()) -> Plan:
    """Return the plan at `now` (ms).

    `causes` are all present causes of the CIs that `held` is of: a member that is not among them is gone. `retired`:
    which of those CIs are no longer in use.
    """
    present = {cause.key: _redirected(cause, held.merged) for cause in causes}
    home = {each.id: each.cause_key for each in held.incidents}
    leave = tuple(each for each in held.members if _is_over(each, present, home))
    staying = {each.cause_key for each in held.members} - {each.cause_key for each in leave}
    coming = [cause for key, cause in present.items() if key not in staying]
    opened, reopened = _begin(held, coming, now)
    stay, over = _parted(held.incidents, coming, leave)
    last: dict[int, list[Member]] = {}
    for member in leave:
        if member.role == CAUSE:
            last.setdefault(member.incident_id, []).append(member)
    resolve = tuple(
        replace(each, state=RESOLVED, resolved_at=now, resolution_code=_why(last[each.id], present, retired))
        for each in over
        if each.state in UNTOUCHED
    )
    there = {key_of(each) for each in opened} | {each.cause_key for each in (*reopened, *held.incidents)}
    there -= {each.cause_key for each in resolve}
    join = tuple((key, cause) for cause in coming if (key := key_of(cause)) in there)
    return Plan(
        open=tuple(opened),
        update=tuple(_told_anew(stay, present, join)),
        resolve=resolve,
        reopen=tuple(reopened),
        recover=tuple(replace(each, recovered_at=now) for each in over if each.state not in UNTOUCHED),
        join=join,
        leave=leave,
        under=tuple((each.id, key) for each in over if (key := _told_in(last[each.id], present))),
    )


def _redirected(cause: Cause, merged: Mapping[str, str]) -> Cause:
    into = merged.get(key_of(cause))
    return cause if into is None else replace(cause, group=into)


def _is_over(member: Member, present: Mapping[str, Cause], home: Mapping[int, str]) -> bool:
    """Return whether a member leaves its incident: its cause is gone, or by now goes to another one or in another role.

    One that a person resolved keeps the causes it had: what still fires is no new incident.
    """
    cause = present.get(member.cause_key)
    if cause is None:
        return True
    return member.incident_id in home and (home[member.incident_id], member.role) != (key_of(cause), cause.role)


def _begin(held: Held, coming: Iterable[Cause], now: int) -> tuple[list[Cause], list[Incident]]:
    """Return the leading cause of each incident to be opened, and the incidents to be opened again."""
    known = {each.cause_key for each in held.incidents}
    fresh: dict[str, list[Cause]] = {}
    for cause in coming:
        if cause.role == CAUSE and key_of(cause) not in known:
            fresh.setdefault(key_of(cause), []).append(cause)
    words = {cause.key: cause for cause in coming if cause.role == TOLD}
    led = {key: words.get(key) or _leading(key, its) for key, its in fresh.items()}
    back = {each.cause_key: each for each in held.recent if now - (each.resolved_at or 0) <= REOPEN_WINDOW_MS}
    reopened = [_reopened(back[key], lead) for key, lead in led.items() if key in back]
    return [lead for key, lead in led.items() if key not in back], reopened


def _leading(key: str, causes: Iterable[Cause]) -> Cause:
    """Return the cause an incident is told by: the one whose own key it has, or the worst, then the oldest."""
    return min(causes, key=lambda each: (each.key != key, -_rank(each.severity), each.since, each.key))


def _parted(
    incidents: Iterable[Incident], coming: Iterable[Cause], leave: Iterable[Member]
) -> tuple[list[tuple[Incident, int]], list[Incident]]:
    """Return the incidents that stay, each with how many causes it then has, and those whose last cause goes."""
    more = Counter(key_of(cause) for cause in coming if cause.role == CAUSE)
    fewer = Counter(each.incident_id for each in leave if each.role == CAUSE)
    counted = [(each, each.causes + more[each.cause_key] - fewer[each.id]) for each in incidents]
    over = [each for each, left in counted if each.causes > 0 and not left and each.source != USER]
    gone = {each.id for each in over}
    return [(each, left) for each, left in counted if each.id not in gone], over


def _told_anew(
    stay: Iterable[tuple[Incident, int]], present: Mapping[str, Cause], join: Iterable[tuple[str, Cause]]
) -> Iterator[Incident]:
    """Give the incidents that are told in other words from now on.

    The cause whose key one has gives severity and words; causes that join it can only make it worse.
    """
    worst: dict[str, str] = {}
    for key, cause in join:
        if cause.role == CAUSE:
            worst[key] = max(worst.get(key, cause.severity), cause.severity, key=_rank)
    for old, left in stay:
        new, lead = old, present.get(old.cause_key)
        if lead is not None and key_of(lead) == old.cause_key:
            if _standing(lead) != _standing(old):
                new = replace(old, severity=lead.severity, title=lead.title, detail=lead.detail)
        else:
            new = replace(old, severity=max(old.severity, worst.get(old.cause_key, old.severity), key=_rank))
        if left and old.recovered_at is not None:
            new = replace(new, recovered_at=None)
        if new != old:
            yield new


def _standing(told: Cause | Incident) -> tuple[str, Value, bool, bool]:
    detail = told.detail
    return told.severity, detail.get("verdict"), bool(detail.get("flapping")), bool(detail.get("several"))


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _told_in(its: Collection[Member], present: Mapping[str, Cause]) -> str:
    """Return the key of an incident that tells of the causes `its` were, "" unless all of them are there still."""
    causes = [present.get(member.cause_key) for member in its]
    return next((key_of(each) for each in causes if each), "") if all(causes) else ""


def _why(its: Collection[Member], present: Mapping[str, Cause], retired: Collection[int]) -> str:
    """Return how an incident resolved by itself whose last causes are `its`."""
    if _told_in(its, present):
        return GROUPED
    return CI_RETIRED if {member.ci_id for member in its} <= set(retired) else SELF_RECOVERED


def _reopened(each: Incident, cause: Cause) -> Incident:
    state = ASSIGNED if each.assignee else NEW
    return replace(
        each, state=state, resolved_at=None, resolution_code="", recovered_at=None, reopened=each.reopened + 1,
        causes=0, severity=cause.severity, title=cause.title, detail=cause.detail,
    )  # fmt: skip
