"""Tests of one `xdist_group` share a worker: they share a server, a port or the time they take."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("together")
def test_the_group_of_a_test_is_known_to_who_hands_out_tests(request: pytest.FixtureRequest) -> None:
    if not hasattr(request.config, "workerinput"):
        pytest.skip("one worker has all tests")
    assert request.node.nodeid.endswith("@together")
