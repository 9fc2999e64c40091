"""The time service that runs is told with the sources it is told to use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.collectors.linux import clock, ntp
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import plant

CHRONY = """# Use servers from the pool
pool 2.debian.pool.ntp.org iburst
server ntp1.corp.example iburst prefer
!server commented.example
peer 10.0.0.9
refclock PPS /dev/pps0 lock NMEA
sourcedir /etc/chrony/sources.d
makestep 1 3
"""
TIMESYNCD = "[Time]\nNTP=ntp1.example ntp2.example\n#NTP=old.example\nFallbackNTP=0.pool.example\n"
NTP_RS = '[[source]]\nmode = "pool"\naddress = "pool.example" # four of it\n\n[[source]]\nmode = "server"\naddress = "ntp1.example"\n'  # noqa: E501


def running(*commands: str) -> dict[str, Any]:
    return {f"proc/{100 + at}/comm": f"{command}\n" for at, command in enumerate(("init", *commands))}


@pytest.mark.parametrize(
    ("command", "settings", "expected"),
    [
        ("chronyd", {"etc/chrony/chrony.conf": CHRONY, "etc/chrony/sources.d/site.sources": "server 10.0.0.1\n",
                     "etc/ntp.conf": "server unused.example\n"},
         ("chronyd", ["10.0.0.1", "10.0.0.9", "2.debian.pool.ntp.org", "ntp1.corp.example",
                      "refclock PPS /dev/pps0"])),
        ("ntpd", {"etc/ntp.conf": "server -4 ntp1.example iburst\nrestrict default\n"}, ("ntpd", ["ntp1.example"])),
        ("systemd-timesyn", {"etc/systemd/timesyncd.conf": TIMESYNCD,
                             "etc/systemd/timesyncd.conf.d/10.conf": "[Time]\nNTP = ntp3.example\n"},
         ("systemd-timesyncd", ["ntp1.example", "ntp2.example", "ntp3.example"])),
        ("ntp-daemon", {"etc/ntpd-rs/ntp.toml": NTP_RS}, ("ntpd-rs", ["ntp1.example", "pool.example"])),
    ],
    ids=["chronyd", "ntpd", "systemd-timesyncd", "ntpd-rs"],
)  # fmt: skip
def test_a_running_service_is_told_with_its_sources(
    tmp_path: Path, command: str, settings: dict[str, str], expected: tuple[str, list[str]]
) -> None:
    body = kept("ntp", ntp.collect(plant(tmp_path, running(command) | settings)))
    assert (body["service"], body["servers"]) == expected


def test_without_a_service_the_configured_sources_are_told_all_the_same(tmp_path: Path) -> None:
    body = kept("ntp", ntp.collect(plant(tmp_path, running("sshd") | {"etc/chrony.conf": "server 10.0.0.1\n"})))
    assert body == {"servers": ["10.0.0.1"]}


def test_fallback_servers_count_where_no_others_are_set() -> None:
    assert ntp.parse_timesyncd("[Time]\nFallbackNTP=0.pool.example\n") == ["0.pool.example"]


# What chronyc -c tracking printed: with a reference, with none yet, and with nothing but its own clock.
@pytest.mark.parametrize(
    ("line", "offset"),
    [
        ("C0A84D01,192.168.77.1,3,1795487504.846594189,-0.000012345,0.000001,0.00002,-12.3,0.001,0.02,0.0004,0.0003,64.2,Normal\n", -0.000012345),  # noqa: E501
        ("00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,1.000000000,0.0,Not synchronised\n", None),  # noqa: E501
        ("7F7F0101,,8,1795487504.846594189,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000000,0.000000000,0.0,Normal\n", None),  # noqa: E501
        ("506 Cannot talk to daemon\n", None),
        ("", None),
    ],
    ids=["a reference", "none yet", "its own clock", "an error", "nothing"],
)  # fmt: skip
def test_an_offset_is_told_when_there_is_a_reference(line: str, offset: float | None) -> None:
    assert clock.parse_tracking(line) == offset


def test_the_kernel_tells_its_clock_without_privilege() -> None:
    told = clock.kernel_clock()
    if told is not None:  # a sandbox may forbid to ask
        assert told.synchronised is (told.offset_seconds is not None)
