"""What notifications and lines mean: each maker's own words, as its manuals print them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.asking import Address, Oid
from discovery.lined import BadDefinition
from discovery.receiver.heard import Heard
from discovery.receiver.syslog import read
from discovery.receiver.translating import COMMUNITY, MAX_FIELD, MAX_MESSAGE, load, shipped
from discovery.snmp.notification import Notification
from wire.listening import EVENT_KINDS, SEVERITIES

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
IF_INDEX, IF_NAME, IF_DESCR = "1.3.6.1.2.1.2.2.1.1.7", "1.3.6.1.2.1.31.1.1.1.1.7", "1.3.6.1.2.1.2.2.1.2.7"


def of(oid: str, variables: dict[str, object] | None = None, authentic: bool = False) -> Heard:
    return shipped().of_notification(Notification(oid, variables or {}), authentic)  # type: ignore[arg-type]


def of_line(text: str, priority: int = 189) -> Heard | None:
    return shipped().of_line(read(f"<{priority}>{text}".encode()))


# --- notifications


@pytest.mark.parametrize(("oid", "variables", "kind", "object_"), [
    ("1.3.6.1.6.3.1.1.5.1", {}, "cold_start", ""),
    ("1.3.6.1.6.3.1.1.5.2", {}, "warm_start", ""),
    ("1.3.6.1.6.3.1.1.5.3", {IF_INDEX: 7, IF_NAME: b"Gi1/0/7"}, "link_down", "Gi1/0/7"),
    ("1.3.6.1.6.3.1.1.5.3", {IF_INDEX: 7, IF_DESCR: b"GigabitEthernet1/0/7"}, "link_down", "GigabitEthernet1/0/7"),
    ("1.3.6.1.6.3.1.1.5.4", {IF_INDEX: 7}, "link_up", "ifIndex 7"),
    ("1.3.6.1.6.3.1.1.5.5", {}, "authentication_failure", ""),
    ("1.3.6.1.2.1.33.2.1", {}, "ups_on_battery", ""),
    ("1.3.6.1.2.1.33.2.0.1", {}, "ups_on_battery", ""),  # as a v1 trap is named
    ("1.3.6.1.2.1.33.2.3", {"1.3.6.1.2.1.33.1.6.2.1.2.4": Oid("1.3.6.1.2.1.33.1.6.3.3")}, "ups_low_battery", ""),
    ("1.3.6.1.2.1.33.2.3", {"1.3.6.1.2.1.33.1.6.2.1.2.4": Oid("1.3.6.1.2.1.33.1.6.3.9")}, "other", ""),
    ("1.3.6.1.2.1.33.2.4", {"1.3.6.1.2.1.33.1.6.2.1.2.4": Oid("1.3.6.1.2.1.33.1.6.3.2")}, "ups_power_restored", ""),
    ("1.3.6.1.4.1.318.0.5", {}, "ups_on_battery", ""),
    ("1.3.6.1.4.1.318.0.9", {}, "ups_power_restored", ""),
    ("1.3.6.1.4.1.9.9.43.2.0.1", {"1.3.6.1.4.1.9.9.43.1.1.6.1.5.70": 3}, "config_changed", ""),
    ("1.3.6.1.4.1.9.9.43.2.0.1", {"1.3.6.1.4.1.9.9.43.1.1.6.1.5.70": 4}, "other", ""),  # saved, not changed
    ("1.3.6.1.4.1.25506.2.4.2.1", {"1.3.6.1.4.1.25506.2.4.1.1.6.1.5.1": 2}, "config_changed", ""),
    ("1.3.6.1.4.1.2011.5.25.191.3.1", {}, "config_changed", ""),
    ("1.3.6.1.4.1.99999.0.1", {}, "other", ""),
])  # fmt: skip
def test_a_notification_means_what_its_mib_says(
    oid: str, variables: dict[str, object], kind: str, object_: str
) -> None:
    heard = of(oid, variables)
    assert (heard.kind, heard.object, heard.source, heard.oid) == (kind, object_, "trap", oid)


def test_who_changed_the_configuration_is_told_where_the_notification_tells_it() -> None:
    changed = of("1.3.6.1.4.1.2011.6.10.2.1", {
        "1.3.6.1.4.1.2011.6.10.1.1.7.1.5.20": 2, "1.3.6.1.4.1.2011.6.10.1.1.7.1.7.20": b"wang",
        "1.3.6.1.4.1.2011.6.10.1.1.7.1.10.20": Address(bytes((10, 0, 0, 5))),
    })  # fmt: skip
    assert (changed.kind, changed.actor, changed.origin) == ("config_changed", "wang", "10.0.0.5")
    junos = of("1.3.6.1.4.1.2636.4.5.0.1", {"1.3.6.1.4.1.2636.3.18.1.7.1.5.54": b"ops"}, authentic=True)
    assert (junos.kind, junos.actor, junos.authentic) == ("config_changed", "ops", True)


def test_the_community_that_a_proxy_adds_is_never_told() -> None:
    heard = of("1.3.6.1.4.1.99999.0.1", {COMMUNITY: b"roster-secret", "1.3.6.1.4.1.99999.1.0": b"text"})
    assert "roster-secret" not in repr(heard)
    assert heard.message == "1.3.6.1.4.1.99999.0.1; 1.3.6.1.4.1.99999.1.0 = text"


# --- lines


@pytest.mark.parametrize(("line", "expected"), [
    # Cisco IOS, Arista EOS, Ruijie RGOS
    ("29: sw1: *Mar  1 18:46:11.1: %SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.5)",
     ("config_changed", "", "admin", "10.0.0.5")),
    ("30: %SYS-5-CONFIG_I: Configured from console by console", ("config_changed", "", "console", "")),
    ("%SYS-5-CONFIG_I: Configured from console by admin on vty0(10.0.0.5)",
     ("config_changed", "", "admin", "10.0.0.5")),
    ("%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down",
     ("link_down", "GigabitEthernet0/1", "", "")),
    ("%LINK-5-CHANGED: Interface Gi0/1, changed state to administratively down", ("link_down", "Gi0/1", "", "")),
    ("%LINEPROTO-5-UPDOWN: Line protocol on Interface TenGigabitEthernet 0/49, changed state to up.",
     ("link_up", "TenGigabitEthernet 0/49", "", "")),
    ("%SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: ops] [Source: 10.0.0.5] [localport: 22] at 10:00:00",
     ("login", "", "ops", "10.0.0.5")),
    ("%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: ops] [Source: 10.0.0.5] [localport: 22] [Reason: bad]",
     ("login_failed", "", "ops", "10.0.0.5")),
    ("Aaa: %AAA-5-LOGIN: user ops logged in [from: 10.0.0.5] [service: sshd]", ("login", "", "ops", "10.0.0.5")),
    ("%AAA-4-LOGIN_FAILED: user x failed to login [from: 10.0.0.5] [service: sshd] [reason: Authentication failed]",
     ("login_failed", "", "x", "10.0.0.5")),
    ("%SYS-5-RESTART: System restarted --", ("cold_start", "", "", "")),
    ("%SYS-5-RELOAD: Reload requested by admin on vty0 (10.0.0.5). Reload Reason: Reload command.",
     ("reboot", "", "admin", "")),
    # Cisco NX-OS
    (": 2018 Apr 22 10:27:53 CDT: %VSHD-5-VSHD_SYSLOG_CONFIG_I: Configured from vty by admin on 10.0.0.5@pts/0",
     ("config_changed", "", "admin", "10.0.0.5")),
    ("%ETHPORT-5-IF_DOWN_LINK_FAILURE: Interface Ethernet1/4 is down (Link failure)",
     ("link_down", "Ethernet1/4", "", "")),
    ("%ETHPORT-5-IF_UP: Interface Ethernet1/4 is up in mode trunk", ("link_up", "Ethernet1/4", "", "")),
    # Cisco ASA
    ("%ASA-5-111010: User 'admin', running 'CLI' from IP 10.0.0.5, executed 'logging on'",
     ("config_changed", "", "admin", "10.0.0.5")),
    ("%ASA-5-111008: User 'admin' executed the 'show version' command.", ("command", "", "admin", "")),
    ('%ASA-6-605005: Login permitted from 10.0.0.5/4711 to inside:10.0.0.1/ssh for user "admin"',
     ("login", "", "admin", "10.0.0.5")),
    ('%ASA-6-605004: Login denied from 10.0.0.5/4711 to inside:10.0.0.1/ssh for user "x"',
     ("login_failed", "", "x", "10.0.0.5")),
    ("%ASA-4-411002: Line protocol on Interface inside, changed state to down", ("link_down", "inside", "", "")),
    # Huawei VRP
    ('%%01CONFIGURATION/6/hwCfgManEventlog(t):CID=0x80-OID=1.3.6.1.4.1.2011.6.10.2.1;Configuration was changed. '
     '(LogIndex=1, SrcCmd=1, SrcData=2, DestData=2, TerUser="wang", SrcAddr=10.0.0.5, ConfigChangeId=13)',
     ("config_changed", "", "wang", "10.0.0.5")),
    ('%%01CONFIGURATION/6/hwcfgmaneventlog(t):Configuration file was changed. '
     '(SrcCmd=1, SrcData=2, DestData=4, TerUser="wang", SrcAddr=10.0.0.5)', ("command", "", "wang", "10.0.0.5")),
    ("Huawei DS/4/DATASYNC_CFGCHANGE:OID 1.3.6.1.4.1.2011.5.25.191.3.1 configurations have been changed. Number 1.",
     ("config_changed", "", "", "")),
    ("%%01IFNET/4/IF_STATE(l)[231]:Interface GigabitEthernet0/0/1 has turned into DOWN state.",
     ("link_down", "GigabitEthernet0/0/1", "", "")),
    ("%%01IFPDT/4/IF_STATE(l)[0]:Interface GigabitEthernet0/0/1 has turned into UP state.",
     ("link_up", "GigabitEthernet0/0/1", "", "")),
    ("LINE/5/VTYUSERLOGIN:OID 1.3.6.1.4.1.2011.5.25.207.2.2 A user login. (UserIndex=34, UserName=wang, "
     "UserIP=10.0.0.5, UserChannel=VTY0)", ("login", "", "wang", "10.0.0.5")),
    ("LINE/5/VTYUSERLOGINFAIL:OID 1.3.6.1.4.1.2011.5.25.207.2.4 A user login fail. (UserIndex=34, UserName=x, "
     "UserIP=10.0.0.5, UserChannel=VTY0)", ("login_failed", "", "x", "10.0.0.5")),
    ('%%01SHELL/5/CMDRECORD(s)[3]:Recorded command information. (Task=vt0, Ip=10.0.0.5, VpnName=, User=wang, '
     'AuthenticationMethod="Local-user", Command="display version")', ("command", "", "wang", "10.0.0.5")),
    # H3C Comware
    ("%%10CFGMAN/5/CFGMAN_CFGCHANGED: -EventIndex=12-CommandSource=2-ConfigSource=4-ConfigDestination=2; "
     "Configuration changed.", ("config_changed", "", "", "")),
    ("%%10IFNET/3/PHY_UPDOWN: Physical state on the interface GigabitEthernet1/0/1 changed to down.",
     ("link_down", "GigabitEthernet1/0/1", "", "")),
    ("%%10IFNET/5/LINK_UPDOWN: Line protocol state on the interface Vlan-interface10 changed to up.",
     ("link_up", "Vlan-interface10", "", "")),
    ("%%10IFNET/3/LINK_UPDOWN(l): GigabitEthernet2 link status is DOWN", ("link_down", "GigabitEthernet2", "", "")),
    ("%%10SHELL/5/SHELL_LOGIN(l): -DevIP=10.10.2.104; zhao logged in from 10.0.0.5.",
     ("login", "", "zhao", "10.0.0.5")),
    ("%%10SHELL/5/SHELL_LOGINFAIL(l): SSH user zhao failed to log in from 10.0.0.5 on VTY0..",
     ("login_failed", "", "zhao", "10.0.0.5")),
    ("%%10SHELL/6/SHELL_CMD: -Line=vty0-IPAddr=10.0.0.5-User=zhao; Command is display version",
     ("command", "", "zhao", "10.0.0.5")),
    # Juniper Junos
    ("mgd[3046]: UI_COMMIT: User 'ops' requested 'commit' operation (comment: none)",
     ("config_changed", "", "ops", "")),
    ("mib2d[1]: SNMP_TRAP_LINK_DOWN: ifIndex 528, ifAdminStatus up(1), ifOperStatus down(2), ifName ge-0/0/1",
     ("link_down", "ge-0/0/1", "", "")),
    ("mgd[1]: UI_LOGIN_EVENT: User 'ops' login, class 'j-super-user' [1], ssh-connection '10.0.0.5 4711 10.0.0.1 22', "
     "client-mode 'cli'", ("login", "", "ops", "10.0.0.5")),
    ("sshd: SSHD_LOGIN_FAILED: Login failed for user 'root' from host '10.0.0.5'",
     ("login_failed", "", "root", "10.0.0.5")),
    # Fortinet FortiOS
    ('date=2026-01-01 time=08:41:14 devname=fw logid="0100044546" type="event" level="information" '
     'logdesc="Attribute configured" user="admin" ui="GUI(10.0.0.5)" action="Edit" cfgpath="log.setting" msg="Edit"',
     ("config_changed", "", "admin", "10.0.0.5")),
    ('logid="0100020022" type="event" logdesc="Interface status changed" action="interface-stat-change" '
     'status="DOWN" msg="Interface port3 changed status to DOWN."', ("link_down", "port3", "", "")),
    ('logdesc="Admin login successful" sn="1" user="admin" ui="ssh(10.0.0.5)" method="ssh" srcip=10.0.0.5',
     ("login", "", "admin", "10.0.0.5")),
    # MikroTik RouterOS
    ("system,info,account user admin logged in from 10.0.0.5 via ssh", ("login", "", "admin", "10.0.0.5")),
    ("system,error,critical login failure for user x from 10.0.0.5 via winbox", ("login_failed", "", "x", "10.0.0.5")),
    ("interface,info ether1 link down", ("link_down", "ether1", "", "")),
    ("system,info filter rule changed by admin", ("config_changed", "", "admin", "")),
    # Linux
    ("Oct 11 22:14:15 web1 sshd[812]: Accepted publickey for ops from 10.0.0.5 port 4711 ssh2: ED25519 SHA256:x",
     ("login", "", "ops", "10.0.0.5")),
    ("Oct 11 22:14:15 web1 sshd[812]: Failed password for invalid user x from 10.0.0.5 port 4711 ssh2",
     ("login_failed", "", "x", "10.0.0.5")),
    ("Oct 11 22:14:15 web1 sudo:      ops : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/usr/bin/apt install x",
     ("command", "", "ops", "")),
    ("Oct 11 22:14:15 web1 kernel: [  12.3] e1000e 0000:00:19.0 eth0: NIC Link is Down", ("link_down", "eth0", "", "")),
    ("Oct 11 22:14:15 web1 systemd-logind[1]: System is rebooting.", ("reboot", "", "", "")),
])  # fmt: skip
def test_a_line_means_what_its_maker_says(line: str, expected: tuple[str, str, str, str]) -> None:
    heard = of_line(line)
    assert heard
    assert (heard.kind, heard.object, heard.actor, heard.origin) == expected
    assert heard.source == "syslog"


def test_a_line_nobody_knows_is_told_when_it_is_a_warning_and_those_alike_are_folded() -> None:
    first, second = of_line("app: worker 17 died", 4), of_line("app: worker 4 died", 4)
    assert first
    assert second
    assert (first.kind, first.severity, first.message) == ("other", "warning", "app: worker 17 died")
    assert first.fold == second.fold
    assert of_line("app: worker 17 started", 6) is None


def test_a_command_is_told_without_the_secrets_typed_into_it() -> None:
    heard = of_line('SHELL/5/CMDRECORD: (Ip=10.0.0.5, User=wang, Command="snmp-agent community read cipher Tr0ub")')
    assert heard
    assert heard.actor == "wang"
    assert "Tr0ub" not in repr(heard)
    sudo = of_line("h sudo: ops : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/mysql -psesame")
    assert sudo
    assert sudo.message.endswith("COMMAND=/usr/bin/mysql")


@given(st.text(max_size=400), st.integers(0, 191))
def test_any_line_is_understood_in_bounds(text: str, priority: int) -> None:
    heard = shipped().of_line(read(f"<{priority}>{text}".encode("utf-8", "surrogatepass")))
    if heard:
        assert heard.kind in EVENT_KINDS
        assert heard.severity in SEVERITIES
        assert len(heard.message) <= MAX_MESSAGE
        assert max(map(len, (heard.object, heard.actor, heard.origin))) <= MAX_FIELD


@given(st.dictionaries(st.sampled_from([IF_INDEX, IF_NAME, IF_DESCR, "1.3.6.1.4.1.9.1"]),
                       st.one_of(st.integers(), st.binary(max_size=500))))  # fmt: skip
def test_any_variables_are_understood_in_bounds(variables: dict[str, object]) -> None:
    for oid in (LINK_DOWN, "1.3.6.1.2.1.33.2.3", "1.3.6.1.4.1.99999.0.1"):
        heard = of(oid, variables)
        assert len(heard.message) <= MAX_MESSAGE
        assert len(heard.object) <= MAX_FIELD + len("ifIndex ")


@pytest.mark.parametrize(("text", "line"), [
    ("notifications: []\nsyslog:\n  - {kind: nonsense, pattern: x}\n", 3),
    ("notifications: []\nsyslog:\n  - {kind: login, pattern: '(?=x)'}\n", 3),
    ("notifications:\n  - {oid: 1.3.6.1, kind: other}\nsyslog: []\n", 2),
    ("notifications:\n  - {oid: 1.3.6.1, name: x, kind: other, severity: grave}\nsyslog: []\n", 2),
    ("syslog: []\n", 1),
])  # fmt: skip
def test_a_mistake_in_the_file_is_named_by_its_line(tmp_path: Path, text: str, line: int) -> None:
    file = tmp_path / "translation.yaml"
    file.write_text(text)
    with pytest.raises(BadDefinition, match=f":{line}: "):
        load(file)
