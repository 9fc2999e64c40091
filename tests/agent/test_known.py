"""What an observation carries: bodies the collector lacks, hashes of the rest, nothing when nothing moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent import known
from agent.known import Known, section_of
from agent.worker import Reading
from wire.observation import Drop, Observation, Section, Status, state_hash
from wire.sections import digest


def section(name: str, body: bytes = b'{"a":1}', status: Status = Status.OK, revision: int = 1) -> Section:
    return section_of(Reading(name, status, "" if status.speaks else "why", body, 5, 1_000), revision)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "acknowledged.json"


def full(memory: Known, *sections: Section) -> Observation:
    (observation,) = memory.observations(sections, True, 1_000)
    return observation


def bodies(observation: Observation) -> dict[str, bytes | None]:
    return {each.name: each.body for each in observation.sections}


def test_a_reading_becomes_a_section_with_the_hash_of_its_body() -> None:
    assert section("os").hash == digest(b'{"a":1}')
    assert section("os").complete


@pytest.mark.parametrize("status", [Status.FAILED, Status.DENIED, Status.UNSUPPORTED, Status.EMPTY])
def test_only_an_ok_section_has_a_hash_and_a_body(status: Status) -> None:
    found = section("os", b"", status)
    assert (found.hash, found.body, found.complete) == (b"", None, status is Status.EMPTY)


def test_bodies_travel_until_they_are_acknowledged_and_hashes_after(path: Path) -> None:
    memory = Known(path, "agent")
    first = full(memory, section("os"), section("cpu"))
    assert all(bodies(first).values())
    assert all(bodies(full(memory, section("os"), section("cpu"))).values())
    memory.acknowledged([first])
    again = full(memory, section("os"), section("cpu", b'{"a":2}'))
    assert bodies(again) == {"os": None, "cpu": b'{"a":2}'}
    assert [each.hash for each in again.sections] == [digest(b'{"a":1}'), digest(b'{"a":2}')]


def test_what_was_acknowledged_is_known_after_a_restart_but_not_to_another_agent(path: Path) -> None:
    memory = Known(path, "agent")
    memory.acknowledged([full(memory, section("os"))])
    assert bodies(full(Known(path, "agent"), section("os"))) == {"os": None}
    assert bodies(full(Known(path, "another"), section("os"))) == {"os": b'{"a":1}'}


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"agent_id": "agent", "sections": 3}'])
def test_a_damaged_memory_means_all_is_sent_in_full(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    assert bodies(full(Known(path, "agent"), section("os"))) == {"os": b'{"a":1}'}


def test_a_wanted_section_travels_in_full_once(path: Path) -> None:
    memory = Known(path, "agent")
    memory.acknowledged([full(memory, section("os"))])
    memory.want(["os"])
    (partial,) = memory.observations([section("os")], False, 1_000)
    assert bodies(partial) == {"os": b'{"a":1}'}
    assert memory.observations([section("os")], False, 1_000) == []


def test_a_new_revision_of_the_collector_sends_the_body_again(path: Path) -> None:
    memory = Known(path, "agent")
    memory.acknowledged([full(memory, section("os"))])
    assert bodies(full(memory, section("os", revision=2))) == {"os": b'{"a":1}'}


def test_after_an_empty_section_the_old_body_travels_again(path: Path) -> None:
    memory = Known(path, "agent")
    memory.acknowledged([full(memory, section("raid", b"[1]"))])
    memory.acknowledged([full(memory, section("raid", b"", Status.EMPTY))])
    assert bodies(full(memory, section("raid", b"[1]"))) == {"raid": b"[1]"}


def test_what_is_not_acknowledged_is_owed(path: Path) -> None:
    memory = Known(path, "agent")
    first = full(memory, section("os"), section("raid", b"", Status.EMPTY), section("dns", b"", Status.FAILED),
                 section("health"))  # fmt: skip
    assert memory.owed == {"os", "raid"}
    memory.acknowledged([first])
    assert memory.owed == set()
    memory.observations([section("os", b"[2]")], False, 1_000)
    assert memory.owed == {"os"}


def test_a_full_inventory_confirms_what_did_not_change_and_a_partial_run_is_silent(path: Path) -> None:
    memory = Known(path, "agent")
    memory.acknowledged([full(memory, section("os"))])
    assert bodies(full(memory, section("os"))) == {"os": None}
    assert memory.observations([section("os")], False, 1_000) == []
    assert memory.observations([section("os", b"", Status.FAILED)], False, 1_000) != []


def test_measurements_are_always_news(path: Path) -> None:
    memory = Known(path, "agent")
    full(memory, section("health"))
    assert len(memory.observations([section("health")], False, 1_000)) == 1


def test_the_state_hash_covers_everything_held_but_measurements(path: Path) -> None:
    memory = Known(path, "agent")
    whole = full(memory, section("os"), section("cpu"), section("health"))
    assert whole.state_hash == state_hash([section("os"), section("cpu")])
    (partial,) = memory.observations([section("health", b"[2]")], False, 1_000)
    assert partial.state_hash == whole.state_hash
    (partial,) = memory.observations([section("cpu", b"[2]")], False, 1_000)
    assert partial.state_hash == state_hash([section("os"), section("cpu", b"[2]")])


def test_an_inventory_too_large_for_one_observation_is_cut_and_each_part_has_its_own_state(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "MAX_TOGETHER", 100)
    memory = Known(path, "agent")
    drops = [Drop(1, 1, 1, "quota")]
    sections = [section(name, b"x" * size) for name, size in [("a", 60), ("b", 60), ("c", 30), ("d", 500)]]
    parts = memory.observations(sections, True, 1_000, drops)
    assert [[each.name for each in part.sections] for part in parts] == [["a"], ["b", "c"], ["d"]]
    assert len({part.state_hash for part in parts}) == 3
    assert [len(part.drops) for part in parts] == [1, 0, 0]


def test_failing_sections_are_named_until_they_work_again(path: Path) -> None:
    memory = Known(path, "agent")
    full(memory, section("os"), section("raid", b"", Status.UNSUPPORTED), section("dns", b"", Status.FAILED))
    assert list(memory.failing) == ["dns", "raid"]
    memory.observations([section("dns")], False, 1_000)
    assert list(memory.failing) == ["raid"]


def test_a_whole_inventory_by_hashes_alone_says_so(path: Path) -> None:
    memory = Known(path, "agent")
    first = full(memory, section("os"), section("cpu"))
    memory.acknowledged([first])
    again = full(memory, section("os"), section("cpu"))
    (part,) = memory.observations([section("os", b'{"a":2}')], False, 2_000)
    assert (first.hashes_only, again.hashes_only, part.hashes_only) == (False, True, False)


def test_an_inventory_that_tells_a_drop_is_not_by_hashes_alone(path: Path) -> None:
    memory = Known(path, "agent")
    memory.acknowledged([full(memory, section("os"))])
    (told,) = memory.observations([section("os")], True, 2_000, [Drop(1, 2, 2, "quota")])
    assert not told.hashes_only
