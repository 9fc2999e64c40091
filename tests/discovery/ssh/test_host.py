"""What a Linux host's commands print, read as sections; whatever they print, by one declared error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.failures import Failed
from discovery.ssh.host import (
    READINGS,
    SYSTEMS,
    boot_time,
    chassis,
    installed_memory,
    operating_system,
    processors,
    survey,
    users,
)
from discovery.ssh.host_network import interfaces, listening_ports
from discovery.ssh.host_software import packages, services
from wire.observation import Status
from wire.sections import SECTIONS, arrange, check


class Printing:
    """A terminal that answers each command with the same, or fails."""

    def __init__(self, *answers: str | Failed) -> None:
        self._answers = list(answers)

    def run(self, command: str) -> str:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Failed):
            raise answer
        return answer


def test_an_operating_system_is_named_by_os_release_and_uname() -> None:
    told = operating_system(
        'ID="rhel"\nVERSION_ID="8.6"\nPRETTY_NAME="Red Hat Enterprise Linux 8.6 (Ootpa)"\n@@\n'
        "db-erp-02.corp.example\n4.18.0-372.el8.x86_64\nx86_64\n@@\n0f1e2d3c4b5a69788796a5b4c3d2e1f0\n@@\n"
        "../usr/share/zoneinfo/Asia/Shanghai\n@@\nbtime 1767225600\n@@\n7c0b7a60-52f1-4f0e-9d3c-0123456789ab\n"
    )
    assert told == {
        "family": "linux", "id": "rhel", "version": "8.6", "name": "Red Hat Enterprise Linux 8.6 (Ootpa)",
        "hostname": "db-erp-02", "domain": "corp.example", "kernel": "4.18.0-372.el8.x86_64", "architecture": "x86_64",
        "machine_id": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "timezone": "Asia/Shanghai",
        "booted_at": "2026-01-01T00:00:00Z", "boot_id": "7c0b7a60-52f1-4f0e-9d3c-0123456789ab",
    }  # fmt: skip


def test_a_time_of_boot_that_is_none_is_left_out() -> None:
    assert [boot_time(each) for each in ("", "btime x", "btime 99999999999999", "btime -1", "btime ٣")] == [None] * 5


def test_processors_and_memory_are_counted() -> None:
    cpu = processors(
        "Architecture:        x86_64\nCPU(s):              32\nVendor ID:           HygonGenuine\n"
        "Model name:          Hygon C86 7285\nSocket(s):           2\nCore(s) per socket:  8\n"
        "CPU max MHz:         3300.0000\n"
    )
    assert cpu == {
        "model": "Hygon C86 7285", "vendor": "HygonGenuine", "sockets": 2, "cores": 16, "threads": 32, "max_mhz": 3300,
    }  # fmt: skip
    assert installed_memory("MemTotal:       65763992 kB\nSwapTotal:             0 kB\n") == {
        "total_bytes": 65763992 * 1024, "swap_bytes": 0,
    }  # fmt: skip
    for parse in (processors, installed_memory):
        with pytest.raises(Failed, match="unparsed"):
            parse("command not found")


def test_a_chassis_is_told_by_smbios_and_not_by_a_container() -> None:
    told = chassis("sys_vendor\tInspur\nproduct_name\tNF5280M5\nproduct_serial\t\nproduct_uuid\t4C4C4544-0042-3510\n")
    assert told is not None
    assert {name: value for name, value in told.items() if value} == {
        "vendor": "Inspur", "model": "NF5280M5", "uuid": "4c4c4544-0042-3510",
    }  # fmt: skip
    assert chassis("") is None


def test_interfaces_bonds_vlans_and_their_addresses_are_read() -> None:
    def link(name: str, mac: str, kind: str, marks: str = "", devtype: str = "", master: str = "") -> str:
        files = [mac, "1500", "up", "10000", "full", kind, "2", "2", ""]
        return "\t".join(
            [name, *files, marks, devtype, master, "../../bus/pci/drivers/ixgbe" if "device" in marks else ""]
        )

    rows = interfaces(
        "\n".join([
            link("lo", "00:00:00:00:00:00", "772"),
            link("ens1f0", "3c:fd:fe:00:10:01", "1", "device ", master="../bond0"),
            link("bond0", "3C:FD:FE:00:10:01", "1", "bonding lower ", "bond"),
            link("bond0.120", "3c:fd:fe:00:10:01", "1", "lower ", "vlan"),
            "@@",
            r"1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever",
            r"5: bond0.120    inet 10.20.30.40/24 brd 10.20.30.255 scope global bond0.120\   valid_lft forever",
            r"5: bond0.120    inet6 fe80::3efd:feff:fe00:1001/64 scope link \   valid_lft forever",
            r"5: bond0.120    inet6 2001:db8::9/64 scope global temporary dynamic \   valid_lft 600sec",
            r"6: tun0    inet 10.9.0.2 peer 10.9.0.1/32 scope global tun0",
            "@@",
            "VLAN Dev name    | VLAN ID",
            "bond0.120      | 120  | bond0",
        ])
    )  # fmt: skip
    assert isinstance(rows, list)
    by_name = {row["name"]: row for row in rows}
    assert by_name["ens1f0"] == {
        "name": "ens1f0", "mac": "3c:fd:fe:00:10:01", "mtu": 1500, "speed_mbps": 10000, "duplex": "full", "state": "up",
        "kind": "ethernet", "master": "bond0", "driver": "ixgbe", "addresses": [], "vlan": None,
    }  # fmt: skip
    assert (by_name["bond0"]["kind"], by_name["bond0"]["speed_mbps"], by_name["lo"]["mac"]) == ("bond", None, None)
    assert by_name["bond0.120"]["addresses"] == ["10.20.30.40/24"]
    assert (by_name["bond0.120"]["kind"], by_name["bond0.120"]["vlan"]) == ("vlan", 120)


def test_packages_of_rpm_and_dpkg_are_rows_of_one_section() -> None:
    rows = packages(
        "installed\topenssl\tamd64\t3.0.11-1~deb12u2\t\tDebian OpenSSL <x@example.org>\n"
        "config-files\tnginx\tamd64\t1.22.1-9\t\tX\n@@\n"
        "kernel\tx86_64\t4.18.0-372.9.1.el8\t1650000000\tRed Hat, Inc.\n"
        "kernel\tx86_64\t4.18.0-372.26.1.el8\t1660000000\tRed Hat, Inc.\n"
        "gpg-pubkey\t(none)\td4082792-5b32db75\t1640000000\t(none)\n"
        "bind-libs\tx86_64\t32:9.11.36-3.el8\t1650000001\t(none)\n@@\n/usr/bin/rpm\n"
    )
    assert rows == [
        {"name": "openssl", "arch": "amd64", "version": "3.0.11-1~deb12u2", "manager": "dpkg",
         "vendor": "Debian OpenSSL"},
        {"name": "kernel", "arch": "x86_64", "version": "4.18.0-372.26.1.el8", "manager": "rpm",
         "vendor": "Red Hat, Inc."},
        {"name": "bind-libs", "arch": "x86_64", "version": "32:9.11.36-3.el8", "manager": "rpm", "vendor": None},
    ]  # fmt: skip
    assert packages("@@\n@@\n") is None


def test_services_are_told_with_their_state_and_without_second_names() -> None:
    rows = services(
        "sshd.service enabled enabled\nsyslog.service alias -\ngetty@.service enabled enabled\n"
        "old.service disabled\n@@\n"
        "sshd.service loaded active running OpenSSH server daemon\n"
        "● kdump.service loaded failed failed Crash recovery kernel arming\n"
        "getty@tty1.service loaded active running Getty on tty1\n"
        "ghost.service not-found inactive dead ghost.service\n@@\n"
    )
    assert isinstance(rows, list)
    assert {row["name"]: (row["enabled"], row["state"]) for row in rows} == {
        "sshd.service": ("enabled", "running"),
        "old.service": ("disabled", "stopped"),
        "getty@tty1.service": ("enabled", "running"),
    }
    assert services("") is None


def test_listening_ports_name_who_listens() -> None:
    rows = listening_ports(
        "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
        'udp   UNCONN 0      0      127.0.0.1%lo:323   0.0.0.0:*   users:(("chronyd",pid=9,fd=5)) uid:990 ino:1 sk:1 '
        "cgroup:/system.slice/chronyd.service <->\n"
        'tcp   LISTEN 0      128    *:8080             *:*         users:(("java",pid=7,fd=9)) uid:1001 ino:2 <->\n'
        "tcp   LISTEN 0      128    [::1]:631          [::]:*      ino:3 sk:3\n@@\n"
        "root:x:0:0:root:/root:/bin/bash\ntomcat:x:1001:1001::/opt/tomcat:/sbin/nologin\n@@\n32768\t60999\n@@\n"
    )
    assert isinstance(rows, list)
    assert [
        (row["protocol"], row["address"], row["port"], row["process"], row["unit"], row["user"]) for row in rows
    ] == [
        ("udp", "127.0.0.1", 323, "chronyd", "chronyd.service", "990"),
        ("tcp", "::", 8080, "java", None, "tomcat"),
        ("tcp", "::1", 631, None, None, "root"),
    ]


def test_accounts_are_told_and_broken_lines_left_out() -> None:
    rows = users("root:x:0:0:root:/root:/bin/bash\n+::::::\nbroken\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n")
    assert isinstance(rows, list)
    assert [(row["name"], row["uid"], row["can_log_in"]) for row in rows] == [
        ("root", 0, True), ("daemon", 1, False),
    ]  # fmt: skip


def test_a_section_that_cannot_be_read_costs_only_itself() -> None:
    found = survey(Printing("Linux\n", Failed("timeout"), ""))
    assert [each.name for each in found] == [each.section for each in READINGS]
    assert found[0].status is Status.FAILED
    assert found[0].reason == "timeout"
    with pytest.raises(Failed, match="not known here: HP-UX"):
        survey(Printing("HP-UX\n"))


def test_esxi_and_aix_say_what_they_are() -> None:
    system, chassis_of = survey(
        Printing(
            "VMkernel\n",
            "   Product: VMware ESXi\n   Version: 7.0.3\n   Build: Releasebuild-19193900\n   Update: 3\n@@\n"
            "esx-07.corp.example\n7.0.3\nx86_64\n",
            "Platform Information\n   UUID: 0x4c 0x4c 0x45 0x44 0x0 0x42 0x35 0x10 0x80 0x51 0xb4 0xc0 0x4f 0x33 0x32 "
            "0x31\n   Product Name: PowerEdge R740\n   Vendor Name: Dell Inc.\n   Serial Number: 7QX1K23\n",
        )
    )
    assert isinstance(system.body, dict)
    assert isinstance(chassis_of.body, dict)
    assert (system.body["family"], system.body["version"]) == ("esxi", "7.0.3 build-19193900")
    assert (system.body["hostname"], system.body["domain"]) == ("esx-07", "corp.example")
    assert chassis_of.body == {
        "vendor": "Dell Inc.", "model": "PowerEdge R740", "serial": "7QX1K23",
        "uuid": "4c4c4544-0042-3510-8051-b4c04f333231",
    }  # fmt: skip
    system, chassis_of = survey(
        Printing("AIX\n", "7200-05-03-2148\n@@\nerp-p9\n7\n2\npowerpc\n", "IBM,9009-42A\nIBM,0278A1B2C\n")
    )
    assert isinstance(system.body, dict)
    assert (system.body["name"], system.body["version"], system.body["hostname"]) == (
        "AIX 7.2",
        "7200-05-03-2148",
        "erp-p9",
    )
    assert chassis_of.body == {"vendor": "IBM", "model": "9009-42A", "serial": "78A1B2C"}


@given(
    st.sampled_from([each for readings in SYSTEMS.values() for each in readings]),
    st.text(max_size=1500) | st.text("@\n\t:|=x0 /.", max_size=400),
)
@settings(max_examples=500, deadline=1000)
def test_whatever_a_host_prints_it_is_read_or_fails_by_its_one_error(reading: object, output: str) -> None:
    body = None
    try:
        body = reading.parse(output)  # type: ignore[attr-defined]
    except Failed:
        return
    if body is not None:
        shape = SECTIONS[reading.section]  # type: ignore[attr-defined]
        check(shape, arrange(shape, body))
