"""Whatever a controller says: documents become sections, links become paths, bodies become objects, or `Failed`."""

from __future__ import annotations

import contextlib
import json
import random
import zlib
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from discovery.failures import Failed
from discovery.redfish.document import Inflating, document, path_of
from discovery.redfish.documents import BRANCHES, Documents, Resource
from discovery.redfish.inventory import inventory
from discovery.redfish.root import root
from tests.discovery.redfish.test_vendors import SAMPLES
from wire.sections import SECTIONS, canonical, check

WORDS = (
    "OK", "Critical", "Absent", "Enabled", "Virtual", "On", "CPU", "Dell Inc.", "8XTKQ63", "00:11:22:33:44:5",
    "00:11:22:33:44:55", "10.0.0.1", "1.1.1.1/99", "fe80::1%eth0", "255.255.0.255", "RAID1", "NAA", "5000C500B3A1C0D3",
    "Temperature", "Rotational", "%", "Percent", "1e999", "-1", "9" * 40, "½", "٣", "\ud800", "/redfish/v1/a",
    "/redfish/v1/b", "4c4c4544-0058-5410-804b-b8c04f513633", "Previous-1", " > ", "\u202e\x00\x1b[31m", "x" * 9000,
    "abcdef", "a" * 16,
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 2**63, 10**400, 1.5, float("inf"), float("nan"), [], {}, [[]], [None], [{}], *WORDS,
)  # fmt: skip
KINDS = tuple({branch.kind for branches in BRANCHES.values() for branch in branches})
TOLD = {file.stem: yaml.safe_load(file.read_text(encoding="utf-8"))["documents"] for file in SAMPLES}

plain = st.none() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=20)
values: st.SearchStrategy[Any] = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("@odata.id"), inner), max_leaves=4
)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(TOLD)), st.integers(0, 2**32))
@example("dell-idrac", 1_000_000_001)  # a flag that is an object
def test_a_controller_that_says_odd_things_is_understood_or_ignored(maker: str, seed: int) -> None:
    chance, told = random.Random(seed), TOLD[maker]
    documents = Documents(root({**damaged_object(chance, told["/redfish/v1"]), "RedfishVersion": "1.0.0"}))
    for path, body in told.items():
        above = path.rpartition("/")[0].rpartition("/")[0]
        for kind in KINDS if chance.random() < 0.05 else kinds_of(path):
            documents.add(kind, Resource(damaged_object(chance, body), above))
    identified, explored = inventory(documents, "192.0.2.7")
    assert identified.state in ("identified", "generic", "unknown")
    for section in explored.sections:
        assert section.reason != "internal"
        if section.body:
            assert check(SECTIONS[section.name], section.body) == section.body
        canonical(section.body)


def kinds_of(path: str) -> list[str]:
    """Return the kinds a resource can be of, by its path."""
    names = path.split("/")[-2:]
    return [branch.kind for some in BRANCHES.values() for branch in some if branch.property in names]


def damaged_object(chance: random.Random, body: dict[str, Any]) -> dict[str, Any]:
    return {name: damaged(chance, each) for name, each in body.items()}


def damaged(chance: random.Random, value: Any) -> Any:
    """Return a value with about a tenth of what is in it replaced by something odd."""
    if chance.random() < 0.1:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return damaged_object(chance, value)
    return [damaged(chance, each) for each in value] if isinstance(value, list) else value


@settings(max_examples=150, deadline=None)
@given(values)
def test_any_link_becomes_a_path_of_the_service_or_fails(link: object) -> None:
    with contextlib.suppress(Failed):
        path = path_of(link, "https://192.0.2.7:443")
        assert path.startswith("/redfish/v1")
        assert path.isascii()
        assert path.isprintable()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | values.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")))
def test_any_octets_become_an_object_or_fail(data: bytes) -> None:
    with contextlib.suppress(Failed):
        assert isinstance(document(data), dict)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["gzip", "deflate", "", "br"]), st.binary(max_size=200), st.booleans(), st.integers(1, 40))
def test_any_body_is_inflated_within_its_bound_or_fails(encoding: str, data: bytes, packed: bool, step: int) -> None:
    sent = zlib.compress(data * 50) if packed else data
    with contextlib.suppress(Failed):
        inflating = Inflating(encoding, 1000)
        for at in range(0, len(sent), step):
            inflating.add(sent[at : at + step])
            assert len(inflating.body) <= 1000


def test_thousands_of_volumes_and_drives_take_no_square_of_time() -> None:
    documents = Documents(root({"RedfishVersion": "1.0.0"}))
    documents.add("system", Resource({"@odata.id": "/redfish/v1/Systems/1", "PowerState": "On"}))
    links = [{"@odata.id": f"/redfish/v1/d{at}"} for at in range(20)]
    for at in range(2000):
        documents.add("drive", Resource({"@odata.id": f"/redfish/v1/d{at}", "Name": f"d{at}", "CapacityBytes": 1}))
        documents.add("volume", Resource({"Name": f"v{at}", "RAIDType": "RAID0", "Links": {"Drives": links}}))
    _, explored = inventory(documents)
    rows: dict[str, Any] = {section.name: section.body for section in explored.sections}
    assert len(rows["raid"]) == 2000
    assert rows["raid"][0]["members"] == sorted(f"d{at}" for at in range(20))


@pytest.mark.parametrize("body", [{}, {"RedfishVersion": None}, {"RedfishVersion": 1}, {"RedfishVersion": ""}])
def test_what_has_no_version_is_no_root(body: dict[str, Any]) -> None:
    with pytest.raises(Failed, match="malformed"):
        root(body)
