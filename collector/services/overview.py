"""The first page: this host and what was found on it, what needs a person, one thing worth fixing, what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services import duplicates, sweeps
from collector.services.inspections import ResultRow, Rules
from collector.services.inspections import by_outcome as results_by_outcome
from collector.services.inspections import listed as results_listed
from collector.services.sweeps import Sweep
from collector.severity import rank
from collector.store.browse import agents, cis, facts, findings, incidents
from collector.store.browse.alerts import AlertQuery
from collector.store.browse.cis import CiRow
from collector.store.browse.facts import SectionRow
from collector.store.browse.findings import FindingQuery, FindingRow
from collector.store.browse.incident_query import IncidentQuery
from collector.store.browse.incidents import IncidentRow
from collector.store.browse.page import Window
from wire.observation import Status

HOSTS = ("server", "pc", "unknown")
COUNTED = (
    "packages", "services", "listening_ports", "filesystems", "interfaces", "users", "certificates", "containers",
)  # fmt: skip
"""Sections whose number of elements says at a glance that the inventory is whole."""
RECENT = 5


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing worth fixing. `kind`: incident, finding, problem, denied, unknown; the rest is set by kind."""

    kind: str
    incident: IncidentRow | None = None
    finding: FindingRow | None = None
    result: ResultRow | None = None
    sections: tuple[SectionRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """What the first page shows. Counts are of what is open now; `host` is None until the first inventory came.

    `proposed`: CIs nobody has registered yet. `sweep`: the one under way. `is_planned`: whether any plan stands.
    """

    host: CiRow | None
    found: Mapping[str, int]
    cis: Mapping[str, int]
    agents: Mapping[str, int]
    incidents: Mapping[str, int]
    findings: int
    outcomes: Mapping[str, int]
    cases: int
    proposed: int = 0
    sweep: Sweep | None = None
    is_planned: bool = True
    latest_incidents: tuple[IncidentRow, ...] = ()
    latest_findings: tuple[FindingRow, ...] = ()
    fix: Fix | None = None
    agents_total: int = field(default=0)


async def overview(connection: AsyncConnection, rules: Rules, hostname: str, silent_before: int) -> Overview:
    """Return the first page; `hostname` is this machine's own."""
    host = await _host(connection, hostname)
    raised = await incidents.list_incidents(connection, IncidentQuery(states=("open",)), Window(50))
    open_findings = await findings.list_findings(connection, FindingQuery(states=("open",)), Window(RECENT))
    by_class, by_ci_state = Counter[str](), Counter[str]()
    for (ci_class, _, state), number in (await cis.by_class(connection)).items():
        by_ci_state[state] += number
        if state not in ("retired", "archived"):
            by_class[ci_class] += number
    newest = await sweeps.recent(connection, 1)
    by_state = await agents.by_state(connection, silent_before)
    counted = await facts.count_by_section(connection, host.id) if host else {}
    return Overview(
        host=host,
        found={name: counted[name] for name in COUNTED if counted.get(name)},
        cis=by_class,
        agents=by_state,
        incidents=await incidents.count_open(connection),
        findings=open_findings.count,
        outcomes=await results_by_outcome(connection),
        cases=await duplicates.count_open(connection),
        proposed=by_ci_state["proposed"],
        sweep=newest[0] if newest and not newest[0].has_ended else None,
        is_planned=bool(newest) or bool(await sweeps.plans(connection)),
        latest_incidents=raised.items[:RECENT],
        latest_findings=open_findings.items,
        fix=await _fix(connection, rules, raised.items, open_findings.items, host),
        agents_total=sum(by_state.values()),
    )


async def _host(connection: AsyncConnection, hostname: str) -> CiRow | None:
    mine = await agents.host_of(connection, hostname)
    if mine is not None:
        return await cis.one(connection, mine.uid)
    first = await cis.first_hosts(connection, HOSTS, 1)
    return first[0] if first else None


async def _fix(
    connection: AsyncConnection,
    rules: Rules,
    raised: tuple[IncidentRow, ...],
    moved: tuple[FindingRow, ...],
    host: CiRow | None,
) -> Fix | None:
    if raised:
        return Fix("incident", incident=min(raised, key=_severity))
    if moved:
        return Fix("finding", finding=moved[0])
    for outcome, kind in (("PROBLEM", "problem"), ("UNKNOWN", "unknown")):
        page = await results_listed(connection, rules, AlertQuery(outcomes=(outcome,)), Window(1))
        if page.items:
            return Fix(kind, result=page.items[0])
    return await _denied(connection, host) if host else None


async def _denied(connection: AsyncConnection, host: CiRow) -> Fix | None:
    sections = tuple(each for each in await facts.sections(connection, host.id) if each.status is Status.DENIED)
    return Fix("denied", sections=sections) if sections else None


def _severity(incident: IncidentRow) -> tuple[int, int]:
    return (-rank(incident.severity), incident.opened_at)
