"""A body told by its difference: the same answer as opening all of it, or none."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from collector import history, ingest
from wire import sections
from wire.sections import canonical, in_order, row_key

SHAPE = sections.SECTIONS["packages"]
TEXT = st.text(st.sampled_from('ab|é,:[]{}"\\'), max_size=3) | st.sampled_from(["},{", '},{"', 'x},{"name'])
ROW = st.fixed_dictionaries({"name": TEXT, "arch": TEXT}, optional={"version": TEXT})
Rows = list[dict[str, Any]]


def keyed(rows: Rows) -> dict[str, dict[str, Any]]:
    return {row_key(SHAPE, row): row for row in rows}


def moved(before: Rows, after: Rows) -> dict[str, tuple[Any, Any]]:
    was, now = keyed(before), keyed(after)
    return {key: (was.get(key), now.get(key)) for key in was | now if was.get(key) != now.get(key)}


def package(number: int, version: str = "1") -> dict[str, Any]:
    return {"name": f"package{number:03d}", "arch": "amd64", "version": version}


@given(st.lists(ROW, max_size=8), st.lists(ROW, max_size=3), st.sets(st.integers(0, 7)), st.booleans())
@example([{"name": "a", "arch": "},{"}], [{"name": "b", "arch": ""}], set(), True)
def test_a_difference_that_is_told_is_the_whole_difference(
    before: Rows, added: Rows, gone: set[int], sent_in_order: bool
) -> None:
    kept = in_order(SHAPE, list(keyed(before).values()))
    left = [row for at, row in enumerate(kept) if at not in gone]
    sent = list(keyed([*left, *added]).values()) if sent_in_order else [*left, *added]
    sent = in_order(SHAPE, sent) if sent_in_order else sent
    told = ingest.delta("packages", canonical(kept), canonical(sent))
    if told is not None:
        assert len(keyed(sent)) == len(sent)
        assert moved(*history.differing(told.was, told.now)) == moved(kept, sent)  # type: ignore[arg-type]


def test_one_package_of_many_is_opened_between_its_neighbours() -> None:
    kept, sent = [package(at) for at in range(200)], [package(at) for at in range(200)]
    sent[100] = package(100, "2")
    told = ingest.delta("packages", canonical(kept), canonical(sent))
    assert told is not None
    assert told.was == kept[99:102]
    assert told.now == sent[99:102]


def test_a_row_out_of_order_or_twice_leaves_it_to_the_whole_body() -> None:
    kept = canonical([package(at) for at in (1, 2, 4)])
    assert ingest.delta("packages", kept, canonical([package(at) for at in (1, 4, 2)])) is None
    assert ingest.delta("packages", kept, canonical([package(1), package(2), package(2, "2"), package(4)])) is None


def test_a_row_that_does_not_keep_to_the_catalogue_leaves_it_to_the_whole_body() -> None:
    kept = [package(at) for at in range(9)]
    sent = [*kept[:4], {**package(4), "version": 5}, *kept[5:]]
    assert ingest.delta("packages", canonical(kept), canonical(sent)) is None


def test_a_body_that_is_not_canonical_leaves_it_to_the_whole_body() -> None:
    kept = canonical([package(at) for at in range(9)])
    assert ingest.delta("packages", kept, kept.replace(b'"package004","version":', b'"package004", "version":')) is None
