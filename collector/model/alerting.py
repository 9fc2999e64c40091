"""Rules, what they say of a CI, and what is remembered of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collector.model.estate import Value


class Outcome(enum.StrEnum):
    PASS = "PASS"  # noqa: S105  a verdict
    PROBLEM = "PROBLEM"
    UNKNOWN = "UNKNOWN"
    ERROR = "ERROR"
    NOT_APPLICABLE = "N/A"


@dataclass(frozen=True, slots=True)
class Rule:
    """What should hold, as data; rules/README.md has every key. Texts are zh and en, spans ms.

    `flap`: window (evaluated states), high and low (%), or None. `overrides`: param → (condition over the CI, value),
    the first that holds wins. `urgency` "" and `line` 0: the tables of the desk decide. `group`: rules of one name tell
    of one matter and share incidents; "": the rule's own. `parent_grace_ms`: how long a CI that cannot be reached waits
    for what lies before it to be asked again, None: as long as all do. `impact_from`: along what relations those who
    depend on it are counted (`desk.priority.WAYS`), none: along all. `attach` and `related`: values of the facts that
    are kept with its alerts though it does not go by them; the latter are what other CIs are called.
    """

    id: str
    kinds: frozenset[str]
    expr: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    severity: str = "warning"
    match: str = 'ci.state == "active"'
    each: tuple[str, str, str] | None = None
    where: str | None = None
    hold_ms: int = 0
    max_age_ms: int = 0
    params: Mapping[str, Value] = field(default_factory=dict)
    category: str = ""
    runbook: Mapping[str, str] = field(default_factory=dict)
    pack: str = ""
    min_samples: int = 1
    keep_ms: int = 0
    on_unknown: str = "keep"
    flap: tuple[int, int, int] | None = (20, 30, 25)
    depends: tuple[str, ...] = ("reachability",)
    modes: frozenset[str] = frozenset({"monitor", "inspect"})
    cadence: str = "daily"
    shadow: bool = False
    overrides: Mapping[str, Sequence[tuple[str, Value]]] = field(default_factory=dict)
    urgency: str = ""
    line: int = 0
    group: str = ""
    group_by: tuple[str, ...] = ()
    create: str = "incident"
    kb: str = ""
    waivable: bool = True
    parent_grace_ms: int | None = None
    impact_from: tuple[str, ...] = ()
    attach: tuple[str, ...] = ()
    related: tuple[str, ...] = ()

    @property
    def raises(self) -> bool:
        """Whether an alert of it may open an incident: it is not tried out, and not for inspections or records only."""
        return not self.shadow and "monitor" in self.modes and self.create != "record_only"


@dataclass(frozen=True, slots=True)
class Result:
    """What a rule says of one CI, or of one instance of it (a mount point, a certificate).

    `seen_at`: when the oldest of the sections it was read from was confirmed (ms); 0: just now. `is_back`: what fires
    may end, as far as the rule's `recover` goes.
    """

    rule: str
    ci_id: int
    instance: str
    outcome: Outcome
    evidence: Mapping[str, Value]
    reason: str = ""
    seen_at: int = 0
    is_back: bool = True


@dataclass(frozen=True, slots=True)
class Alert:
    """The remembered state of one (rule, CI, instance): ok, pending, firing, recovering. UNKNOWN never resolves it.

    All that its timers need is in it (ms): `since` the problem is there, or all is well; `samples` fresh samples seen
    while pending, the last at `seen_at`; `keep_until` it goes on recovering; `bits`, whether it fired at each of the
    last evaluated states, the oldest first, "" while they are all alike. `episode`: how often it has begun to fire.

    Above it lies what holds it back: `suppressed` by these reasons, those of them with a name in `held_by` (kept while
    it lasts, to tell what it began under), to be looked at again at `look_at` (0: not by the clock).
    `told`: it is a cause of an incident; `lowered`: what a waiver lets it count for, "" for what it is.
    """

    rule: str
    ci_id: int
    instance: str
    state: str
    outcome: Outcome
    since: int
    changed_at: int
    evidence: Mapping[str, Value] = field(default_factory=dict)
    reason: str = ""
    episode: int = 0
    samples: int = 0
    seen_at: int = 0
    keep_until: int = 0
    bits: str = ""
    flapping: bool = False
    suppressed: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()
    look_at: int = 0
    told: bool = False
    lowered: str = ""

    @property
    def fires(self) -> bool:
        return self.state in ("firing", "recovering")

    @property
    def is_timed(self) -> bool:
        """Whether time, or the same facts seen again, can move it while no fact does."""
        return self.state in ("pending", "recovering") or bool(self.bits)
