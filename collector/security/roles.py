"""The roles of the regulation and what each may do: the one table every route is checked against."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Iterable, Mapping

CLASSES = (
    "server", "security", "storage", "environment", "network", "pc", "auxiliary", "application", "system_software",
)  # fmt: skip
"""The classes a configuration administrator can be made responsible for."""


class Permission(enum.StrEnum):
    """What a route asks for. Each route names exactly one, or is public on purpose."""

    OWN = "own"
    """One's own account: password, tokens, language."""
    CIS_READ = "cis:read"
    CIS_WRITE = "cis:write"
    """To register CIs and to write their records, each in the classes one administers: see `administers`."""
    CHANGES_READ = "changes:read"
    CHANGES_RAISE = "changes:raise"
    CHANGES_WRITE = "changes:write"
    """To take part in changes; which step is whose, the change itself says: see `collector.change.flow`."""
    CHANGES_GOVERN = "changes:govern"
    """To decide on templates and to set freezes."""
    TICKETS_READ = "tickets:read"
    """To see which systems changes are taken from; what logs in there nobody sees."""
    FINDINGS_READ = "findings:read"
    FINDINGS_ANSWER = "findings:answer"
    """To answer what moved without approval, in the classes whose changes one supervises."""
    STOCKTAKES_COUNT = "stocktakes:count"
    """To say what one sees in a stock-take, if one counts in it."""
    INCIDENTS_READ = "incidents:read"
    INCIDENTS_REPORT = "incidents:report"
    """To report what is broken, and to follow what one reported."""
    INCIDENTS_WORK = "incidents:work"
    """To take part in incidents; which step is whose, the incident itself says."""
    ALERTS_SEND = "alerts:send"
    """To tell of alerts, which make monitoring incidents and end them: other systems, no person."""
    INCIDENTS_MANAGE = "incidents:manage"
    """To merge, to overrule a priority, to answer what was escalated."""
    RULES_READ = "rules:read"
    RULES_WAIVE = "rules:waive"
    """To ask for waivers and to grant those of others; to set maintenance windows."""
    INSPECTIONS_READ = "inspections:read"
    INSPECTIONS_DO = "inspections:do"
    """To fill in and sign what one is assigned."""
    INSPECTIONS_PLAN = "inspections:plan"
    KNOWLEDGE_READ = "knowledge:read"
    DRAFTS_READ = "drafts:read"
    """Also articles that are not published."""
    KNOWLEDGE_VOTE = "knowledge:vote"
    """To say whether an article helped."""
    KNOWLEDGE_WRITE = "knowledge:write"
    KNOWLEDGE_PUBLISH = "knowledge:publish"
    CHANNELS_READ = "channels:read"
    """To see which there are; what is secret in them nobody sees."""
    CHANNELS_WRITE = "channels:write"
    AGENTS_READ = "agents:read"
    AGENTS_ENROL = "agents:enrol"
    AGENTS_BAN = "agents:ban"
    SWEEPS_READ = "sweeps:read"
    SWEEPS_WRITE = "sweeps:write"
    CREDENTIALS_READ = "credentials:read"
    """To see which there are, and the keys of addresses; what is secret in them nobody sees."""
    CREDENTIALS_WRITE = "credentials:write"
    METRICS_READ = "metrics:read"
    AUDIT_READ = "audit:read"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"


P = Permission
_READ = frozenset({
    P.OWN, P.CIS_READ, P.CHANGES_READ, P.FINDINGS_READ, P.INCIDENTS_READ, P.RULES_READ, P.AGENTS_READ, P.SWEEPS_READ,
    P.INSPECTIONS_READ, P.KNOWLEDGE_READ,
})  # fmt: skip
_TELL = _READ | {P.INCIDENTS_REPORT, P.KNOWLEDGE_VOTE}
_WORK = _TELL | {
    P.CHANGES_WRITE, P.STOCKTAKES_COUNT, P.INCIDENTS_WORK, P.INSPECTIONS_DO, P.DRAFTS_READ, P.KNOWLEDGE_WRITE,
}  # fmt: skip
_ASK = _WORK | {P.CHANGES_RAISE}
_GOVERN = frozenset({P.CHANGES_GOVERN, P.TICKETS_READ, P.FINDINGS_ANSWER})
_CHANNELS = frozenset({P.CHANNELS_READ, P.CHANNELS_WRITE})
_CREDENTIALS = frozenset({P.CREDENTIALS_READ, P.CREDENTIALS_WRITE})
_AUDIT = _READ | {
    P.DRAFTS_READ, P.CREDENTIALS_READ, P.CHANNELS_READ, P.TICKETS_READ, P.AUDIT_READ, P.ACCOUNTS_READ, P.METRICS_READ,
}  # fmt: skip

