"""Present causes against open incidents → what to open, to join, to update, to reopen, to resolve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from collector.model import CI, GONE, Cause, Incident, Member, Value
from collector.record import PRODUCTION
from collector.severity import rank

NEW, ASSIGNED, IN_PROGRESS, PENDING = "new", "assigned", "in_progress", "pending"
RESOLVED, CLOSED, CANCELLED, MERGED = "resolved", "closed", "cancelled", "merged"
UNTOUCHED: Final = frozenset({NEW, ASSIGNED})
"""States in which nobody works on an incident yet: it may resolve by itself, unless a user has reported it."""
CAUSE, VICTIM, TOLD = "cause", "victim", "told"
"""Roles. What people told of, or planned, is looked for by nothing: it is no member, and nothing ends it.

Such a cause can also be the words of an incident that others are members of.
"""
MONITORING: Final = "monitoring"
USER: Final = "user"
MAINTENANCE: Final = "maintenance"
SELF_RECOVERED, GROUPED = "self_recovered", "grouped"
CI_RETIRED, NOT_PRODUCTION = "ci_retired", "not_production"
WAIVED, EXPLAINED = "waived", "explained"
"""How an incident resolved by itself; `grouped`: what it told of is told in the incident of the root cause.

What was waived, or explained by approved work, has not recovered: it is so still, and somebody answers for it.
"""
REOPEN_WINDOW_MS: Final = 24 * 3_600_000
"""What comes back within it is the same incident again (reference/rules.md §3.6)."""
NOTHING: Final[Mapping[str, str]] = {}
NOBODY: Final[Mapping[int, str]] = {}


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
    members that are over. `update`, `resolve`, `reopen` and `recover` (the causes went while somebody works on it, or
    a user waits for its end) are the incidents as they will be. `under`: (id, key of the incident that tells of it from
    now on) of those that end.
    `present`: the key of an incident → its causes, as far as they are of the CIs that were looked at; `why`: the code
    by which each of `resolve` and `recover` has no cause any more, where that is not that it recovered by itself.
    """

    open: tuple[Cause, ...] = ()
    update: tuple[Incident, ...] = ()
    resolve: tuple[Incident, ...] = ()
    reopen: tuple[Incident, ...] = ()
    recover: tuple[Incident, ...] = ()
    join: tuple[tuple[str, Cause], ...] = ()
    leave: tuple[Member, ...] = ()
    under: tuple[tuple[int, str], ...] = ()
    present: Mapping[str, tuple[Cause, ...]] = field(default_factory=dict, compare=False)
    why: Mapping[int, str] = field(default_factory=dict, compare=False)

    @property
    def is_empty(self) -> bool:
        return not (self.open or self.update or self.resolve or self.reopen or self.recover or self.join or self.leave)


def is_reported(each: Incident) -> bool:
    """Return whether a user waits for its end, whose report it is or was merged into it: it never ends by itself."""
    return each.source == USER or bool(each.reporters)


def ends_by_itself(each: Incident) -> bool:
    """Return whether an incident resolves when its last cause goes: nobody works on it, and no user is to be asked."""
    return each.state in UNTOUCHED and not is_reported(each)


def ended_by_itself(
    over: Iterable[Incident], now: int, why: Mapping[int, str] = NOBODY
) -> tuple[tuple[Incident, ...], tuple[Incident, ...]]:
    """Part incidents without a cause at `now` (ms) into those that resolve and those that only say they recovered.

    `why`: the code by which each ended, where it did not recover by itself.
    """
    resolve, recover = [], []
    for each in over:
        code = why.get(each.id, SELF_RECOVERED)
        if ends_by_itself(each):
            resolve.append(replace(each, state=RESOLVED, resolved_at=now, resolution_code=code))
        else:
            recover.append(replace(each, recovered_at=now if code == SELF_RECOVERED else None))
    return tuple(resolve), tuple(recover)


def out_of_scope(ci: CI) -> str:
    """Return why nothing is told of a CI, nor held against what is authorised: a code of those above, "": it is."""
    if ci.state in GONE:
        return CI_RETIRED
    return "" if ci.environment == PRODUCTION else NOT_PRODUCTION


def key_of(cause: Cause) -> str:
    """Return the key of the incident `cause` goes to."""
    return cause.group or cause.key


def plan(
    held: Held, causes: Iterable[Cause], now: int, gone: Mapping[int, str] = NOBODY, ended: Mapping[str, str] = NOTHING
) -> Plan:
    """Return the plan at `now` (ms).

    `causes` are all present causes of the CIs that `held` is of: a member that is not among them is gone. `gone`: CIs
    of which nothing is told any more → why, a code; `ended`: how causes ended, by key, that are gone and did not pass.
    """
    present = {cause.key: _redirected(cause, held.merged) for cause in causes}
    home = {each.id: each.cause_key for each in held.incidents}
    leave = tuple(each for each in held.members if _is_over(each, present, home))
    staying = {each.cause_key for each in held.members} - {each.cause_key for each in leave}
    coming = [cause for key, cause in present.items() if key not in staying]
    opened, reopened = _begin(held, coming, now)
    stay, over = _parted(held.incidents, coming, leave)
    last = _last_causes(leave)
    why = {each.id: _why(last[each.id], present, gone, ended) for each in over}
    resolve, recover = ended_by_itself(over, now, why)
    there = {key_of(each) for each in opened} | {each.cause_key for each in (*reopened, *held.incidents)}
    there -= {each.cause_key for each in resolve}
    by_key = _by_key(present.values())
    return Plan(
        open=tuple(opened),
        update=tuple(_told_anew(stay, present, by_key)),
        resolve=resolve,
        reopen=tuple(reopened),
        recover=recover,
        join=tuple((key, cause) for cause in coming if (key := key_of(cause)) in there),
        leave=leave,
        under=tuple((each.id, key) for each in over if (key := _told_in(last[each.id], present))),
        present=by_key,
        why=why,
    )


