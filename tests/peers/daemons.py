"""Real daemons in hosts of `tests.peers.namespaces`: each is configured in the host's own /run, and started."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.peers.namespaces import Host, until

AGENTX: Final = "/run/agentx"
"""Where subagents find the SNMP agent."""

NO_MIBS: Final = {"MIBS": ""}
"""net-snmp's library reads no files of MIBs then; all OIDs are numbers here."""

FRR: Final = Path("/usr/lib/frr")
SNMP_OF_FRR: Final = "*/frr/modules/ospfd_snmp.so"


def program(name: str, package: str) -> str:
    """Return the path of a program; skip, by the name of its Debian package, where it is not installed."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:{FRR}")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install {package})")
    return found


def snmpd(host: Host, *lines: str) -> None:
    """Start net-snmp's agent on IPv4 and IPv6, open to subagents."""
    path = program("snmpd", "snmpd")
    own = ("agentaddress udp:161,udp6:161", "master agentx", f"agentXSocket {AGENTX}", "agentXPerms 0666 0755")
    (host.run / "snmp").mkdir()
    (host.run / "snmpd.conf").write_text("\n".join((*own, *lines, "")))
    host.starts(path, "-f", "-Lo", "-C", "-c", "/run/snmpd.conf", "-p", "/run/snmpd.pid", "-I", "-smux",
                env={"SNMP_PERSISTENT_DIR": "/run/snmp", **NO_MIBS})  # fmt: skip
    until(lambda: host.listens("udp", 161) and (host.run / "agentx").exists(), "snmpd listens", host)


def lldpd(host: Host, *lines: str) -> None:
    """Start lldpd as a subagent of the host's snmpd; it says who it is every second."""
    path = program("lldpd", "lldpd")
    own = ("configure lldp tx-interval 1", f"configure system hostname {host.name}")
    (host.run / "lldpd").mkdir()
    (host.run / "lldpd.conf").write_text("\n".join((*own, *lines, "")))
    host.starts(path, "-dd", "-X", AGENTX, "-O", "/run/lldpd.conf")


def ospfd(host: Host, *lines: str) -> None:
    """Start FRR's zebra and ospfd, this one a subagent of the host's snmpd."""
    zebra, daemon = (program(each, "frr") for each in ("zebra", "ospfd"))
    if not list(Path("/usr/lib").glob(SNMP_OF_FRR)):
        pytest.skip("FRR's SNMP module is not installed (Debian: apt-get install frr-snmp)")
    run = host.run / "frr"
    run.mkdir()
    shutil.chown(run, "frr", "frr")
    (run / "zebra.conf").write_text("")
    (run / "frr.conf").write_text(f"agentXSocket {AGENTX}\n")  # net-snmp's library reads it for FRR
    (run / "ospfd.conf").write_text("\n".join(("agentx", *lines, "")))
    config, env = ["--log", "stdout", "-f"], {"SNMPCONFPATH": "/run/frr", **NO_MIBS}
    host.starts(zebra, *config, "/run/frr/zebra.conf", env=env)
    until(lambda: (run / "zserv.api").exists(), "zebra is there", host)  # who comes too early waits ten seconds
    host.starts(daemon, *config, "/run/frr/ospfd.conf", "-M", "snmp", env=env)
    until(lambda: (run / "ospfd.vty").exists(), "ospfd is there", host)
