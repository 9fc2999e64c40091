"""Keys of elements are read back as they were joined."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.services.element import FieldChange, element, key_fields, moved_fields, split_key
from wire.sections import row_key, shape_of


@pytest.mark.parametrize(
    ("section", "key", "fields"),
    [
        ("packages", "openssl|amd64", {"name": "openssl", "arch": "amd64"}),
        ("listening_ports", "tcp|::|22", {"protocol": "tcp", "address": "::", "port": 22}),
        ("filesystems", "/a|b", {"mount": "/a|b"}),
        ("routes", "0.0.0.0/0||eno1", {"destination": "0.0.0.0/0", "gateway": "", "interface": "eno1"}),
        ("packages", "no separator", {"key": "no separator"}),
        ("listening_ports", "tcp|::|many", {"protocol": "tcp", "address": "::", "port": "many"}),
    ],
)
def test_a_key_names_its_fields(section: str, key: str, fields: dict[str, Any]) -> None:
    assert key_fields(shape_of(section), key) == fields


@given(st.tuples(st.text(), st.text(), st.integers(1, 65535)))
def test_what_row_key_joins_is_split_again(row: tuple[str, str, int]) -> None:
    shape = shape_of("listening_ports")
    told = dict(zip(shape.key, row, strict=True))
    assert split_key(row_key(shape, told)) == (row[0], row[1], str(row[2]))
    assert key_fields(shape, row_key(shape, told)) == told


def test_an_element_is_its_key_and_the_rest() -> None:
    shape = shape_of("packages")
    assert element(shape, "curl|amd64", {"version": "8"}) == {"name": "curl", "arch": "amd64", "version": "8"}
    assert element(shape, "curl|amd64", 7) == {"name": "curl", "arch": "amd64", "value": 7}


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"version": "1", "manager": "dpkg"}, {"version": "2", "manager": "dpkg"}, [("version", "1", "2")]),
        (None, {"manager": "dpkg", "version": "2"}, [("version", None, "2"), ("manager", None, "dpkg")]),
        ({"version": "1"}, None, [("version", "1", None)]),
        (None, {}, []),
        ("12", "13", [("", "12", "13")]),
        (["a"], None, [("", ["a"], None)]),
        ({"of a newer agent": 1, "version": "1"}, {"version": "2"},
         [("version", "1", "2"), ("of a newer agent", 1, None)]),
    ],
)  # fmt: skip
def test_only_what_moved_is_told_in_the_order_of_the_catalogue(
    old: Any, new: Any, changes: list[tuple[str, Any, Any]]
) -> None:
    assert moved_fields("packages", old, new) == tuple(FieldChange(*each) for each in changes)