def _redirected(cause: Cause, merged: Mapping[str, str]) -> Cause:
    into = merged.get(key_of(cause))
    return cause if into is None else replace(cause, group=into)


def _last_causes(leave: Iterable[Member]) -> dict[int, list[Member]]:
    """Return incident id → its causes that are over."""
    found: dict[int, list[Member]] = {}
    for member in leave:
        if member.role == CAUSE:
            found.setdefault(member.incident_id, []).append(member)
    return found


def _by_key(causes: Iterable[Cause]) -> dict[str, tuple[Cause, ...]]:
    """Return the key of each incident → its causes."""
    found: dict[str, list[Cause]] = {}
    for cause in causes:
        if cause.role == CAUSE:
            found.setdefault(key_of(cause), []).append(cause)
    return {key: tuple(its) for key, its in found.items()}


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
    reopened = [reopened_by(back[key], lead) for key, lead in led.items() if key in back]
    return [lead for key, lead in led.items() if key not in back], reopened


def _leading(key: str, causes: Iterable[Cause]) -> Cause:
    """Return the cause an incident is told by: the one whose own key it has, or the worst, then the oldest."""
    return min(causes, key=lambda each: (each.key != key, -rank(each.severity), each.since, each.key))


def _parted(
    incidents: Iterable[Incident], coming: Iterable[Cause], leave: Iterable[Member]
) -> tuple[list[tuple[Incident, int]], list[Incident]]:
    """Return the incidents that stay, each with how many causes it then has, and those whose last cause goes."""
    more = Counter(key_of(cause) for cause in coming if cause.role == CAUSE)
    fewer = Counter(each.incident_id for each in leave if each.role == CAUSE)
    counted = [(each, each.causes + more[each.cause_key] - fewer[each.id]) for each in incidents]
    over = [each for each, left in counted if each.causes > 0 and not left]
    gone = {each.id for each in over}
    return [(each, left) for each, left in counted if each.id not in gone], over


def _told_anew(
    stay: Iterable[tuple[Incident, int]], present: Mapping[str, Cause], by_key: Mapping[str, Sequence[Cause]]
) -> Iterator[Incident]:
    """Give the incidents that are told in other words from now on."""
    for old, left in stay:
        named = present.get(old.cause_key)
        if named is not None and key_of(named) == old.cause_key:
            new = old if _standing(named) == _standing(old) else _told_by(old, named)
        else:
            new = _together(old, by_key.get(old.cause_key, ()), left)
        if left and old.recovered_at is not None:
            new = replace(new, recovered_at=None)
        if new != old:
            yield new


def _together(old: Incident, its: Sequence[Cause], left: int) -> Incident:
    """Return an incident whose causes share it (`left` of them) as it is told now; `its`: those that are known here.

    Where that is all of them it is as bad as the worst, else they can only make it worse. Its words are those of its
    worst cause while all are of its own CI.
    """
    if not its:
        return old
    worst = max((each.severity for each in its), key=rank)
    if old.source != MONITORING or len(its) != left:
        return replace(old, severity=max(old.severity, worst, key=rank))
    lead = _leading(old.cause_key, its)
    is_told = any(_standing(each) == _standing(old) and each.severity == worst for each in its)
    if is_told or any((each.ci_id, each.kind) != (old.ci_id, old.kind) for each in its):
        return replace(old, severity=worst)
    return _told_by(old, lead)


def _told_by(old: Incident, lead: Cause) -> Incident:
    """Return an incident in the words of another cause; the site of its CI is the desk's word, and stays."""
    detail, was, ci = dict(lead.detail), old.detail.get("ci"), lead.detail.get("ci")
    if isinstance(was, Mapping) and isinstance(ci, Mapping) and was.get("site") and was.get("uid") == ci.get("uid"):
        detail["ci"] = {**ci, "site": was["site"]}
    return replace(old, severity=lead.severity, title=lead.title, detail=detail)


def _standing(told: Cause | Incident) -> tuple[Value, ...]:
    """Return what there is to be told anew when it moves: what is meant and how bad it is, not its every value."""
    said = told.detail
    meant = [said.get(name) for name in ("verdict", "rule", "instance", "fingerprint", "alerts")]
    return (told.severity, *meant, bool(said.get("flapping")), bool(said.get("several")))


def _told_in(its: Collection[Member], present: Mapping[str, Cause]) -> str:
    """Return the key of an incident that tells of the causes `its` were, "" unless all of them are there still."""
    causes = [present.get(member.cause_key) for member in its]
    return next((key_of(each) for each in causes if each), "") if all(causes) else ""


def _why(
    its: Collection[Member], present: Mapping[str, Cause], gone: Mapping[int, str], ended: Mapping[str, str]
) -> str:
    """Return how an incident resolved by itself whose last causes are `its`: if any of them has not passed, by that."""
    if _told_in(its, present):
        return GROUPED
    codes = [gone.get(member.ci_id or 0, "") for member in its]
    if all(codes):
        return codes[0]
    return next((ended[each.cause_key] for each in its if each.cause_key in ended), SELF_RECOVERED)


def reopened_by(each: Incident, cause: Cause) -> Incident:
    """Return an incident as it is when the same cause comes back."""
    return replace(
        _told_by(each, cause), state=ASSIGNED if each.assignee else NEW, resolved_at=None, resolution_code="",
        recovered_at=None, reopened=each.reopened + 1, causes=0,
    )  # fmt: skip
