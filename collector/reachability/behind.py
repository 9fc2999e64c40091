"""Who is behind whom: of what cannot be reached, what explains what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from collector.reachability.state import Standing
from collector.reachability.terms import TERMS, Terms


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
    """`behind`: victim → the CI whose failure explains its own. `reached`: what stands on a way that is open; `cut_by`:
    what does not → the nearest failed CI on its way.
    """

    behind: Mapping[int, int]
    reached: frozenset[int]
    cut_by: Mapping[int, int]


def roots(graph: Graph, down: Collection[int]) -> Roots:
    """Return which of what is `down` explains which other.

    Seen from where the watchers stand, what is down beside something that is reached is a root; what can only be
    reached through others that are down is behind the nearest of them. So a second way that is open clears a device
    of its parents. A host explains what runs on it, and feeds, all of them down, what they feed.
    """
    down = frozenset(down)
    reached, frontier = _reached(graph, down)
    cut_by = _spread(graph, frontier, reached)
    nearer = {ci_id: above for ci_id in down if (above := _above(graph, ci_id, down, cut_by))}
    behind = {ci_id: root for ci_id in nearer if (root := _ultimate(ci_id, nearer)) != ci_id}
    return Roots(behind, reached, cut_by)


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


def _spread(graph: Graph, frontier: Sequence[int], reached: frozenset[int]) -> dict[int, int]:
    """Return what lies behind the frontier, down or not → the nearest root there."""
    root = {each: each for each in frontier}
    waiting = list(frontier)
    for here in waiting:
        for there in graph.links.get(here, ()):
            if there not in root and there not in reached:
                root[there] = root[here]
                waiting.append(there)
    return {each: its for each, its in root.items() if each != its}


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


def decided(
    graph: Graph, all_: Mapping[int, Standing], now: int, terms: Terms = TERMS, graces: Mapping[int, int] | None = None
) -> tuple[dict[int, Standing], Roots]:
    """Return the standings with `behind` and `held` as the topology says, and what it says of all that is down.

    `graces`: CI → its own `grace` (ms).

    A root is held while no parent of it has been asked since it fell silent: it may turn out to be a victim. A victim
    whose root is back is held there until it had its own turn to answer.
    """
    found = roots(graph, [ci_id for ci_id, each in all_.items() if each.is_down])
    own = {ci_id: replace(terms, grace_ms=grace) for ci_id, grace in (graces or {}).items()}
    after = {ci_id: _decided(each, graph, found, all_, now, own.get(ci_id, terms)) for ci_id, each in all_.items()}
    return after, found


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
