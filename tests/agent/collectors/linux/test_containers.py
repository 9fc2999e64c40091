"""Containers are told as docker and podman list them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import command
from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import containers
from agent.collectors.linux.containers import parse_ps
from agent.command import CommandFailed
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import CAPTURED

IDENTITY = "44a4947831d9eec1afd85ad276d09885d5327a8c99ab9acc093324572bb50346"


def test_containers_of_docker_are_told() -> None:
    rows = kept("containers", parse_ps((CAPTURED / "docker-ps.jsonl").read_text(), "docker"))
    image = {"image": "registry.example.com/tiny:1.0", "engine": "docker"}
    assert rows == [
        {"id": "329dd2323802", "name": "job", "state": "running"} | image,
        {"id": "98ef3283d1c8", "name": "web", "state": "created"} | image,
        {"id": "f98d7d83803f", "name": "once", "state": "exited"} | image,
    ]


def test_containers_of_podman_are_told() -> None:
    rows = kept("containers", parse_ps((CAPTURED / "podman-ps.json").read_text(), "podman"))
    image = {"image": "localhost/tiny:1.0", "engine": "podman"}
    assert rows == [
        {"id": "44a4947831d9", "name": "job", "state": "exited"} | image,
        {"id": "70a8c1654cad", "name": "web", "state": "created"} | image,
    ]


def test_an_engine_without_containers_has_none() -> None:
    assert parse_ps("", "docker") == parse_ps("[]\n", "podman") == []


def test_the_state_of_an_old_docker_is_read_from_its_status() -> None:
    listing = json.dumps({"ID": IDENTITY, "Image": "nginx", "Names": "front/db,db", "Status": "Up 3 hours (Paused)"})
    (row,) = kept("containers", parse_ps(listing, "docker"))
    assert (row["state"], row["name"]) == ("running", "db"), "a name inside a link is not its own"


@pytest.mark.parametrize("listing", ["nonsense", "{", '{"ID": "no"}', '{"ID": 7}', "[7]", '["x"', "[" * 100_000])
def test_what_is_no_list_of_containers_is_malformed(listing: str) -> None:
    with pytest.raises(Malformed):
        parse_ps(listing, "docker")


def test_without_an_engine_there_is_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        containers.collect(tmp_path)


def test_an_engine_whose_socket_is_there_is_asked_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / containers.DOCKER).touch()
    if command.find("docker") is not None:
        pytest.skip("this machine has a docker of its own")
    with pytest.raises(CommandFailed, match="not installed"):
        containers.collect(tmp_path)


VALUE = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=3)


@given(st.lists(st.dictionaries(st.sampled_from(["Names", "Image", "State", "Status"]), VALUE), max_size=3))
def test_any_values_beside_the_id_are_survived(told: list[dict[str, object]]) -> None:
    items = [item | {"Id": f"{at:012x}"} for at, item in enumerate(told)]
    kept("containers", parse_ps(json.dumps(items), "podman"))
