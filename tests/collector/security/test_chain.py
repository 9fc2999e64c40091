"""The chain of the audit log: whatever is done to a row shows, and the first one it was done to is named."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.security import chain
from collector.security.chain import INSERTED, MISSING, ORIGIN, REWRITTEN, Broken, Check, Entry, linked
from collector.store.audit import AuditRow, Mark

LENGTH = 30
TAMPERINGS = 10_000


def entry(number: int) -> Entry:
    return Entry(
        1_000 + number, f"ada{number % 3}", "page 192.0.2.7", "plan.change", f"plan/{number}", f'{{"n":{number}}}'
    )


CHAIN = linked([entry(number) for number in range(LENGTH)], ORIGIN)
HEAD = Mark(CHAIN[-1].seq, CHAIN[-1].hash, CHAIN[-1].at)


def check(
    rows: Sequence[AuditRow], head: Mark = HEAD, anchors: Sequence[AuditRow] = (), start: Mark = ORIGIN
) -> Broken | None:
    reading = Check(start, {each.seq: each.hash for each in anchors})
    for row in rows:
        reading.take(row)
    return reading.end(head)


def resealed(row: AuditRow) -> AuditRow:
    """Return a row with the hash it would have had: who tampers can count too."""
    (again,) = linked([Entry(row.at, row.actor, row.origin, row.action, row.object, row.details)], _before(row))
    return replace(row, hash=again.hash)


def _before(row: AuditRow) -> Mark:
    return Mark(row.seq - 1, row.prev, 0)


def renumbered(rows: Sequence[AuditRow], first: int) -> list[AuditRow]:
    return [replace(row, seq=first + place) for place, row in enumerate(rows)]


def test_what_was_written_is_intact() -> None:
    assert check(CHAIN) is None
    assert check([], ORIGIN) is None
    assert check(CHAIN, anchors=CHAIN) is None


def test_time_never_runs_backwards_along_a_chain() -> None:
    rows = linked([replace(entry(0), at=500), replace(entry(1), at=100), replace(entry(2), at=700)], ORIGIN)
    assert [row.at for row in rows] == [500, 500, 700]


def test_rows_appended_later_go_on_where_the_head_is() -> None:
    first = linked([entry(0), entry(1)], ORIGIN)
    later = linked([entry(2)], Mark(2, first[-1].hash, first[-1].at))
    assert check([*first, *later], Mark(3, later[0].hash, later[0].at)) is None


# --- tampered with, in every way


@dataclass(frozen=True, slots=True)
class Tampered:
    """A chain something was done to, the first row it was done to, and the head the database shows."""

    rows: Sequence[AuditRow]
    first: int
    head: Mark = HEAD


def changed(dice: random.Random) -> Tampered:
    """Any part of any row."""
    place = dice.randrange(LENGTH)
    row = CHAIN[place]
    part = dice.choice(AuditRow.__slots__[1:])
    other = {
        int: dice.randrange(2**40),
        str: dice.choice(["", "bob", "0"]) + str(dice.random()),
        bytes: dice.randbytes(32),
    }
    return Tampered(
        [*CHAIN[:place], replace(row, **{part: other[type(getattr(row, part))]}), *CHAIN[place + 1 :]], row.seq
    )


def changed_and_resealed(dice: random.Random) -> Tampered:
    place = dice.randrange(LENGTH)
    row = resealed(replace(CHAIN[place], actor=f"mallory{dice.random()}"))
    return Tampered([*CHAIN[:place], row, *CHAIN[place + 1 :]], row.seq)


def removed(dice: random.Random) -> Tampered:
    """Some rows in a run, the last ones among them or not."""
    place = dice.randrange(LENGTH)
    behind = dice.randrange(place + 1, LENGTH + 1)
    return Tampered([*CHAIN[:place], *CHAIN[behind:]], CHAIN[place].seq)


def removed_and_renumbered(dice: random.Random) -> Tampered:
    place = dice.randrange(LENGTH)
    return Tampered([*CHAIN[:place], *renumbered(CHAIN[place + 1 :], place + 1)], place + 1)


def inserted(dice: random.Random) -> Tampered:
    """A row that is sealed as it should be, with all behind it pushed up."""
    place = dice.randrange(LENGTH + 1)
    before = Mark(place, CHAIN[place - 1].hash, 0) if place else ORIGIN
    (stranger,) = linked([replace(entry(99), at=dice.randrange(9_999))], before)
    if dice.random() < 0.3:
        stranger = resealed(replace(stranger, prev=dice.randbytes(32)))
    return Tampered([*CHAIN[:place], stranger, *renumbered(CHAIN[place:], place + 2)], place + 1)


def swapped(dice: random.Random) -> Tampered:
    one, other = sorted(dice.sample(range(LENGTH), 2))
    rows = list(CHAIN)
    rows[one], rows[other] = replace(CHAIN[other], seq=one + 1), replace(CHAIN[one], seq=other + 1)
    return Tampered(rows, one + 1)


def swapped_and_resealed(dice: random.Random) -> Tampered:
    tampered = swapped(dice)
    rows = [resealed(row) if row != CHAIN[place] else row for place, row in enumerate(tampered.rows)]
    return Tampered(rows, tampered.first)


WAYS: tuple[Callable[[random.Random], Tampered], ...] = (
    changed, changed_and_resealed, removed, removed_and_renumbered, inserted, swapped, swapped_and_resealed,
)  # fmt: skip


def test_ten_thousand_tamperings_are_all_found_and_located() -> None:
    dice = random.Random(20261127)
    for number in range(TAMPERINGS):
        way = WAYS[number % len(WAYS)]
        tampered = way(dice)
        broken = check(tampered.rows, tampered.head)
        assert broken, f"{way.__name__}, number {number}: not found"
        assert broken.seq == tampered.first, f"{way.__name__}, number {number}: {broken}"


@pytest.mark.parametrize("kept", range(LENGTH))
def test_a_cut_tail_is_found_by_the_anchor_even_when_the_head_was_moved_to_fit(kept: int) -> None:
    rows = CHAIN[:kept]
    head = Mark(kept, rows[-1].hash, rows[-1].at) if rows else ORIGIN
    assert check(rows, head) is None, "the database alone cannot know"
    assert check(rows, head, [CHAIN[-1]]) == Broken(kept + 1, MISSING, kept + 1)
    assert check(rows, HEAD) == Broken(kept + 1, MISSING, kept + 1)


def test_a_chain_written_anew_is_found_between_the_anchors_that_agree_and_that_do_not() -> None:
    forged = linked(
        [replace(entry(number), actor="mallory") for number in range(11, LENGTH)], Mark(11, CHAIN[10].hash, 0)
    )
    rows = [*CHAIN[:11], *forged]
    head = Mark(LENGTH, rows[-1].hash, rows[-1].at)
    assert check(rows, head) is None
    assert check(rows, head, [CHAIN[4], CHAIN[9], CHAIN[19], CHAIN[-1]]) == Broken(20, REWRITTEN, 11)


def test_a_row_beyond_the_head_or_before_the_beginning_was_put_there() -> None:
    (more,) = linked([entry(99)], HEAD)
    assert check([*CHAIN, more]) == Broken(LENGTH + 1, INSERTED, LENGTH + 1)
    assert check([replace(CHAIN[0], seq=0), *CHAIN]) == Broken(0, INSERTED, 0)


# --- cut on purpose


def test_a_chain_whose_beginning_was_taken_away_tells_so_itself() -> None:
    start = Mark(10, CHAIN[9].hash, CHAIN[9].at)
    told = replace(entry(99), action=chain.CUT, details=json.dumps({"after": {**chain.cut(start), "rows": 10}}))
    (cut,) = linked([told], HEAD)
    head = Mark(cut.seq, cut.hash, cut.at)
    assert check([*CHAIN[10:], cut], head, start=start) is None
    assert check(CHAIN[10:], start=start) == Broken(10, MISSING, 10), "nobody has said so"
    assert check([*CHAIN[10:], cut], head, [CHAIN[9], CHAIN[20]], start) is None


@given(st.lists(st.sampled_from(["", "{}", "[", '{"after": 1}', '{"after": {"last": 10}}', "[" * 9_000]), max_size=3))
def test_what_an_act_of_cutting_tells_may_be_anything(told: list[str]) -> None:
    start = Mark(10, CHAIN[9].hash, 0)
    rows = linked([replace(entry(0), action=chain.CUT, details=each) for each in told], start)
    head = Mark(rows[-1].seq, rows[-1].hash, 0) if rows else start
    assert check(rows, head, start=start) == Broken(10, MISSING, 10)


# --- anything at all

ANYTHING = st.one_of(st.none(), st.integers(), st.text(max_size=9), st.binary(max_size=40), st.floats())


@given(st.lists(st.tuples(*[ANYTHING] * 9), max_size=6))
def test_rows_of_anything_are_judged_and_never_raise(parts: list[tuple[object, ...]]) -> None:
    rows = [AuditRow(*part) for part in parts]  # type: ignore[arg-type]
    assert bool(check(rows, ORIGIN)) == bool(rows)
