"""Root causes: present causes × how their CIs can be reached → which incident each goes to, as a cause or as a victim.

What cannot be reached has one failure, however many rules notice: its alerts are told in the incident of the CI whose
failure explains it. Others of one CI and category go together, or as their rule says (`group_by`); and when more
incidents would open in one place than anybody can read, those beyond go into one until it is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from collector.model import Cause, Rule, Value
from collector.severity import rank
from collector.wording import clean

ALERT: Final = "alert"
ALARMS: Final = frozenset({ALERT, "foreign_alert"})
"""Kinds of causes that say how a CI is, of our own rules and of other systems."""
STORM: Final = "storm"
COLLECTOR_BLIND: Final = "collector_blind"
PARENT_DOWN: Final = "parent_down"
CAUSE, VICTIM = "cause", "victim"
REACHABILITY, PARENTS, COLLECTOR_HEALTH = "reachability", "parents", "collector_health"
"""What a rule may depend on (`depends`): its own CI can be reached, those before it can, who watches can see."""
OWN: Final = "ci"
"""What a text of `group_by` begins with that names a value of the CI."""
MAX_KEY: Final = 200
MAX_NAMED: Final = 20
TOGETHER: Final = "alarms"
"""What the key of an incident begins with that all alarms of one CI and category share."""
DIGEST: Final = "digest_daily"
"""How a rule says that everything it finds is one matter."""


@dataclass(frozen=True, slots=True)
class Footing:
    """How one CI stands, as its incidents need it. `down`: it cannot be reached; `answered_at`: it last could (ms).

    `root`: uid of the CI whose failure explains that, its own where nothing else does; `told_by`: the key of the cause
    that tells of the root's failure, "" while none does. `held`: it has begun to miss looks, or it is not decided yet
    which CI explains that. `blind`: who watches it does not see. `labels`: what `group_by` and the count by place may
    name: place, site, room, rack.
    """

    down: bool = False
    answered_at: int = 0
    root: str = ""
    told_by: str = ""
    victim: bool = False
    held: bool = False
    blind: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


NOWHERE: Final = Footing()
"""A CI nobody watches."""


def suppressed(footing: Footing, depends: Iterable[str]) -> tuple[str, ...]:
    """Return the reasons for which alerts of a rule that depends on these are told elsewhere, or not at all for now."""
    on = set(depends)
    waits = PARENTS in on and (footing.victim or footing.held)
    is_told_elsewhere = waits or (REACHABILITY in on and (footing.down or footing.held))
    is_unseen = footing.blind and bool(on & {PARENTS, COLLECTOR_HEALTH})
    return (*((PARENT_DOWN,) if is_told_elsewhere else ()), *((COLLECTOR_BLIND,) if is_unseen else ()))


def tells_of_reach(rule: Rule, reads: Iterable[tuple[str, ...]]) -> bool:
    """Return whether a rule is the one that says a CI cannot be reached: it reads that, and depends on parents."""
    return PARENTS in rule.depends and any(path[:2] == ("ci", "reach") for path in reads)


# --- which incident


def grouped(
    causes: Sequence[Cause], footings: Mapping[int, Footing], rules: Mapping[str, Rule], reach_rules: Iterable[str]
) -> list[Cause]:
    """Return the causes with `group` and `role`; those that are held are left out. No storm is looked at yet."""
    telling = set(reach_rules)
    found = (_placed(each, footings.get(each.ci_id or 0, NOWHERE), rules, telling) for each in causes)
    return [each for each in found if each is not None]


def _placed(cause: Cause, footing: Footing, rules: Mapping[str, Rule], telling: set[str]) -> Cause | None:
    if cause.kind not in ALARMS or cause.ci_id is None:
        return cause
    rule = str(cause.detail.get("rule", ""))
    if footing.down and rule in telling:
        return None if footing.held else _of_reach(cause, footing)
    if footing.down and cause.since >= footing.answered_at and _follows(rules.get(rule)):
        return replace(cause, group=_home(footing), role=VICTIM)
    if rule in telling:
        return cause
    return replace(cause, group=cause.group or group_key(cause, rules.get(rule), footing))


def _follows(rule: Rule | None) -> bool:
    return rule is None or REACHABILITY in rule.depends or PARENTS in rule.depends


def _of_reach(cause: Cause, footing: Footing) -> Cause:
    """Return the cause that says a CI cannot be reached: of a root it opens the incident, of a victim it joins it."""
    if footing.victim and footing.told_by:
        return replace(cause, group=footing.told_by, role=VICTIM)
    return replace(cause, group="" if footing.told_by == cause.key else _home(footing))


def _home(footing: Footing) -> str:
    """Return the key of the incident of a root; where no rule speaks of the root, what is behind it shares one."""
    return footing.told_by or f"reach|{footing.root}"


def group_key(cause: Cause, rule: Rule | None, footing: Footing) -> str:
    """Return the key of the incident `cause` shares with others.

    It is that of its CI and category, unless its rule says more. A digest is one incident for all CIs. A name of
    `group_by` that has no value here groups nothing: what nobody knows is no common cause.
    """
    if rule is not None and rule.create == DIGEST:
        return f"digest|{rule.id}"
    values = [_label(name, cause, footing) for name in rule.group_by] if rule is not None else []
    if rule is None or not values or None in values:
        return "|".join([TOGETHER, str(_label("ci.id", cause, footing)), clean(cause.category)])[:MAX_KEY]
    return "|".join(["group", rule.group or rule.id, *map(str, values)])[:MAX_KEY]


def _label(name: str, cause: Cause, footing: Footing) -> str | None:
    """Return what `name` is for this cause: site, ci.site, ci.id, a value of its evidence (f.mount)."""
    evidence, place = cause.detail.get("evidence") or {}, cause.detail.get("ci") or {}
    short = name.removeprefix(f"{OWN}.")
    value: Value = footing.labels.get(short) or evidence.get(name) or place.get("uid" if short == "id" else short)
    return clean(str(value)) if value not in (None, "") else None


# --- storms


@dataclass(frozen=True, slots=True)
class Budget:
    """How many incidents may open in one lane of a place (`site`) within a span (ms)."""

    incidents: int = 30
    span_ms: int = 5 * 60_000


BUDGET: Final = Budget()
Lane = tuple[str, bool]
"""What has a budget of its own: a site, and there what has the highest priority.

