"""What is remembered of a device's tables, when it counts, and how it is kept."""

from __future__ import annotations

import contextlib
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.asking import Address, Oid
from discovery.explore import Explored, Profile
from discovery.explore.tables import MAX_PLAIN, BadTables, Tables, pack, unpack
from tests.discovery.explore.driven import IF, IFX, Answers, Facts, bridged, explored, table
from tests.discovery.explore.test_explore import HOUR, INTERFACES_MOVED, UP_TIME, switch

POE = "1.3.6.1.2.1.105.1.1.1.3"
FDB = "1.3.6.1.2.1.17.7.1.2.2.1.2"
VLANS = "1.3.6.1.2.1.17.7.1.4.3.1"
CISCO, CONFIGURED = "1.3.6.1.4.1.9.1.1", "1.3.6.1.4.1.9.9.43.1.1.1.0"
NOW = 1_700_000_000


def first(facts: Facts, object_id: str = "1.3.6.1.4.1.99999.1") -> Explored:
    return explored("network.switch", facts, object_id, profile=Profile(now=NOW))


def walked_again(before: Explored, facts: Facts, hours: int = 1, object_id: str = "1.3.6.1.4.1.99999.1") -> set[str]:
    answers = Answers({**facts, UP_TIME: (100 + hours) * HOUR})
    profile = Profile(now=NOW + 3600 * hours, tables=before.tables, stamps=before.stamps)
    explored("network.switch", answers, object_id, profile=profile)
    return answers.walked()


def test_what_a_device_does_not_have_is_asked_for_once_a_day() -> None:
    before = first(switch())
    assert POE not in walked_again(before, switch(), hours=23)
    assert POE in walked_again(before, switch(), hours=25)


def test_what_fills_by_itself_is_asked_for_each_time_though_it_was_empty() -> None:
    assert FDB in walked_again(first(switch()), switch())


def test_what_a_device_does_not_have_is_asked_for_when_anything_of_its_make_moved() -> None:
    assert POE in walked_again(first(switch()), {**switch(), INTERFACES_MOVED: 100 * HOUR})


def test_a_configuration_that_stands_still_leaves_its_vlans_unasked_and_one_that_moved_does_not() -> None:
    vlans = table(VLANS, c1={10: "office"}, c2={10: b"\xc0"}, c4={10: b"\xc0"})
    facts = {**switch(), **vlans, CONFIGURED: 5}
    before = first(facts, CISCO)
    assert f"{VLANS}.2" not in walked_again(before, facts, object_id=CISCO)
    assert f"{VLANS}.2" in walked_again(before, {**facts, CONFIGURED: 6}, object_id=CISCO)


def test_after_a_week_everything_is_read_again() -> None:
    before = first(switch())
    assert f"{IFX}.1" not in walked_again(before, switch(), hours=6 * 24)
    assert f"{IFX}.1" in walked_again(before, switch(), hours=7 * 24)


def test_a_stamp_that_lies_is_found_out_by_rows_that_do_not_meet() -> None:
    before = first(switch())
    grown = {**switch(), **bridged("g1", "g2", "g3")}
    answers = Answers({**grown, UP_TIME: 101 * HOUR})
    profile = Profile(now=NOW + 3600, tables=before.tables, stamps=before.stamps)
    found = explored("network.switch", answers, profile=profile)
    interfaces = next(each.body for each in found.sections if each.name == "interfaces")
    assert isinstance(interfaces, list)
    assert [each["name"] for each in interfaces] == ["g1", "g2", "g3"]


def test_what_could_not_be_read_whole_is_not_remembered() -> None:
    before = explored("network.switch", Answers(switch(), cut={IFX: "timeout"}), profile=Profile(now=NOW))
    assert not any(oid.startswith(f"{IFX}.") for oid in (*before.tables.columns, *before.tables.absent))
    assert f"{IF}.6" in before.tables.columns


# --- as bytes

_values = st.one_of(
    st.integers(-(2**63), 2**64), st.binary(max_size=9), st.binary(min_size=4, max_size=4).map(Address),
    st.sampled_from([Oid("1.3.6.1"), Oid("")]),
)  # fmt: skip
_indexes = st.lists(st.integers(0, 2**32 - 1), max_size=4).map(tuple)
_columns = st.dictionaries(_indexes, _values, max_size=4)
_tables = st.builds(
    Tables, st.dictionaries(st.text(max_size=6), _columns, max_size=3),
    st.dictionaries(st.text(max_size=6), st.floats(0, 2e9), max_size=3), st.floats(0, 2e9),
)  # fmt: skip


@settings(max_examples=40)
@given(_tables)
def test_tables_come_back_as_they_were_kept_each_value_of_its_kind(tables: Tables) -> None:
    found = unpack(pack(tables))
    assert found == tables
    for name, column in tables.columns.items():
        assert {at: type(value) for at, value in column.items()} == {
            at: type(value) for at, value in found.columns[name].items()
        }


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: pack(Tables(at=1.0))[:-4] + tail))
def test_bytes_that_are_no_tables_are_refused_and_nothing_else(packed: bytes) -> None:
    with contextlib.suppress(BadTables):
        assert isinstance(unpack(packed), Tables)


@pytest.mark.parametrize("said", [
    b"[]", b"{}", b'{"at": 1, "absent": {}, "columns": {"1": {"1": "z"}}}', b'{"at": 1, "absent": 7, "columns": {}}',
    b'{"at": "x", "absent": {}, "columns": {}}', b'{"at": 1, "absent": {}, "columns": {"1": {"one": 1}}}',
    b"[" * 100_000,
])  # fmt: skip
def test_json_that_is_no_tables_is_refused(said: bytes) -> None:
    with pytest.raises(BadTables):
        unpack(zlib.compress(said))


def test_what_unpacks_to_more_than_is_kept_is_not_unpacked() -> None:
    with pytest.raises(BadTables, match="longer"):
        unpack(zlib.compress(bytes(MAX_PLAIN + 1)))


def test_the_same_tables_are_the_same_bytes() -> None:
    tables = first(switch()).tables
    assert pack(tables) == pack(replace(tables, columns=dict(reversed(list(tables.columns.items())))))
