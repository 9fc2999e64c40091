"""The resolver's real servers are told, also behind a local stub."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.linux import dns
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import plant

STUB = """# This is /run/systemd/resolve/stub-resolv.conf managed by man:systemd-resolved(8).
nameserver 127.0.0.53
options edns0 trust-ad
search corp.example
"""
BEHIND = "nameserver 10.0.0.53\nnameserver 2001:db8::53\nnameserver fe80::1%eth0\nsearch corp.example\n"


def test_servers_and_search_domains_are_told(tmp_path: Path) -> None:
    text = "; old\ndomain old.example\nnameserver 10.0.0.2\nnameserver 10.0.0.1\nsearch b.example a.example .\n"
    body = kept("dns", dns.collect(plant(tmp_path, {"etc/resolv.conf": text})))
    assert body == {"servers": ["10.0.0.2", "10.0.0.1"], "search": ["b.example", "a.example"]}


def test_what_is_named_twice_is_told_where_it_is_asked_first() -> None:
    text = "nameserver 10.0.0.2\nnameserver 10.0.0.1\nnameserver 10.0.0.2\nsearch b.example a.example b.example\n"
    assert dns.parse_resolv(text) == {"servers": ["10.0.0.2", "10.0.0.1"], "search": ["b.example", "a.example"]}


def test_behind_a_local_stub_the_servers_it_asks_are_told(tmp_path: Path) -> None:
    plant(tmp_path, {"etc/resolv.conf": STUB, "run/systemd/resolve/resolv.conf": BEHIND})
    body = kept("dns", dns.collect(tmp_path))
    assert body == {"servers": ["10.0.0.53", "2001:db8::53", "fe80::1%eth0"], "search": ["corp.example"]}


def test_a_name_server_of_its_own_is_told_as_it_is(tmp_path: Path) -> None:
    body = dns.collect(plant(tmp_path, {"etc/resolv.conf": "nameserver 127.0.0.1\nnameserver not-an-address\n"}))
    assert body == {"servers": ["127.0.0.1"], "search": []}


def test_an_empty_file_is_a_resolver_without_servers_and_a_missing_one_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        dns.collect(tmp_path)
    assert dns.collect(plant(tmp_path, {"etc/resolv.conf": ""})) == {"servers": [], "search": []}


@given(st.text(max_size=200))
def test_any_text_gives_a_body(text: str) -> None:
    kept("dns", dns.parse_resolv(text))
    kept("dns", dns.parse_resolv(f"nameserver {text}\nsearch {text}"))
