"""The section catalogue: shapes, canonical bodies and keys."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wire.sections import SECTIONS, arrange, canonical, check, digest, row_key


def test_equal_content_has_equal_bytes_whatever_its_order() -> None:
    shape = SECTIONS["packages"]
    one = [{"name": "b", "arch": "x", "version": "1"}, {"arch": "x", "name": "a"}]
    other = [{"name": "a", "arch": "x", "version": None}, {"version": "1", "arch": "x", "name": "b"}]
    assert digest(canonical(arrange(shape, one))) == digest(canonical(arrange(shape, other)))


@given(st.text(max_size=10), st.text(max_size=10), st.text(max_size=10), st.text(max_size=10))
def test_two_different_keys_never_read_the_same(a: str, b: str, c: str, d: str) -> None:
    shape = SECTIONS["packages"]
    left, right = row_key(shape, {"name": a, "arch": b}), row_key(shape, {"name": c, "arch": d})
    assert (left == right) is ((a, b) == (c, d))


def test_every_field_has_a_kind_and_says_its_unit_or_source() -> None:
    for shape in SECTIONS.values():
        assert set(shape.key) <= set(shape.fields), shape.name
        assert all(len(each.doc) > 4 for each in shape.fields.values()), shape.name


def test_an_arranged_body_keeps_to_its_shape() -> None:
    shape = SECTIONS["interfaces"]
    body = arrange(shape, [{"name": "eth0", "addresses": ["b", "a"], "mac": None}])
    assert check(shape, body) == [{"name": "eth0", "addresses": ["a", "b"]}]


def test_a_sequence_keeps_its_order_and_a_set_has_none() -> None:
    body = {"servers": ["10.0.0.2", "10.0.0.1"]}
    assert arrange(SECTIONS["dns"], body) == body, "the first one is asked first"
    assert arrange(SECTIONS["ntp"], body) == {"servers": ["10.0.0.1", "10.0.0.2"]}, "a client weighs them by itself"
