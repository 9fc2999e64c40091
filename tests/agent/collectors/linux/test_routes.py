"""Routes of the main table are told, those that come with every address are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import routes
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import capture, plant

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"


def test_routes_are_told_as_ip_route_shows_them(tmp_path: Path) -> None:
    rows = kept("routes", routes.collect(plant(tmp_path, capture("network"))))
    assert {(row["destination"], row["gateway"], row["interface"], row["metric"]) for row in rows} == {
        ("0.0.0.0/0", "10.20.100.1", "bond0.100", 100),
        ("0.0.0.0/0", "192.168.77.254", "br0", 200),
        ("10.8.0.2/32", "", "tun0", 0),
        ("10.20.100.0/24", "", "bond0.100", 0),
        ("172.16.0.0/12", "10.20.100.2", "bond0.100", 0),
        ("192.168.77.0/24", "", "br0", 0),
        ("203.0.113.0/24", "10.20.100.3", "bond0.100", 0),
        ("::/0", "2001:db8:100::1", "bond0.100", 50),
        ("::/0", "fe80::2", "bond0", 1024),
        ("::/0", "fe80::2", "br0", 1024),
        ("::/0", "fe80::2", "v1", 1024),
        ("2001:db8:100::/64", "", "bond0.100", 256),
        ("fec0::/64", "", "bond0", 256),
        ("fec0::/64", "", "br0", 256),
        ("fec0::/64", "", "v1", 256),
    }


def test_of_routes_that_differ_in_the_metric_alone_the_best_counts(tmp_path: Path) -> None:
    line = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t{}\t00000000\t0\t0\t0\n"
    plant(tmp_path, {"proc/net/route": HEAD + "".join(line.format(metric) for metric in (300, 100, 200))})
    (row,) = kept("routes", routes.collect(tmp_path))
    assert row["metric"] == 100


def test_numbers_are_in_the_byte_order_of_the_host() -> None:
    line = "eth0\t{}\t{}\t0003\t0\t0\t0\t{}\t0\t0\t0\n"
    little = routes.parse_route(HEAD + line.format("0001A8C0", "0101A8C0", "00FFFFFF"), "little")
    big = routes.parse_route(HEAD + line.format("C0A80100", "C0A80101", "FFFFFF00"), "big")
    assert little == big
    assert little[0]["destination"] == "192.168.1.0/24"


def test_a_route_that_is_down_or_refuses_is_left_out() -> None:
    down = "eth0\t0001A8C0\t00000000\t0000\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    refused = "lo\t0001A8C0\t00000000\t0201\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    assert routes.parse_route(HEAD + down + refused) == []


def test_a_host_without_network_has_no_routes_but_a_machine_without_proc_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        routes.collect(tmp_path)
    assert routes.collect(plant(tmp_path, {"proc/net/route": HEAD})) == []


@given(st.text(alphabet="0123456789abcdefABCDEF \t\neth", max_size=200))
def test_any_text_gives_rows_or_malformed(text: str) -> None:
    for parse in (routes.parse_route, routes.parse_ipv6_route):
        try:
            rows = parse(HEAD + text)
        except Malformed:
            continue
        assert all(row["destination"] for row in rows)
