"""Roles and what they permit."""

from __future__ import annotations

import pytest

from collector.security.roles import (
    CLASSES,
    FIRST_ROLES,
    ROLES,
    BadRoles,
    Permission,
    administers,
    check_roles,
    permissions,
    supervises,
)
from collector.web.words import CLASSES as SHOWN_CLASSES


def test_the_roles_of_the_regulation_are_all_there_and_one_for_other_systems() -> None:
    assert set(ROLES) == {
        "viewer", "service_desk", "engineer", "specialist", "incident_manager", "change_initiator",
        "change_supervisor", "change_manager", "config_admin", "network_admin", "ops", "knowledge_manager", "auditor",
        "system_admin", "alert_source",
    }  # fmt: skip


def test_who_administers_accounts_sees_no_business_data() -> None:
    assert permissions(["system_admin"]) == {
        Permission.OWN, Permission.METRICS_READ, Permission.ACCOUNTS_READ, Permission.ACCOUNTS_WRITE,
        Permission.CHANNELS_READ, Permission.CHANNELS_WRITE,
    }  # fmt: skip


def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    allowed = permissions(["auditor"])
    assert {each for each in Permission if each.endswith(":read")} <= allowed
    assert not [each for each in allowed if not each.endswith(":read") and each != Permission.OWN]


def test_only_operations_enrol_and_ban() -> None:
    for permission in (Permission.AGENTS_ENROL, Permission.AGENTS_BAN):
        assert [role for role, allowed in ROLES.items() if permission in allowed] == ["ops"]


def test_only_configuration_administrators_write_cis_each_in_the_classes_of_the_role() -> None:
    assert [role for role, allowed in ROLES.items() if Permission.CIS_WRITE in allowed] == ["config_admin"]
    assert administers(["viewer", "config_admin:network,security"], "security")
    assert not administers(["config_admin:network,security"], "server")
    assert not administers(["config_admin:network"], "unknown")
    assert all(administers(["config_admin:*"], each) for each in (*CLASSES, "unknown"))
    assert not administers(["viewer", "network_admin"], "network")


def test_supervisors_decide_on_all_changes_or_on_those_of_their_classes() -> None:
    assert supervises(["viewer", "change_supervisor"]) is None
    assert supervises(["change_supervisor:network,security", "config_admin:*"]) == {"network", "security"}
    assert check_roles(["change_supervisor:network"]) == ("change_supervisor:network",)
    for wrong in ("change_supervisor:", "change_supervisor:nonsense", "change_manager:network"):
        with pytest.raises(BadRoles):
            check_roles([wrong])


def test_nobody_without_a_role_may_more_than_their_own_account() -> None:
    assert permissions([]) == {Permission.OWN}
    assert permissions(["a role of a newer program"]) == {Permission.OWN}


def test_the_first_account_administers_everything_and_audits_nothing() -> None:
    assert check_roles(FIRST_ROLES) == FIRST_ROLES
    assert permissions(FIRST_ROLES) == set(Permission) - {Permission.AUDIT_READ, Permission.ALERTS_SEND}


def test_only_other_systems_tell_of_alerts_and_they_do_nothing_else() -> None:
    assert [role for role, allowed in ROLES.items() if Permission.ALERTS_SEND in allowed] == ["alert_source"]
    assert permissions(["alert_source"]) == {Permission.OWN, Permission.ALERTS_SEND}


def test_only_who_audits_reads_the_audit_log() -> None:
    assert [role for role, allowed in ROLES.items() if Permission.AUDIT_READ in allowed] == ["auditor"]


@pytest.mark.parametrize(
    "roles",
    [
        ["king"],
        ["config_admin"],
        ["config_admin:"],
        ["config_admin:kings"],
        ["config_admin:server,"],
        ["viewer:server"],
        ["auditor", "ops"],
        ["auditor", "system_admin"],
        ["auditor", "config_admin:*"],
    ],
)
def test_roles_that_cannot_be_given_are_refused(roles: list[str]) -> None:
    with pytest.raises(BadRoles):
        check_roles(roles)


def test_roles_are_kept_sorted_and_once() -> None:
    assert check_roles(["viewer", "auditor", "viewer"]) == ("auditor", "viewer")
    assert check_roles([f"config_admin:{','.join(CLASSES)}"])


def test_classes_of_configuration_admins_are_those_of_the_pages() -> None:
    assert {*CLASSES, "unknown"} == set(SHOWN_CLASSES)
