"""What a device says by itself, from net-snmp and logger to the incident: the local agent listens as the probe."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import free_port
from tests.flow.running import Up

pytestmark = [
    pytest.mark.xdist_group("this machine"),
    pytest.mark.skipif(not shutil.which("snmptrap"), reason="snmptrap is not installed (Debian: snmp)"),
    pytest.mark.skipif(not shutil.which("logger"), reason="logger is not installed (Debian: bsdutils)"),
]
COMMUNITY, AUTH, PRIV = "larch-and-cedar", "spruce-and-fir", "birch-and-maple"
DOWN, UP = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1.9"
KNOWN = ("-v2c", "-c", COMMUNITY)
USER = ("-v3", "-u", "ops", "-l", "authPriv", "-a", "SHA-256", "-A", AUTH, "-x", "AES", "-X", PRIV)
ENGINE = ("-e", "0x80000000010203")
ONCE = ("-t", "1", "-r", "0")
WAYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "v2c-trap": ("snmptrap", KNOWN), "v3-trap": ("snmptrap", (*USER, *ENGINE)),
    "v3-inform": ("snmpinform", (*USER, *ONCE)),
}  # fmt: skip
"""Which of net-snmp's senders, and how; a trap of v1 is made of other words."""
WITHIN_S = 90.0
PORTS = {"traps": 0, "syslog": 0}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`up` whose agent listens, with a plan for this machine and a community for its traps."""
    PORTS.update(traps=free_port(), syslog=free_port())
    running = Up(
        tmp_path_factory.mktemp("up") / "data",
        MUSTER_LISTEN_TRAPS=f"127.0.0.1:{PORTS['traps']}", MUSTER_LISTEN_SYSLOG=f"127.0.0.1:{PORTS['syslog']}",
    )  # fmt: skip
    running.post("credentials", {"name": "traps", "kind": "snmp_community", "secret": {"community": COMMUNITY},
                                 "scope": {"ranges": ["127.0.0.1"]}})  # fmt: skip
    running.post("credentials", {
        "name": "users", "kind": "snmp_user", "scope": {"ranges": ["127.0.0.1"]},
        "secret": {"user": "ops", "auth": "sha256", "auth_key": AUTH, "priv": "aes128", "priv_key": PRIV},
    })  # fmt: skip
    running.post("sweep-plans", {"name": "this machine", "settings": {"ranges": ["127.0.0.1"]}})
    yield running
    running.close()


def sent(program: str, how: Sequence[str], *told: str) -> bool:
    """Run a sender of net-snmp; return whether it is content: of an inform, whether it was answered."""
    command = [program, *how, f"127.0.0.1:{PORTS['traps']}", *told]
    environment = {"MIBS": "", "PATH": "/usr/bin:/bin", "SNMP_PERSISTENT_DIR": "/nonexistent"}
    return not subprocess.run(command, env=environment, capture_output=True, check=False).returncode


def inform(oid: str, *variables: str) -> bool:
    """Send an inform; return whether it was answered: then it is heard."""
    return sent("snmpinform", (*KNOWN, *ONCE), "", oid, *variables)


def says_down(way: str) -> bool:
    """Say once that the port named after `way` is down."""
    port = (IF_NAME, "s", way)
    if way == "v1-trap":
        return sent("snmptrap", ("-v1", "-c", COMMUNITY), "1.3.6.1.6.3.1.1.5", "127.0.0.1", "2", "0", "", *port)
    return sent(*WAYS[way], "", DOWN, *port)


def events(up: Up, kind: str) -> list[Any]:
    return up.items(f"events?kind={kind}")


def test_a_link_that_goes_down_is_an_event_of_its_ci_and_an_incident_until_it_is_up_again(up: Up) -> None:
    host = up.until(up.host, WITHIN_S, "CI of this machine")
    port = (IF_NAME, "s", "muster-test9")
    up.until(lambda: inform(DOWN, *port), WITHIN_S, "answer to an inform")
    (event,) = up.until(lambda: events(up, "link_down"), WITHIN_S, "event")
    assert (event["ci"]["id"], event["object"], event["source"]) == (host["id"], "muster-test9", "trap")
    assert not event["authentic"]

    def incident(state: str) -> Any:
        return next((each for each in up.items(f"incidents?state={state}") if "muster-test9" in str(each)), None)

    opened = up.until(lambda: incident("open"), WITHIN_S, "incident")
    assert opened["detail"]["rule"] == "EVT-LINK-001"
    up.until(lambda: inform(UP, *port), WITHIN_S, "answer to an inform")
    assert up.until(lambda: incident("resolved"), WITHIN_S, "its end")["number"] == opened["number"]


@pytest.mark.parametrize("way", ["v1-trap", *WAYS])
def test_a_port_that_is_down_is_an_event_and_an_alert_whatever_version_says_so(up: Up, way: str) -> None:
    def event() -> Any:
        says_down(way)  # nobody answers a trap: it is said again until it is heard
        return [each for each in events(up, "link_down") if each["object"] == way]

    assert {each["authentic"] for each in up.until(event, WITHIN_S, "event")} == {way.startswith("v3")}

    def alert() -> Any:
        return [each for each in up.items("results?rule=EVT-LINK-001&outcome=PROBLEM") if each["instance"] == way]

    (found,) = up.until(alert, WITHIN_S, "alert")
    assert found["ci"]["id"] == up.host()["id"]


def test_who_may_not_speak_is_counted_and_no_event(up: Up) -> None:
    port = (IF_NAME, "s", "nobody-said-so")
    refused = {
        "unknown_community": ("-v2c", "-c", "guessed"),
        "unknown_user": (*ENGINE, *(each.replace("ops", "nobody") for each in USER)),
        "not_authentic": (*ENGINE, *(each.replace(AUTH, "a-guessed-secret") for each in USER)),
    }
    for how in refused.values():
        assert sent("snmptrap", how, "", DOWN, *port)

    def counted() -> bool:
        lines = up.fetch("/metrics").decode().splitlines()
        told = [line for line in lines if line.startswith("muster_receiver_heard_total{")]
        return all(any(f'what="{cause}"' in line for line in told) for cause in refused)

    up.until(counted, WITHIN_S, "count of each")
    assert "nobody-said-so" not in {each["object"] for each in events(up, "link_down")}


@pytest.mark.parametrize("how", [("--udp", "--rfc5424"), ("--tcp", "--rfc3164")])
def test_a_line_of_syslog_names_who_changed_the_configuration(up: Up, how: tuple[str, str]) -> None:
    actor = how[0].strip("-")
    line = f"%SYS-5-CONFIG_I: Configured from console by {actor} on vty0 (192.0.2.9)"
    command = ["logger", *how, "--server", "127.0.0.1", "--port", str(PORTS["syslog"]), "--tag", "sw1", line]

    def told() -> Any:
        subprocess.run(command, check=False, capture_output=True)
        return [each for each in events(up, "config_changed") if each["actor"] == actor]

    event = up.until(told, WITHIN_S, "event")[0]
    assert (event["origin"], event["source"]) == ("192.0.2.9", "syslog")


def test_the_command_lists_events(up: Up) -> None:
    program = Path(sys.executable).with_name("muster")
    done = subprocess.run([program, "event", "list", "--kind", "link_down", "--json", "--data", up.data],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert {each["object"] for each in json.loads(done.stdout)} == {"muster-test9", "v1-trap", *WAYS}


@pytest.mark.parametrize("secret", [COMMUNITY, AUTH, PRIV])
def test_what_lets_devices_speak_is_written_nowhere(up: Up, secret: str) -> None:
    for path in up.data.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
