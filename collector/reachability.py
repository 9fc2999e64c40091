"""Reachability: which ways of asking a CI were answered, and when → up, degraded, unreachable, or nobody can say.

A miss is a doubt about who asked as much as about what was asked. So it takes several in a row, and a probe that loses
much of what it watches within moments has lost its own sight: what it misses is unknown, not unreachable.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

ICMP, TCP, SNMP, AGENT = "icmp", "tcp", "snmp", "agent"
METHODS: Final = (ICMP, TCP, SNMP, AGENT)


class Reach(enum.StrEnum):
    """How a CI can be reached: by all that used to answer, by some of it, by none; or nobody can say."""

    UP = "up"
    DEGRADED = "degraded"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


APART_MS: Final = 15_000
"""Two misses that are closer are one: several sweeps may come by at the same time."""
NOT_ASKED, BLIND, NEVER = "not_asked", "collector_blind", "never_answered"
"""Why nobody can say: it was not asked of late, who asks sees nothing, it has never answered."""


@dataclass(frozen=True, slots=True)
class Terms:
    """`misses`: in a row until a way of asking is lost. Times in ms: `fresh` an answer holds, `recalled` a method that
    used to answer is missed, `window` and `share` (0…1) of what is watched that is lost at once when it is the watcher
    who is blind; `least`: so many at least, `alone`: where nothing at all answers. `believed`: after that long what
    stays lost is lost. `grace`: how long a root waits for its parents to be asked again, and a victim for its turn once
    its root is back.
    """

    misses: int = 3
    fresh_ms: int = 5 * 60_000
    recalled_ms: int = 7 * 86_400_000
    window_ms: int = 2 * 60_000
    share: float = 0.3
    least: int = 5
    alone: int = 2
    believed_ms: int = 15 * 60_000
    grace_ms: int = 90_000


TERMS: Final = Terms()


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


@dataclass(frozen=True, slots=True)
class Standing:
    """How one CI stands. `since`: in this state (ms); `why`: nobody can say, or empty. `answered_at`: by any method;
    `missed_at`: since when nothing answers, 0: something does. `behind`: the CI whose failure explains its own, 0: its
    own; `held`: that is not decided yet. `ways`: method → whether it is answered; None: in doubt.
    """

    ci_id: int
    state: Reach = Reach.UNKNOWN
    since: int = 0
    why: str = NOT_ASKED
    answered_at: int = 0
    missed_at: int = 0
    behind: int = 0
    held: bool = False
    ways: Mapping[str, bool | None] = field(default_factory=dict)

    @property
    def is_down(self) -> bool:
        return self.state is Reach.UNREACHABLE

    @property
    def is_in_doubt(self) -> bool:
        """Whether it has begun to miss looks, and it is not decided what that means."""
        return bool(self.missed_at) and self.state in (Reach.UP, Reach.DEGRADED)


def standing(ci_id: int, methods: Methods, was: Standing | None, now: int, terms: Terms = TERMS) -> Standing:
    """Return how a CI stands at `now` (ms) by these methods, whoever watches being able to see."""
    before = was or Standing(ci_id, since=now)
    fresh = {name: each for name, each in methods.items() if each.asked_at and now - each.asked_at <= terms.fresh_ms}
    used = [each for each in fresh.values() if each.answered_at]
    state, why = _state(used, fresh, before, now, terms)
    is_silent = bool(used) and all(each.misses for each in used)
    after = replace(
        before, state=state, why=why, answered_at=max((each.answered_at for each in methods.values()), default=0),
        missed_at=min(each.missed_at for each in used) if is_silent else 0,
        ways={name: each.answers(terms) for name, each in fresh.items()},
    )  # fmt: skip
    return after if state is before.state else replace(after, since=now)


def _state(
    used: Sequence[Method], fresh: Methods, before: Standing, now: int, terms: Terms
) -> tuple[Reach, str]:  # fmt: skip
    if not used:
        return Reach.UNKNOWN, NEVER if fresh else NOT_ASKED
    lost = [each for each in used if each.misses >= terms.misses]
    if any(not each.misses for each in used):
        is_missed = any(now - each.answered_at <= terms.recalled_ms for each in lost)
        return (Reach.DEGRADED if is_missed else Reach.UP), ""
    if len(lost) == len(used):
        return Reach.UNREACHABLE, ""
    return before.state, before.why  # a doubt: what was known stands


# --- who is blind


def blinded(watched: Iterable[Standing], explained: Collection[int], now: int, terms: Terms = TERMS) -> frozenset[int]:
    """Return the CIs one watcher misses because it is blind itself; empty while it can be believed.

    It is when more than `share` of what it watches fell silent within `window`, other than what is `explained` by
    something it does see; or when it watches several and nothing answers. What stays silent for `believed` while the
    others answer is believed.
    """
    its = list(watched)
    silent = sorted((each for each in its if each.missed_at), key=lambda each: each.missed_at)
    if len(silent) == len(its):
        together = _densest(silent, terms.window_ms)
        return frozenset(each.ci_id for each in together) if len(together) >= terms.alone else frozenset()
    recent = [each for each in silent if now - each.missed_at < terms.believed_ms]
    window = _densest([each for each in recent if each.ci_id not in explained], terms.window_ms)
    if len(window) < terms.least or len(window) <= terms.share * len(its):
        return frozenset()
    first, last = window[0].missed_at, window[-1].missed_at
    return frozenset(each.ci_id for each in recent if first <= each.missed_at <= last)


def _densest(silent: Sequence[Standing], window_ms: int) -> Sequence[Standing]:
    """Return the most that fell silent within one window, of those ordered by when they did."""
    best, first = (0, 0), 0
    for last, each in enumerate(silent):
        while each.missed_at - silent[first].missed_at > window_ms:
            first += 1
        best = max(best, (first, last + 1), key=lambda span: span[1] - span[0])
    return silent[best[0] : best[1]]


def unseen(each: Standing, was: Standing | None, now: int) -> Standing:
    """Return a CI whose watcher is blind: nobody can say."""
    since = was.since if was and was.state is Reach.UNKNOWN else now
    return replace(each, state=Reach.UNKNOWN, why=BLIND, since=since, behind=0, held=False)


# --- who is behind whom


@dataclass(frozen=True, slots=True)
class Graph:
    """What depends on what, by CI. `links`: who is wired to whom, both ways; `places`: where the watchers stand in it.
    `hosts`: what a virtual machine runs on; `feeds`: what a consumer takes its power from. Of several, any will do.
    """

    links: Mapping[int, Sequence[int]] = field(default_factory=dict)
    places: tuple[int, ...] = ()
    hosts: Mapping[int, Sequence[int]] = field(default_factory=dict)
    feeds: Mapping[int, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Roots:
    """`behind`: victim → the CI whose failure explains its own. `reached`: what stands on a way that is open."""

    behind: Mapping[int, int]
    reached: frozenset[int]


def roots(graph: Graph, down: Collection[int]) -> Roots:
    """Return which of what is `down` explains which other.

    Seen from where the watchers stand, what is down beside something that is reached is a root; what can only be
    reached through others that are down is behind the nearest of them. So a second way that is open clears a device
    of its parents. A host explains what runs on it, and feeds, all of them down, what they feed.
    """
    down = frozenset(down)
    reached, frontier = _reached(graph, down)
    by_link = _spread(graph, frontier, reached, down)
    nearer = {ci_id: above for ci_id in down if (above := _above(graph, ci_id, down, by_link))}
    return Roots({ci_id: root for ci_id in nearer if (root := _ultimate(ci_id, nearer)) != ci_id}, reached)


def _reached(graph: Graph, down: frozenset[int]) -> tuple[frozenset[int], list[int]]:
    """Return what is reached through nothing that is down, and what is down beside that."""
    found: dict[int, None] = dict.fromkeys(place for place in graph.places if place not in down)
    edge: dict[int, None] = dict.fromkeys(place for place in graph.places if place in down)
    waiting = list(found)
    for here in waiting:  # grows as it goes: breadth first
        for there in graph.links.get(here, ()):
            if there in down:
                edge[there] = None
            elif there not in found:
                found[there] = None
                waiting.append(there)
    return frozenset(found), sorted(edge)


def _spread(graph: Graph, frontier: Sequence[int], reached: frozenset[int], down: frozenset[int]) -> dict[int, int]:
    """Return what is down behind the frontier → the nearest root there."""
    root = {each: each for each in frontier}
    waiting = list(frontier)
    for here in waiting:
        for there in graph.links.get(here, ()):
            if there not in root and there not in reached:
                root[there] = root[here]
                waiting.append(there)
    return {each: its for each, its in root.items() if each in down and each != its}


def _above(graph: Graph, ci_id: int, down: frozenset[int], by_link: Mapping[int, int]) -> int:
    """Return what explains it most closely: its host, its feeds, the root on its way; 0: nothing."""
    for above in (graph.hosts.get(ci_id, ()), graph.feeds.get(ci_id, ())):
        if above and all(each in down for each in above):
            return min(above)
    return by_link.get(ci_id, 0)


def _ultimate(ci_id: int, nearer: Mapping[int, int]) -> int:
    """Return the end of the chain; of a ring its smallest member, for two that explain each other are one failure."""
    passed = {ci_id: None}
    here = ci_id
    while (above := nearer.get(here)) is not None:
        if above in passed:
            ring = list(passed)
            return min(ring[ring.index(above) :])
        passed[above] = None
        here = above
    return here


def explained(graph: Graph, found: Roots, silent: Mapping[int, Standing], seen: Mapping[int, Standing]) -> set[int]:
    """Return what is silent for a reason the watcher sees: its root stands beside something that answered since."""
    clear = {ci_id for ci_id, each in silent.items() if _is_beside(graph, found, each, seen)}
    return {ci_id for ci_id in silent if found.behind.get(ci_id, ci_id) in clear}


def _is_beside(graph: Graph, found: Roots, each: Standing, seen: Mapping[int, Standing]) -> bool:
    """Return whether something next to it, on a way that is open, answered after it fell silent."""
    beside = (seen.get(one) for one in graph.links.get(each.ci_id, ()) if one in found.reached)
    return any(one is not None and not one.missed_at and one.answered_at >= each.missed_at for one in beside)


def decided(graph: Graph, all_: Mapping[int, Standing], now: int, terms: Terms = TERMS) -> dict[int, Standing]:
    """Return the standings with `behind` and `held` as the topology says.

    A root is held while no parent of it has been asked since it fell silent: it may turn out to be a victim. A victim
    whose root is back is held there until it had its own turn to answer.
    """
    found = roots(graph, [ci_id for ci_id, each in all_.items() if each.is_down])
    return {ci_id: _decided(each, graph, found, all_, now, terms) for ci_id, each in all_.items()}


def _decided(
    each: Standing, graph: Graph, found: Roots, all_: Mapping[int, Standing], now: int, terms: Terms
) -> Standing:
    if not each.is_down:
        return replace(each, behind=0, held=False) if each.behind or each.held else each
    behind = found.behind.get(each.ci_id, 0)
    if not behind and each.behind and _is_just_back(all_.get(each.behind), now, terms):
        behind = each.behind
    held = not behind and now - each.since < terms.grace_ms and _is_open(each, graph, found, all_)
    return each if (behind, held) == (each.behind, each.held) else replace(each, behind=behind, held=held)


def _is_just_back(root: Standing | None, now: int, terms: Terms) -> bool:
    return root is not None and not root.is_down and now - root.since < terms.grace_ms


def _is_open(each: Standing, graph: Graph, found: Roots, all_: Mapping[int, Standing]) -> bool:
    """Return whether it has parents that are watched and none of them has answered since it fell silent."""
    parents = [one for one in graph.links.get(each.ci_id, ()) if one in found.reached and one in all_]
    parents += [one for one in (*graph.hosts.get(each.ci_id, ()), *graph.feeds.get(each.ci_id, ())) if one in all_]
    return bool(parents) and not any(
        not all_[one].missed_at and all_[one].answered_at >= each.missed_at for one in parents
    )