However much else there is, that is not held up by it. But when the cooling of a room fails every host in it is as
urgent, and nobody reads a thousand incidents of one cause: those beyond go into the storm like all others.
"""


def opening(causes: Iterable[Cause], known: Iterable[str]) -> list[str]:
    """Return the keys of the incidents these causes would open, in the order of their severity and age."""
    held = set(known)
    worst = sorted((each for each in causes if each.role == CAUSE), key=lambda each: (-rank(each.severity), each.since))
    return list(dict.fromkeys(key for each in worst if (key := each.group or each.key) not in held))


def absorbed(
    causes: Sequence[Cause],
    known: Iterable[str],
    lane_of: Mapping[str, Lane],
    spent: Mapping[Lane, int],
    budget: Budget = BUDGET,
) -> list[Cause]:
    """Return the causes, those that would open more than the budget of their lane going into the storm of their site.

    `known`: keys of incidents that are open; `lane_of`: key → lane; `spent`: lane → incidents that opened within the
    span.
    """
    left = {lane: budget.incidents - count for lane, count in spent.items()}
    over: dict[str, str] = {}
    for key in opening(causes, known):
        lane = lane_of.get(key, ("", False))
        left[lane] = left.get(lane, budget.incidents) - 1
        if left[lane] < 0:
            over[key] = storm_key(lane[0])
    return [_stormed(each, over) for each in causes]


def _stormed(cause: Cause, over: Mapping[str, str]) -> Cause:
    home = over.get(cause.group or cause.key)
    return cause if home is None else replace(cause, group=home)


def storm_key(site: str) -> str:
    return f"{STORM}|{site.replace('|', ' ')}"


def storm_cause(site: str, now: int) -> Cause:
    """Return why there is an incident of a storm in `site`: more began there at once than anybody can read.

    How urgent that is is said by what goes into it.
    """
    named = clean(site)
    return Cause(
        key=storm_key(site),
        ci_id=None,
        kind=STORM,
        severity="error",
        title={
            "zh": f"告警风暴{f'：{named}' if named else ''}，新增事件过多，已合并处理",
            "en": f"Alert storm{f' in {named}' if named else ''}: too many incidents at once, gathered here",
        },
        detail={"site": named, "role": "incident_manager"},
        since=now,
        category="monitoring",
        urgency="medium",
        line=1,
    )


def blind_cause(watcher: str, name: str, numbers: tuple[int, int], why: str, now: int) -> Cause:
    """Return why a watcher that sees nothing is an incident: of so many CIs it watches, so many are unknown by that.

    `watcher`: uid of the probe, "agents" where agents fell silent together; `why`: silent or lost.
    """
    unknown, watched = numbers
    named = clean(name)
    texts = {
        "silent": ("探针 {} 没有消息", "Probe {} has been silent"),
        "lost": ("探针 {} 同时失去大量目标", "Probe {} lost much of what it watches at once"),
        "agents": ("大量代理同时失联", "Many agents fell silent at once"),
    }
    zh, en = texts[why]
    return Cause(
        key=f"{COLLECTOR_BLIND}|{watcher}",
        ci_id=None,
        kind=COLLECTOR_BLIND,
        severity="error",
        title={
            "zh": f"{zh.format(named)}：{watched} 个配置项中有 {unknown} 个可达性未知，相关告警暂不开单",
            "en": f"{en.format(named)}: of {watched} CIs {unknown} are unknown, nothing is opened for them",
        },
        detail={"watcher": watcher, "why": why, "unknown": unknown, "watched": watched, "role": "ops"},
        since=now,
        category="monitoring",
        urgency="high",
        line=2,
    )
