"""Neighbours are told as lldpd heard them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import lldp
from agent.collectors.linux.lldp import parse_neighbors
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import CAPTURED

ANSWER = (CAPTURED / "lldpcli.json").read_text()


def test_a_neighbour_is_told_as_lldpd_heard_it() -> None:
    assert kept("lldp", parse_neighbors(ANSWER)) == [
        {"interface": "v0", "chassis_id": "9e:e6:3a:c1:08:4e", "port_id": "Gi1/0/7",
         "port_description": "server web-07", "system_name": "core-sw-01", "management_address": "10.0.0.2",
         "system_description": "Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE"},
    ]  # fmt: skip


def changed(**told: Any) -> str:
    answer = json.loads(ANSWER)
    answer["lldp"][0]["interface"][0].update(told)
    return json.dumps(answer)


def test_what_was_heard_over_another_protocol_or_lacks_its_ids_is_left_out() -> None:
    assert parse_neighbors(changed(via="CDPv2")) == []
    assert parse_neighbors(changed(port=[])) == []
    assert parse_neighbors('{"lldp": [{}]}') == []


@pytest.mark.parametrize("answer", ["", "unable to connect", "[]", "{}", "[" * 100_000])
def test_what_is_not_its_form_is_malformed(answer: str) -> None:
    with pytest.raises(Malformed):
        parse_neighbors(answer)


def test_without_lldpd_there_is_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        lldp.collect(tmp_path)


NODE = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "id", "name", "descr", "mgmt-ip"]), inner, max_size=4)
    ),
)


@given(NODE, NODE)
def test_any_chassis_and_port_give_rows(chassis: object, port: object) -> None:
    parse_neighbors(changed(chassis=chassis, port=port))
    parse_neighbors(json.dumps({"lldp": chassis}))