ROLES: Mapping[str, frozenset[Permission]] = {
    "viewer": _TELL,
    "service_desk": _WORK,
    "engineer": _WORK,
    "specialist": _WORK | {P.RULES_WAIVE},
    "incident_manager": _WORK | _CHANNELS | {P.INCIDENTS_MANAGE, P.RULES_WAIVE, P.INSPECTIONS_PLAN},
    "change_initiator": _ASK,
    "change_supervisor": _WORK | _GOVERN,
    "change_manager": _ASK | _GOVERN | {P.RULES_WAIVE},
    "config_admin": _ASK | {P.CIS_WRITE},
    "network_admin": _ASK | _CREDENTIALS | {P.METRICS_READ, P.SWEEPS_WRITE},
    "ops": _WORK | {P.AGENTS_ENROL, P.AGENTS_BAN, P.METRICS_READ},
    "knowledge_manager": _TELL | {P.DRAFTS_READ, P.KNOWLEDGE_WRITE, P.KNOWLEDGE_PUBLISH},
    "auditor": _AUDIT,
    "alert_source": frozenset({P.OWN, P.ALERTS_SEND}),
    "system_admin": _CHANNELS | {P.OWN, P.METRICS_READ, P.ACCOUNTS_READ, P.ACCOUNTS_WRITE},
}

FIRST_ROLES = (
    "change_manager",
    "config_admin:*",
    "incident_manager",
    "knowledge_manager",
    "network_admin",
    "ops",
    "system_admin",
)
"""What the first account holds: every administering role that does not exclude another one of them."""

_READERS = frozenset({"viewer", "auditor"})
_SCOPED, _SUPERVISES = "config_admin", "change_supervisor"
_SCOPE = re.compile(r"\*|[a-z_]+(,[a-z_]+)*")


class BadRoles(ValueError):
    """The roles cannot be given like this; the message says why."""


def check_roles(roles: Iterable[str]) -> tuple[str, ...]:
    """Return `roles` sorted and without doubles; raise `BadRoles` for one that is unknown or excludes another."""
    given = tuple(sorted(set(roles)))
    names = {_name(role) for role in given}
    if "auditor" in names and names - _READERS:
        raise BadRoles("who audits changes nothing: auditor goes with viewer only")
    return given


def permissions(roles: Iterable[str]) -> frozenset[Permission]:
    """Return all that `roles` permit; a role this program does not know permits nothing."""
    return frozenset({P.OWN}).union(*(ROLES.get(role.partition(":")[0], frozenset()) for role in roles))


def administers(roles: Iterable[str], ci_class: str) -> bool:
    """Return whether `roles` make somebody the configuration administrator of a class; of `unknown`: of every class."""
    return bool({"*", ci_class} & _scope(roles))


def administrators(people: Mapping[str, Collection[str]], ci_class: str) -> list[str]:
    """Return who of these people (name → roles) administers a class: those named for it, else those of all classes."""
    named = [name for name, roles in people.items() if ci_class in _scope(roles)]
    return named or [name for name, roles in people.items() if "*" in _scope(roles)]


def _scope(roles: Iterable[str]) -> set[str]:
    scopes = (scope.split(",") for name, _, scope in (role.partition(":") for role in roles) if name == _SCOPED)
    return {each for scope in scopes for each in scope}


def supervises(roles: Iterable[str]) -> frozenset[str] | None:
    """Return which classes of changes the role of a supervisor is held to; None: to none, all are theirs."""
    scopes = [scope for name, _, scope in (role.partition(":") for role in roles) if name == _SUPERVISES]
    if not scopes or any(scope in ("", "*") for scope in scopes):
        return None
    return frozenset(each for scope in scopes for each in scope.split(","))


def _name(role: str) -> str:
    name, colon, scope = role.partition(":")
    if name not in ROLES:
        raise BadRoles(f"there is no role {role}")
    if name != _SUPERVISES and (name == _SCOPED) != bool(colon):
        raise BadRoles(f"{_SCOPED} names its classes, {_SUPERVISES} may, other roles name none: {role}")
    if colon and (not _SCOPE.fullmatch(scope) or not set(scope.split(",")) <= {*CLASSES, "*"}):
        raise BadRoles(f"no such class: {role}")
    return name
