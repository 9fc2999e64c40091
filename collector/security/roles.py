"""The roles of the regulation and what each may do: the one table every route is checked against."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping

CLASSES = (
    "server", "security", "storage", "environment", "network", "pc", "auxiliary", "application", "system_software",
)  # fmt: skip
"""The classes a configuration administrator can be made responsible for."""


class Permission(enum.StrEnum):
    """What a route asks for. Each route names exactly one, or is public on purpose."""

    OWN = "own"
    """One's own account: password, tokens, language."""
    CIS_READ = "cis:read"
    FINDINGS_READ = "findings:read"
    INCIDENTS_READ = "incidents:read"
    RULES_READ = "rules:read"
    AGENTS_READ = "agents:read"
    AGENTS_ENROL = "agents:enrol"
    AGENTS_BAN = "agents:ban"
    METRICS_READ = "metrics:read"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"


P = Permission
_READ = frozenset({P.OWN, P.CIS_READ, P.FINDINGS_READ, P.INCIDENTS_READ, P.RULES_READ, P.AGENTS_READ})

ROLES: Mapping[str, frozenset[Permission]] = {
    "viewer": _READ,
    "service_desk": _READ,
    "engineer": _READ,
    "specialist": _READ,
    "incident_manager": _READ,
    "change_initiator": _READ,
    "change_supervisor": _READ,
    "change_manager": _READ,
    "config_admin": _READ,
    "network_admin": _READ | {P.METRICS_READ},
    "ops": _READ | {P.AGENTS_ENROL, P.AGENTS_BAN, P.METRICS_READ},
    "knowledge_manager": _READ,
    "auditor": _READ | {P.ACCOUNTS_READ, P.METRICS_READ},
    "system_admin": frozenset({P.OWN, P.METRICS_READ, P.ACCOUNTS_READ, P.ACCOUNTS_WRITE}),
}

FIRST_ROLES = ("config_admin:*", "incident_manager", "knowledge_manager", "network_admin", "ops", "system_admin")
"""What the first account holds: every administering role that does not exclude another one of them."""

_READERS = frozenset({"viewer", "auditor"})
_SCOPED = "config_admin"
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


def _name(role: str) -> str:
    name, colon, scope = role.partition(":")
    if name not in ROLES:
        raise BadRoles(f"there is no role {role}")
    if (name == _SCOPED) != bool(colon):
        raise BadRoles(f"{_SCOPED} names its classes, other roles none: {role}")
    if colon and (not _SCOPE.fullmatch(scope) or not set(scope.split(",")) <= {*CLASSES, "*"}):
        raise BadRoles(f"no such class: {role}")
    return name
