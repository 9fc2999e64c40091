"""Interfaces numbered anew, as some devices do when they restart, in every table that tells an ifIndex."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Final, NamedTuple

from discovery.asking import Index
from discovery.lab.encoding import identifier, number
from discovery.lab.tree import Tree
from discovery.snmp.ber import encode_index, encode_oid, index, oid_text, signed


class _Where(NamedTuple):
    """Where ifIndexes stand below an OID: at `places` of the index behind it, and in the value."""

    prefix: bytes
    places: tuple[int, ...] = ()
    value: bool = False


def _of(oid: str, *places: int, value: bool = False) -> _Where:
    return _Where(encode_oid(oid), places, value)


_IF_INDEX: Final = "1.3.6.1.2.1.2.2.1.1"
_WHERE: Final = (
    _of(_IF_INDEX, 0, value=True),
    *(_of(f"1.3.6.1.2.1.2.2.1.{column}", 0) for column in range(2, 23)),
    *(_of(f"1.3.6.1.2.1.31.1.1.1.{column}", 0) for column in range(1, 20)),
    _of("1.3.6.1.2.1.31.1.2.1.3", 0, 1),                       # ifStackStatus
    *(_of(f"1.3.6.1.2.1.10.7.2.1.{column}", 0) for column in range(2, 22)),  # dot3StatsTable
    _of("1.3.6.1.2.1.10.7.2.1.1", 0, value=True),
    _of("1.3.6.1.2.1.4.20.1.2", value=True),                   # ipAdEntIfIndex
    _of("1.3.6.1.2.1.4.34.1.3", value=True),                   # ipAddressIfIndex
    _of("1.3.6.1.2.1.4.22.1.1", 0, value=True),                # ipNetToMediaIfIndex
    *(_of(f"1.3.6.1.2.1.4.22.1.{column}", 0) for column in (2, 3, 4)),
    *(_of(f"1.3.6.1.2.1.4.35.1.{column}", 0) for column in (4, 5, 6, 7, 8)),
    _of("1.3.6.1.2.1.17.1.4.1.2", value=True),                 # dot1dBasePortIfIndex
    *(_of(f"1.2.840.10006.300.43.1.1.1.1.{column}", 0) for column in range(2, 13)),
    *(_of(f"1.2.840.10006.300.43.1.2.1.1.{column}", 0) for column in range(2, 25) if column not in (12, 13)),
    _of("1.2.840.10006.300.43.1.2.1.1.12", 0, value=True),     # dot3adAggPortSelectedAggID
    _of("1.2.840.10006.300.43.1.2.1.1.13", 0, value=True),     # dot3adAggPortAttachedAggID
    *(_of(f"1.3.6.1.4.1.9.9.23.1.2.1.1.{column}", 0) for column in range(3, 25)),  # cdpCacheTable
    *(_of(f"1.3.6.1.4.1.9.9.46.1.6.1.1.{column}", 0) for column in range(2, 36)),  # vlanTrunkPortTable
    *(_of(f"1.3.6.1.4.1.9.9.68.1.2.2.1.{column}", 0) for column in range(1, 8)),   # vmMembershipTable
)  # fmt: skip
_POINTERS: Final = encode_oid("1.3.6.1.2.1.47.1.3.2.1.2")
"""entAliasMappingIdentifier: an identifier that ends with the ifIndex."""


def interfaces_of(tree: Tree) -> list[int]:
    """Return the ifIndexes a device has."""
    prefix = encode_oid(_IF_INDEX)
    return sorted(index(name[len(prefix) :])[0] for name, _ in tree if name.startswith(prefix) and name != prefix)


def shuffled(indexes: list[int], seed: int) -> dict[int, int]:
    """Return old → new: other numbers than before, in another order, for all of them."""
    numbers = [max(indexes, default=0) + 1 + at for at in range(len(indexes))]
    Random(seed).shuffle(numbers)  # noqa: S311  no secret
    return dict(zip(indexes, numbers, strict=True))


def renumbered(tree: Tree, new: Mapping[int, int]) -> Tree:
    """Return what the device tells with its interfaces numbered by `new`: old → new."""
    return Tree(_moved(tree, new))


def _moved(tree: Tree, new: Mapping[int, int]) -> Iterator[tuple[bytes, bytes]]:
    by_prefix = {each.prefix: each for each in _WHERE}
    lengths = sorted({len(prefix) for prefix in by_prefix})
    for name, value in tree:
        where = next((by_prefix[name[:size]] for size in lengths if name[:size] in by_prefix), None)
        if where:
            yield _name(name, where, new), _value(value, new) if where.value else value
        elif name.startswith(_POINTERS):
            yield name, _pointer(value, new)
        else:
            yield name, value


def _name(name: bytes, where: _Where, new: Mapping[int, int]) -> bytes:
    behind: Index = index(name[len(where.prefix) :])
    changed = tuple(new.get(each, each) if at in where.places else each for at, each in enumerate(behind))
    return where.prefix + encode_index(changed)


def _value(value: bytes, new: Mapping[int, int]) -> bytes:
    told = signed(value[2:])
    return number(new.get(told, told), value[0])


def _pointer(value: bytes, new: Mapping[int, int]) -> bytes:
    before, _, last = oid_text(value[2:]).rpartition(".")
    return identifier(f"{before}.{new.get(int(last), int(last))}") if before == _IF_INDEX else value
