"""The tree: sorted as identifiers are, whatever their encoding looks like."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from discovery.lab.encoding import number, text
from discovery.lab.tree import Tree, apart, binding, key
from discovery.snmp.ber import encode_index, encode_oid

SUBIDS = st.integers(0, 300) | st.integers(0, 2**32 - 1)
NAMES = st.lists(SUBIDS, min_size=1, max_size=12).map(tuple)


@given(st.lists(NAMES, min_size=1, max_size=20))
def test_keys_sort_as_identifiers_do(names):
    assert sorted(names) == sorted(names, key=lambda each: key(encode_index(each)))


@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=20), NAMES)
def test_what_follows_a_name_is_the_least_that_is_greater(told, name):
    tree = Tree((encode_index(each), text(value)) for each, value in told.items())
    later = sorted(each for each in told if each > name)
    place = tree.after(encode_index(name))
    assert len(tree) - place == len(later)
    if later:
        assert apart(tree.bindings[place])[0] == encode_index(later[0])
    assert tree.value(encode_index(name)) == (text(told[name]) if name in told else None)


@given(NAMES, st.binary(max_size=300))
def test_a_variable_comes_apart_into_what_it_was_made_of(name, value):
    assert apart(binding(encode_index(name), text(value))) == (encode_index(name), text(value))


def test_an_instance_that_stands_twice_is_told_once():
    name = encode_oid("1.3.6.1.2.1.1.7.0")
    tree = Tree([(name, number(1)), (name, number(2))])
    assert len(tree) == 1
