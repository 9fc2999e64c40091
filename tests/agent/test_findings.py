"""What a sweep's process says of a target, source by source: an observation each, or one declared error."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.findings import BadFinding, finding
from wire.observation import Status, Target
from wire.sections import digest

BODY = b'{"class":"environment","type":"ups"}'


def head(**other: Any) -> dict[str, Any]:
    section = {"name": "device", "status": 1, "complete": True, "reason": "", "bytes": len(BODY), "hash": ""}
    return {"address": "192.0.2.1", "protocol": "nut", "part": "rack-a", "at_ms": 7, "sections": [section]} | other


def test_each_source_of_an_address_is_an_observation_of_its_own() -> None:
    found = finding(head(), BODY, "plant-1").observation
    assert found is not None
    assert found.target == Target("nut", "plant-1", "192.0.2.1", "rack-a")
    assert [(each.name, each.status, each.hash) for each in found.sections] == [("device", Status.OK, digest(BODY))]


@pytest.mark.parametrize("bad", [
    {"part": "a/b"}, {"part": "a b"}, {"part": "x" * 256}, {"protocol": "smoke"}, {"address": "web-01"},
    {"sections": [{}]}, {"at_ms": "x"},
])  # fmt: skip
def test_what_is_no_target_is_a_bad_finding(bad: dict[str, Any]) -> None:
    with pytest.raises(BadFinding):
        finding(head(**bad), BODY, "")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from([*head(), "row"]), _json, max_size=4), st.binary(max_size=50))
def test_any_frame_is_a_finding_or_a_bad_one(changed: dict[str, Any], body: bytes) -> None:
    with contextlib.suppress(BadFinding):
        finding(head(**changed), body, "")
