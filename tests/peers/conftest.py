"""A network of namespaces for the tests of a module, where this process may make one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.namespaces import Network, network, refused


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skip, by name, where this process may make none."""
    why = refused()
    if why:
        pytest.skip(f"no network namespaces here: {why}")


@pytest.fixture(scope="module")
def net(namespaces: None) -> Iterator[Network]:
    with network() as made:
        yield made
